//! One row of the command table.

use super::{Command, CommandError};
use crate::resp::Args;

/// Longest name in bytes that the lookup compares; longer ones are unknown.
const NAME_LEN_MAX: usize = 15;

/// A call that is about to be parsed: its arity is right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// The row it was found by.
    pub(super) spec: &'static Spec,
    /// All of it, the name included.
    pub(super) args: Args<'a>,
    /// The present in milliseconds of unix time, to make times absolute.
    pub(super) now_ms: u64,
}

/// Turns a call into a typed command.
pub(super) type Parser = for<'a> fn(Call<'a>) -> Result<Command<'a>, CommandError<'a>>;

/// What is known about one command, or one subcommand of a container command.
#[derive(Debug)]
pub(crate) struct Spec {
    /// The name in lower case; a subcommand's as `config|get`.
    pub(crate) name: &'static str,
    /// How many arguments it takes, its name (and its container's) included; a negative number is
    /// a lower bound.
    pub(crate) arity: i8,
    /// Redis's command flags.
    pub(crate) flags: &'static [&'static str],
    /// Where its keys are.
    pub(crate) keys: Option<KeySpec>,
    /// Redis's access-control categories.
    pub(crate) categories: &'static [&'static str],
    /// Redis's hints for clients and proxies. `request_policy` says how a command is spread over
    /// shards; what [`crate::route`] does agrees with it.
    pub(crate) tips: &'static [&'static str],
    /// The subcommands of a container command.
    pub(crate) subcommands: &'static [Self],
    /// Usage and purpose, for `HELP`; subcommands only.
    pub(crate) help: [&'static str; 2],
    pub(super) parser: Parser,
    packed: u128,
}

/// Where a command's keys are, and what it does with them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeySpec {
    /// The first argument that is a key.
    pub(crate) first: u8,
    /// The last one; -1 is the last argument.
    pub(crate) last: i8,
    /// From one key to the next.
    pub(crate) step: u8,
    /// Redis's key flags.
    pub(crate) flags: &'static [&'static str],
    /// What the flags cannot say.
    pub(crate) notes: Option<&'static str>,
}

impl KeySpec {
    /// The key is the first argument.
    pub(super) const fn one(flags: &'static [&'static str]) -> Self {
        Self { first: 1, last: 1, step: 1, flags, notes: None }
    }

    /// From the first argument on, every `step`th is a key.
    pub(super) const fn all(step: u8, flags: &'static [&'static str]) -> Self {
        Self { first: 1, last: -1, step, flags, notes: None }
    }

    /// Adds a note.
    pub(super) const fn notes(self, notes: &'static str) -> Self {
        Self { notes: Some(notes), ..self }
    }
}

impl Spec {
    /// A row without keys, flags, categories, tips, subcommands and help.
    pub(super) const fn new(name: &'static str, arity: i8, parser: Parser) -> Self {
        let Some(packed) = pack(after_container(name.as_bytes())) else {
            panic!("the name is longer than the lookup compares");
        };
        Self {
            name,
            arity,
            flags: &[],
            keys: None,
            categories: &[],
            tips: &[],
            subcommands: &[],
            help: [""; 2],
            parser,
            packed,
        }
    }

    /// With flags.
    pub(super) const fn flags(self, flags: &'static [&'static str]) -> Self {
        Self { flags, ..self }
    }

    /// With keys.
    pub(super) const fn keys(self, keys: KeySpec) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// With categories.
    pub(super) const fn categories(self, categories: &'static [&'static str]) -> Self {
        Self { categories, ..self }
    }

    /// With tips.
    pub(super) const fn tips(self, tips: &'static [&'static str]) -> Self {
        Self { tips, ..self }
    }

    /// With subcommands.
    pub(super) const fn subcommands(self, subcommands: &'static [Self]) -> Self {
        Self { subcommands, ..self }
    }

    /// With help.
    pub(super) const fn help(self, usage: &'static str, purpose: &'static str) -> Self {
        Self { help: [usage, purpose], ..self }
    }

    /// Whether `args` are as many as the arity says.
    pub(super) fn takes(&self, args: Args<'_>) -> bool {
        let count = args.len();
        let bound = usize::from(self.arity.unsigned_abs());
        if self.arity < 0 { count >= bound } else { count == bound }
    }

    /// The row of `specs` whose name is `name`, in any case. A walk over 16-byte keys: the table
    /// is short, begins with the commands that servers are made for, and needs no second copy in
    /// a hash table.
    pub(super) fn find(specs: &'static [Self], name: &[u8]) -> Option<&'static Self> {
        let packed = pack(name)?;
        specs.iter().find(|spec| spec.packed == packed)
    }
}

/// `name` in lower case, with its length, as one integer.
const fn pack(name: &[u8]) -> Option<u128> {
    if name.len() > NAME_LEN_MAX {
        return None;
    }
    let mut bytes = [0; NAME_LEN_MAX + 1];
    bytes.split_at_mut(name.len()).0.copy_from_slice(name);
    // All sixteen, whatever the length: that is one instruction's work.
    let mut index = 0;
    while index < bytes.len() {
        bytes[index] = bytes[index].to_ascii_lowercase();
        index += 1;
    }
    bytes[NAME_LEN_MAX] = name.len() as u8;
    Some(u128::from_le_bytes(bytes))
}

/// The part of a subcommand's name that the client sends.
const fn after_container(name: &[u8]) -> &[u8] {
    let mut index = 0;
    while index < name.len() {
        if name[index] == b'|' {
            return name.split_at(index + 1).1;
        }
        index += 1;
    }
    name
}
