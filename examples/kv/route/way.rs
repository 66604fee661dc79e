//! From a command to the shards that answer it.

use std::num::NonZeroU16;

use super::slot::{SLOTS, slot};
use crate::command::{
    Call, Command, CommandError, DataCommand, KeyspaceCommand, ManyCommand, SessionCommand,
};
use crate::family;

/// Which shard owns which slots: shard `i` of `n` owns one contiguous range, and the ranges
/// differ in length by at most one slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShardMap {
    shards: NonZeroU16,
}

/// Where a command goes. Each way carries the commands that can go it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Route<'a> {
    /// The connection answers, without any store.
    Local(SessionCommand<'a>),
    /// One shard answers.
    Keyed { shard: u16, command: DataCommand<'a> },
    /// The keys live on several shards, each of which answers for its own.
    Scatter(ManyCommand<'a>),
    /// Every shard answers for its part of the keyspace.
    All(KeyspaceCommand<'a>),
    /// Nobody answers.
    Refused(CommandError<'a>),
}

impl ShardMap {
    /// The map of `shards` shards. More shards than slots leave some without any.
    pub(crate) fn new(shards: NonZeroU16) -> Self {
        Self { shards }
    }

    /// How many shards there are.
    pub(crate) fn shards(self) -> u16 {
        self.shards.get()
    }

    /// The shard that owns `key`.
    pub(crate) fn shard_of(self, key: &[u8]) -> u16 {
        if self.shards.get() == 1 {
            return 0;
        }
        self.shard_of_slot(slot(key))
    }

    /// Where `command` goes.
    pub(crate) fn route(self, command: Command<'_>) -> Route<'_> {
        let command = match command {
            Command::Session(command) => return Route::Local(command),
            Command::Keyspace(command) => return Route::All(command),
            Command::Data(command) => command,
        };
        let key = match command {
            DataCommand::Get(key)
            | DataCommand::IncrBy { key, .. }
            | DataCommand::Expire { key, .. }
            | DataCommand::Ttl { key, .. } => key,
            DataCommand::Set(set) => set.key,
            DataCommand::Many(many) => match self.owner(many) {
                Some(shard) => return Route::Keyed { shard, command },
                None => return Route::Scatter(many),
            },
            DataCommand::Handled(handled) => match self.owner_of_call(handled.call) {
                Ok(shard) => return Route::Keyed { shard, command },
                Err(error) => return Route::Refused(error),
            },
        };
        Route::Keyed { shard: self.shard_of(key), command }
    }

    /// The shard that owns all keys of `many`, if one does.
    fn owner(self, many: ManyCommand<'_>) -> Option<u16> {
        if self.shards.get() == 1 {
            return Some(0);
        }
        let mut owners = many.keys().map(|key| self.shard_of(key));
        let first = owners.next()?;
        owners.all(|owner| owner == first).then_some(first)
    }

    /// The shard that owns all keys of a call that cannot be split.
    fn owner_of_call<'a>(self, call: Call<'a>) -> Result<u16, CommandError<'a>> {
        if self.shards.get() == 1 {
            return Ok(0);
        }
        let mut owners = call.keys().map(|key| self.shard_of(key));
        let Some(first) = owners.next() else {
            return Ok(family::shard_of_cursor(call.args, self.shards.get()));
        };
        if owners.all(|owner| owner == first) { Ok(first) } else { Err(CommandError::CROSS_SLOT) }
    }

    fn shard_of_slot(self, slot: u16) -> u16 {
        // Below the count of shards, because the slot is below the count of slots.
        (u32::from(slot) * u32::from(self.shards.get()) / u32::from(SLOTS)) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(shards: u16) -> ShardMap {
        ShardMap::new(NonZeroU16::new(shards).unwrap())
    }

    #[test]
    fn slots_are_owned_in_contiguous_even_ranges() {
        for shards in [1, 2, 3, 5, 7, 64, 1000, SLOTS] {
            let owners: Vec<u16> = (0..SLOTS).map(|slot| map(shards).shard_of_slot(slot)).collect();
            assert!(owners.is_sorted(), "contiguous");
            assert_eq!((owners[0], *owners.last().unwrap()), (0, shards - 1));
            let lens: Vec<usize> = owners.chunk_by(|a, b| a == b).map(<[u16]>::len).collect();
            assert_eq!(lens.len(), usize::from(shards), "each shard owns a range");
            assert!(lens.iter().max().unwrap() - lens.iter().min().unwrap() <= 1, "even");
        }
    }

    #[test]
    fn one_tag_is_one_shard() {
        for shards in 1..20 {
            let owner = map(shards).shard_of(b"{tag}");
            for number in 0..100 {
                assert_eq!(map(shards).shard_of(format!("{number}{{tag}}").as_bytes()), owner);
            }
        }
    }
}
