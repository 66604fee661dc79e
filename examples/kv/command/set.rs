//! `SET` and its options, and those of `GETEX`.

use super::{Call, Command, CommandError, DataCommand, SetCommand, Time};
use crate::resp::Args;
use crate::store::{Condition, Deadline, Expiry, SetRule};

/// What the options said so far.
#[derive(Default)]
struct Options<'a> {
    absent: bool,
    present: bool,
    previous: bool,
    keep_deadline: bool,
    time: Option<(Time, &'a [u8])>,
}

/// `SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]`
pub(crate) fn set(call: Call<'_>) -> Result<Command<'_>, CommandError<'_>> {
    let options = options(call.args.tail(3))?;
    let expiry = match options.time {
        None if options.keep_deadline => Expiry::Keep,
        None => Expiry::Replace(Deadline::NEVER),
        Some((time, text)) => Expiry::Replace(time.deadline(text, call.now_ms, call.spec.name)?),
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
            let time = Time::of_option(option).ok_or(CommandError::Syntax)?;
            let other = options.time.is_some_and(|(before, _)| before != time);
            let text = args.next().ok_or(CommandError::Syntax)?;
            if options.keep_deadline || other {
                return Err(CommandError::Syntax);
            }
            options.time = Some((time, text));
        }
    }
    Ok(options)
}

/// What `GETEX` does to the deadline.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    /// Takes it away.
    Persist,
    /// Sets it.
    Time(Time, &'a [u8]),
}

/// `[EX s | PX ms | EXAT s | PXAT ms | PERSIST]`
pub(crate) fn getex_options(args: Args<'_>) -> Result<Option<Change<'_>>, CommandError<'_>> {
    let mut change = None;
    let mut args = args.iter();
    while let Some(option) = args.next() {
        change = Some(match (Time::of_option(option), change) {
            (None, None | Some(Change::Persist)) if option.eq_ignore_ascii_case(b"PERSIST") => {
                Change::Persist
            }
            (Some(time), None) => Change::Time(time, args.next().ok_or(CommandError::Syntax)?),
            (Some(time), Some(Change::Time(before, _))) if before == time => {
                Change::Time(time, args.next().ok_or(CommandError::Syntax)?)
            }
            _ => return Err(CommandError::Syntax),
        });
    }
    Ok(change)
}
