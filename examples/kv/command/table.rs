//! The command table: the rows of every family, and finding one by its name.

use super::spec::{Spec, pack};
use super::{Call, CommandError, session};
use crate::family;
use crate::resp::Args;

/// The families.
const FAMILIES: [&[Spec]; 8] = [
    family::STRINGS,
    family::KEYS,
    family::LISTS,
    family::HASHES,
    family::SETS,
    family::SORTED_SETS,
    session::CONNECTION,
    session::PUBSUB,
];

const ROWS: usize = {
    let (mut rows, mut family) = (0, 0);
    while family < FAMILIES.len() {
        rows += FAMILIES[family].len();
        family += 1;
    }
    rows
};

/// Every command.
pub(crate) static TABLE: [&Spec; ROWS] = {
    let mut table = [&FAMILIES[0][0]; ROWS];
    let (mut at, mut family) = (0, 0);
    while family < FAMILIES.len() {
        let mut row = 0;
        while row < FAMILIES[family].len() {
            table[at] = &FAMILIES[family][row];
            (at, row) = (at + 1, row + 1);
        }
        family += 1;
    }
    table
};

/// Places of the index: four times as many as there are rows, so that a name is found in its first
/// place or in the next.
const PLACES: usize = (ROWS * 4).next_power_of_two();

/// The packed names and their rows, each at the first free place from its own on. Names are apart
/// from the rows, whose facts nobody reads while a server runs.
static INDEX: [(u128, u16); PLACES] = {
    let mut index = [(0, 0); PLACES];
    let mut row = 0;
    while row < ROWS {
        let packed = TABLE[row].packed;
        let mut at = place(packed);
        while index[at].0 != 0 {
            assert!(index[at].0 != packed, "two commands have one name");
            at = (at + 1) % PLACES;
        }
        index[at] = (packed, row as u16);
        row += 1;
    }
    index
};

/// Where a name belongs. A product spreads its bits upwards, so the place is taken from the top.
const fn place(packed: u128) -> usize {
    let folded = packed as u64 ^ ((packed >> 64) as u64).rotate_left(25);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES.trailing_zeros())) as usize
}

fn find_command(name: &[u8]) -> Option<&'static Spec> {
    let packed = pack(name)?;
    let mut at = place(packed);
    loop {
        let (found, row) = INDEX[at];
        // A free place: no name is packed as zero, for its length is in it.
        if found == 0 {
            return None;
        }
        if found == packed {
            return Some(TABLE[usize::from(row)]);
        }
        at = (at + 1) % PLACES;
    }
}

/// Finds the command that is called. `now_ms` is the present in milliseconds of unix time; relative
/// times are counted from it.
///
/// # Errors
///
/// [`CommandError`], which is the reply: nobody knows the command, or the arity is wrong.
///
/// # Panics
///
/// If there are no arguments; the decoder never yields such a command.
pub(crate) fn look_up<'a>(args: Args<'a>, now_ms: u64) -> Result<Call<'a>, CommandError<'a>> {
    let spec = resolve(args)?;
    if !spec.takes(args) {
        return Err(CommandError::Arity(spec.name));
    }
    Ok(Call { spec, args, now_ms })
}

/// The row of the command, or of its subcommand.
fn resolve<'a>(args: Args<'a>) -> Result<&'static Spec, CommandError<'a>> {
    let spec = find_command(args.at(0)).ok_or(CommandError::UnknownCommand(args))?;
    match args.get(1) {
        Some(name) if !spec.subcommands.is_empty() => Spec::find(spec.subcommands, name)
            .ok_or(CommandError::UnknownSubcommand { container: spec.name, name }),
        _ => Ok(spec),
    }
}

/// The row named `name`: a command, or a subcommand as `config|get`.
pub(crate) fn find(name: &[u8]) -> Option<&'static Spec> {
    match name.iter().position(|&byte| byte == b'|') {
        None => find_command(name),
        Some(at) => Spec::find(find_command(&name[..at])?.subcommands, &name[at + 1..]),
    }
}
