//! A transaction that is being put together.

use crate::command::{Call, CommandError, OwnedCall};
use crate::resp::Protocol;
use crate::route::{Route, ShardMap};

/// What `MULTI` began: calls that `EXEC` will carry out with nothing in between.
///
/// One shard does all of it, so the keys of all calls live on one shard; which one the first key
/// decides. A call that does not fit is refused when it is queued, and then `EXEC` refuses the
/// whole, as it does after any other error.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    calls: Vec<OwnedCall>,
    used_bytes: usize,
    shard: Option<u16>,
    broken: bool,
}

impl Transaction {
    /// Adds a call.
    ///
    /// # Errors
    ///
    /// Its keys live elsewhere, it concerns every shard and there are several, or the whole would
    /// take more than `bytes_max`. The transaction is then broken.
    pub(crate) fn queue<'a>(
        &mut self,
        call: Call<'a>,
        map: ShardMap,
        bytes_max: usize,
        protocol: Protocol,
    ) -> Result<(), CommandError<'a>> {
        let checked = self.check(call, map, bytes_max);
        if let Err(error) = checked {
            self.spoil();
            return Err(error);
        }
        if !self.broken {
            let owned = call.to_owned(protocol);
            self.used_bytes += owned.used_bytes();
            self.calls.push(owned);
        }
        Ok(())
    }

    /// Makes sure that it is never carried out.
    pub(crate) fn spoil(&mut self) {
        self.broken = true;
        self.calls = Vec::new();
    }

    /// The calls, and the shard that owns their keys, if they have any.
    ///
    /// # Errors
    ///
    /// An error came in between.
    pub(crate) fn finish(self) -> Result<(Vec<OwnedCall>, Option<u16>), CommandError<'static>> {
        if self.broken {
            let text = "EXECABORT Transaction discarded because of previous errors.";
            return Err(CommandError::Text(text));
        }
        Ok((self.calls, self.shard))
    }

    fn check<'a>(
        &mut self,
        call: Call<'a>,
        map: ShardMap,
        bytes_max: usize,
    ) -> Result<(), CommandError<'a>> {
        if self.used_bytes > bytes_max {
            return Err(CommandError::Text("ERR the transaction is too long"));
        }
        // A call whose arguments make no sense fails alone, when it is carried out.
        let Ok(command) = call.parse() else { return Ok(()) };
        let owner = match map.route(command) {
            Route::Local(_) => return Ok(()),
            Route::Keyed { shard, .. } => shard,
            Route::All(_) if map.shards() == 1 => return Ok(()),
            Route::Scatter(_) | Route::All(_) => return Err(CommandError::CROSS_SLOT),
            Route::Refused(error) => return Err(error),
        };
        if *self.shard.get_or_insert(owner) == owner {
            Ok(())
        } else {
            Err(CommandError::CROSS_SLOT)
        }
    }
}
