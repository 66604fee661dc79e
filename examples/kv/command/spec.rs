//! One row of the command table.

use super::{Call, Command, CommandError};
use crate::resp::{Args, Writer};
use crate::store::Keyspace;

/// Longest name in bytes that the lookup compares; longer ones are unknown.
const NAME_LEN_MAX: usize = 15;

/// Turns a call into a typed command.
pub(crate) type Parser = for<'a> fn(Call<'a>) -> Result<Command<'a>, CommandError<'a>>;

/// Carries a call out on the store that owns all its keys, and appends the reply. An error is the
/// reply instead, and then nothing was changed or appended.
pub(crate) type Handler =
    for<'a> fn(&Call<'a>, &mut Keyspace<'_>, &mut Writer) -> Result<(), CommandError<'a>>;

/// What to do with a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    Parse(Parser),
    Handle(Handler),
}

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
    pub(super) action: Action,
    pub(super) packed: u128,
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
    /// The flags of the second key, where they differ.
    pub(crate) second: Option<&'static [&'static str]>,
}

impl KeySpec {
    /// The key is the first argument.
    pub(crate) const fn one(flags: &'static [&'static str]) -> Self {
        Self { first: 1, last: 1, step: 1, flags, notes: None, second: None }
    }

    /// The keys are the first two arguments.
    pub(crate) const fn two(
        first: &'static [&'static str],
        second: &'static [&'static str],
    ) -> Self {
        Self { last: 2, second: Some(second), ..Self::one(first) }
    }

    /// From the first argument on, every `step`th is a key.
    pub(crate) const fn all(step: u8, flags: &'static [&'static str]) -> Self {
        Self { last: -1, step, ..Self::one(flags) }
    }

    /// Adds a note.
    pub(crate) const fn notes(self, notes: &'static str) -> Self {
        Self { notes: Some(notes), ..self }
    }

    /// The keys among `args`.
    pub(crate) fn of<'a>(&self, args: Args<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let beyond = usize::try_from(self.last).map_or(args.len(), |last| last + 1);
        let (first, step) = (self.first.into(), self.step.into());
        args.iter().take(beyond).skip(first).step_by(step)
    }
}

impl Spec {
    /// The row of a command that has a typed form. Without keys, flags, categories, tips,
    /// subcommands and help.
    pub(crate) const fn parsed(name: &'static str, arity: i8, parser: Parser) -> Self {
        Self::new(name, arity, Action::Parse(parser))
    }

    /// The row of a command that `handler` carries out; as bare as the other.
    pub(crate) const fn handled(name: &'static str, arity: i8, handler: Handler) -> Self {
        Self::new(name, arity, Action::Handle(handler))
    }

    const fn new(name: &'static str, arity: i8, action: Action) -> Self {
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
            action,
            packed,
        }
    }

    /// With flags.
    pub(crate) const fn flags(self, flags: &'static [&'static str]) -> Self {
        Self { flags, ..self }
    }

    /// With keys.
    pub(crate) const fn keys(self, keys: KeySpec) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// With categories.
    pub(crate) const fn categories(self, categories: &'static [&'static str]) -> Self {
        Self { categories, ..self }
    }

    /// With tips.
    pub(crate) const fn tips(self, tips: &'static [&'static str]) -> Self {
        Self { tips, ..self }
    }

    /// With subcommands.
    pub(crate) const fn subcommands(self, subcommands: &'static [Self]) -> Self {
        Self { subcommands, ..self }
    }

    /// With help.
    pub(crate) const fn help(self, usage: &'static str, purpose: &'static str) -> Self {
        Self { help: [usage, purpose], ..self }
    }

    /// Whether `args` are as many as the arity says.
    pub(super) fn takes(&self, args: Args<'_>) -> bool {
        let count = args.len();
        let bound = usize::from(self.arity.unsigned_abs());
        if self.arity < 0 { count >= bound } else { count == bound }
    }

    /// The row of `specs`, which are few, whose name is `name`, in any case.
    pub(super) fn find(specs: &'static [Self], name: &[u8]) -> Option<&'static Self> {
        let packed = pack(name)?;
        specs.iter().find(|spec| spec.packed == packed)
    }
}

/// `name` in lower case, with its length, as one integer.
pub(super) const fn pack(name: &[u8]) -> Option<u128> {
    if name.len() > NAME_LEN_MAX {
        return None;
    }
    // Names are short, and eight bytes that are in a register cost less than a copy to memory.
    let (mut low, mut high, mut index) = (0_u64, 0_u64, 0);
    while index < name.len() {
        let byte = name[index] as u64;
        if index < 8 {
            low |= byte << (8 * index);
        } else {
            high |= byte << (8 * (index - 8));
        }
        index += 1;
    }
    let high = lower(high) | (name.len() as u64) << 56;
    Some((high as u128) << 64 | lower(low) as u128)
}

/// Eight bytes with their capital letters made small, all at once: what is added carries into a
/// byte's top bit where the byte reaches `A`, or is beyond `Z`.
const fn lower(bytes: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let heptets = bytes & (EACH * 0x7f);
    let from_a = heptets + EACH * (0x80 - b'A' as u64);
    let beyond_z = heptets + EACH * (0x7f - b'Z' as u64);
    let capitals = (from_a ^ beyond_z) & !bytes & (EACH * 0x80);
    bytes | capitals >> 2
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_packed_in_lower_case_and_no_other_byte_is_changed() {
        for byte in 0..=255_u8 {
            for len in 0..=NAME_LEN_MAX {
                let mut expected = [0; NAME_LEN_MAX + 1];
                expected[..len].fill(byte.to_ascii_lowercase());
                expected[NAME_LEN_MAX] = len as u8;
                assert_eq!(pack(&vec![byte; len]), Some(u128::from_le_bytes(expected)));
            }
        }
        assert_eq!(pack(b"GeT\xffZ[@A`"), pack(b"get\xffz[@a`"));
        assert_eq!(pack(&[b'a'; NAME_LEN_MAX + 1]), None);
    }
}
