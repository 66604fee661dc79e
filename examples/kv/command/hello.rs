//! Parsers of what clients send first: `HELLO`, `AUTH`, `SELECT`.
//!
//! There is one user, `default`, who has no password, as in a Redis that nobody has configured; and
//! there is one database.

use super::session::{session, visible};
use super::{Call, Command, CommandError, Hello, SessionCommand};
use crate::decimal;
use crate::resp::{Args, Protocol};

/// What a parser makes of a call.
type Parsed<'a> = Result<Command<'a>, CommandError<'a>>;

const WRONG_PASSWORD: CommandError<'static> =
    CommandError::Text("WRONGPASS invalid username-password pair or user is disabled.");

/// `SELECT index`
pub(super) fn select(call: Call<'_>) -> Parsed<'_> {
    let index = decimal::parse_i64(call.args.at(1)).ok_or(CommandError::NotInteger)?;
    if i32::try_from(index).is_err() {
        let text = "ERR value is out of range, value must between -2147483648 and 2147483647";
        return Err(CommandError::Text(text));
    }
    match index {
        0 => session(SessionCommand::Select),
        _ => Err(CommandError::Text("ERR DB index is out of range")),
    }
}

/// `AUTH [user] password`
pub(super) fn auth(call: Call<'_>) -> Parsed<'_> {
    match call.args.len() {
        2 => Err(CommandError::Text(
            "ERR AUTH <password> called without any password configured for the default user. Are \
             you sure your configuration is correct?",
        )),
        3 => {
            user(call.args.at(1))?;
            session(SessionCommand::Auth)
        }
        _ => Err(CommandError::Syntax),
    }
}

/// `HELLO [protocol [AUTH user password] [SETNAME name]]`
pub(super) fn hello(call: Call<'_>) -> Parsed<'_> {
    let Some(version) = call.args.get(1) else {
        return session(SessionCommand::Hello(Hello::default()));
    };
    let protocol = match decimal::parse_i64(version) {
        Some(2) => Protocol::Resp2,
        Some(3) => Protocol::Resp3,
        Some(_) => return Err(CommandError::Text("NOPROTO unsupported protocol version")),
        None => {
            let text = "ERR Protocol version is not an integer or out of range";
            return Err(CommandError::Text(text));
        }
    };
    let name = options(call.args.tail(2))?;
    session(SessionCommand::Hello(Hello { protocol: Some(protocol), name }))
}

/// The name given, once all options are found to make sense.
fn options(args: Args<'_>) -> Result<Option<&[u8]>, CommandError<'_>> {
    let mut name = None;
    let mut user_name = None;
    let mut at = 0;
    while let Some(option) = args.get(at) {
        let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
        if is("AUTH") && args.get(at + 2).is_some() {
            user_name = args.get(at + 1);
            at += 3;
        } else if is("SETNAME") && args.get(at + 1).is_some() {
            name = Some(visible(args.at(at + 1), "Client names")?);
            at += 2;
        } else {
            return Err(CommandError::HelloOption(option));
        }
    }
    user_name.map_or(Ok(()), user)?;
    Ok(name)
}

/// Any password is right for the one user there is.
fn user(name: &[u8]) -> Result<(), CommandError<'static>> {
    if name == b"default" { Ok(()) } else { Err(WRONG_PASSWORD) }
}
