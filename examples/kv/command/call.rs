//! A command as it was called.

use super::spec::{Action, Handler};
use super::{Command, CommandError, DataCommand, Spec};
use crate::resp::{Args, ArgsList, ArgsPlace, OwnedArgs, Protocol, Writer};
use crate::store::Keyspace;

/// A call whose name is known and whose arity is right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// The row it was found by.
    pub(crate) spec: &'static Spec,
    /// All of it, the name included.
    pub(crate) args: Args<'a>,
    /// When it was called in milliseconds of unix time, to make times absolute.
    pub(crate) now_ms: u64,
}

/// A call together with what carries it out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handled<'a> {
    /// The call.
    pub(crate) call: Call<'a>,
    handler: Handler,
}

/// A call that was copied out of the receive buffer, to wait for the end of its transaction, and how
/// it is to be answered.
#[derive(Debug, Clone)]
pub(crate) struct OwnedCall {
    spec: &'static Spec,
    args: OwnedArgs,
    now_ms: u64,
    /// How the reply is to be spelled.
    pub(crate) protocol: Protocol,
}

/// A call whose arguments were copied into a list, to travel with others, and how it is to be
/// answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListedCall {
    spec: &'static Spec,
    args: ArgsPlace,
    now_ms: u64,
    /// How the reply is to be spelled.
    pub(crate) protocol: Protocol,
}

impl<'a> Call<'a> {
    /// The typed command.
    ///
    /// # Errors
    ///
    /// [`CommandError`], which is the reply.
    pub(crate) fn parse(self) -> Result<Command<'a>, CommandError<'a>> {
        match self.spec.action {
            Action::Parse(parser) => parser(self),
            Action::Handle(handler) => {
                Ok(Command::Data(DataCommand::Handled(Handled { call: self, handler })))
            }
        }
    }

    /// Its keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let args = self.args;
        self.spec.keys.into_iter().flat_map(move |keys| keys.of(args))
    }

    /// Argument `index`; 0 is the name.
    ///
    /// # Panics
    ///
    /// If there are not that many.
    pub(crate) fn at(&self, index: usize) -> &'a [u8] {
        self.args.at(index)
    }

    /// A copy of it, to be answered in `protocol`.
    pub(crate) fn to_owned(self, protocol: Protocol) -> OwnedCall {
        OwnedCall { spec: self.spec, args: self.args.into(), now_ms: self.now_ms, protocol }
    }

    /// Copies the arguments to the end of `list`; to be answered in `protocol`.
    pub(crate) fn list(self, list: &mut ArgsList, protocol: Protocol) -> ListedCall {
        ListedCall { spec: self.spec, args: list.push(self.args), now_ms: self.now_ms, protocol }
    }
}

impl Handled<'_> {
    /// Carries the call out on the store that owns all its keys, and appends the reply.
    pub(crate) fn run(&self, keyspace: &mut Keyspace<'_>, out: &mut Writer) {
        if let Err(error) = (self.handler)(&self.call, keyspace, out) {
            error.encode(out);
        }
    }
}

impl OwnedCall {
    /// The call.
    pub(crate) fn borrow(&self) -> Call<'_> {
        Call { spec: self.spec, args: self.args.borrow(), now_ms: self.now_ms }
    }

    /// The call, as if it were made at `now_ms`.
    pub(crate) fn borrow_at(&self, now_ms: u64) -> Call<'_> {
        Call { now_ms, ..self.borrow() }
    }

    /// Memory in bytes.
    pub(crate) fn used_bytes(&self) -> usize {
        size_of::<Self>() + self.args.used_bytes()
    }
}

impl ListedCall {
    /// The call, whose arguments are in `list`.
    pub(crate) fn borrow(self, list: &ArgsList) -> Call<'_> {
        Call { spec: self.spec, args: list.at(self.args), now_ms: self.now_ms }
    }
}
