//! `SET` and its options.

use super::spec::Call;
use super::{Command, CommandError, DataCommand, SetCommand};
use crate::decimal;
use crate::resp::Args;
use crate::store::{Condition, Deadline, Expiry, SetRule};

/// What the options said so far.
#[derive(Default)]
struct Options<'a> {
    absent: bool,
    present: bool,
    previous: bool,
    keep_deadline: bool,
    time: Option<(TimeKind, &'a [u8])>,
}

/// How `SET` was given a time.
#[derive(Clone, Copy, PartialEq, Eq)]
struct TimeKind {
    /// From now, or of unix time.
    relative: bool,
    seconds: bool,
}

/// `SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]`
pub(super) fn set(call: Call<'_>) -> Result<Command<'_>, CommandError<'_>> {
    let options = options(call.args.tail(3))?;
    let expiry = match options.time {
        None if options.keep_deadline => Expiry::Keep,
        None => Expiry::Replace(Deadline::NEVER),
        Some((kind, text)) => Expiry::Replace(deadline(kind, text, call.now_ms)?),
    };
    let condition = match (options.absent, options.present) {
        (true, _) => Condition::Absent,
        (_, true) => Condition::Present,
        _ => Condition::Always,
    };
    Ok(Command::Data(DataCommand::Set(SetCommand {
        key: call.args.at(1),
        value: call.args.at(2),
        rule: SetRule { condition, expiry },
        previous: options.previous,
    })))
}

/// Reads the options. One may be repeated, and then its last time counts.
fn options(args: Args<'_>) -> Result<Options<'_>, CommandError<'_>> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(option) = args.next() {
        let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
        if is("NX") && !options.present {
            options.absent = true;
        } else if is("XX") && !options.absent {
            options.present = true;
        } else if is("GET") {
            options.previous = true;
        } else if is("KEEPTTL") && options.time.is_none() {
            options.keep_deadline = true;
        } else {
            let kind = time_kind(option).ok_or(CommandError::Syntax)?;
            let other_kind = options.time.is_some_and(|(before, _)| before != kind);
            let text = args.next().ok_or(CommandError::Syntax)?;
            if options.keep_deadline || other_kind {
                return Err(CommandError::Syntax);
            }
            options.time = Some((kind, text));
        }
    }
    Ok(options)
}

fn time_kind(option: &[u8]) -> Option<TimeKind> {
    let kinds =
        [("EX", true, true), ("PX", true, false), ("EXAT", false, true), ("PXAT", false, false)];
    let (_, relative, seconds) =
        kinds.into_iter().find(|(name, ..)| option.eq_ignore_ascii_case(name.as_bytes()))?;
    Some(TimeKind { relative, seconds })
}

/// The deadline that `text` gives. One that has passed is allowed: the key is dead at once.
fn deadline(kind: TimeKind, text: &[u8], now_ms: u64) -> Result<Deadline, CommandError<'static>> {
    let time = decimal::parse_i64(text).ok_or(CommandError::NotInteger)?;
    let scale = if kind.seconds { 1000 } else { 1 };
    let start_ms = if kind.relative { now_ms } else { 0 };
    u64::try_from(time)
        .ok()
        .filter(|time| *time > 0)
        .and_then(|time| time.checked_mul(scale)?.checked_add(start_ms))
        .filter(|at_ms| i64::try_from(*at_ms).is_ok())
        .map(Deadline::at_ms)
        .ok_or(CommandError::ExpireTime("set"))
}
