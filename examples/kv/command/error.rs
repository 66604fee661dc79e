//! Why a command was refused before it reached a store.

use crate::resp::{Args, Writer};
use crate::store::Refusal;

/// Longest part of a client's text that an error repeats, in bytes.
const ECHO_MAX: usize = 128;

/// A command that cannot be carried out. Nothing was changed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CommandError<'a> {
    /// There is no such command; holds all of it.
    UnknownCommand(Args<'a>),
    /// There is no such subcommand.
    UnknownSubcommand { container: &'static str, name: &'a [u8] },
    /// Too few or too many arguments for the command of this name.
    Arity(&'static str),
    /// The arguments make no sense.
    Syntax,
    /// An argument should be an integer.
    NotInteger,
    /// An argument, or a value, should be a floating-point number.
    NotFloat,
    /// The store refused.
    Refused(Refusal),
    /// A reason that only one command has, in Redis's words.
    Text(&'static str),
    /// The command of this name may not follow `SUBSCRIBE`.
    Subscribed(&'static str),
    /// `HELLO` does not know this option, or lacks its value.
    HelloOption(&'a [u8]),
    /// The time given to the command of this name cannot be kept.
    ExpireTime(&'static str),
    /// `DECRBY` of a number that has no opposite.
    DecrementOverflow,
    /// `EXPIRE` does not know this option.
    UnsupportedOption(&'a [u8]),
    /// `EXPIRE .. NX` with another option.
    ExpireNxAlone,
    /// `EXPIRE .. GT LT`.
    ExpireOrders,
    /// A client's name must be visible ASCII; holds what it is called.
    ClientText(&'static str),
    /// `CLIENT SETINFO` does not know this attribute.
    ClientAttribute(&'a [u8]),
}

impl From<Refusal> for CommandError<'_> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl CommandError<'_> {
    /// A command that needs a key did not find it.
    pub(crate) const NO_SUCH_KEY: Self = Self::Text("ERR no such key");
    /// The keys of one command, or of one transaction, live on several shards.
    pub(crate) const CROSS_SLOT: Self =
        Self::Text("CROSSSLOT Keys in request don't hash to the same slot");

    /// Appends the error reply, in Redis's words.
    pub(crate) fn encode(&self, out: &mut Writer) {
        let mut error = |parts: &[&[u8]]| out.error(parts);
        match *self {
            Self::UnknownCommand(args) => unknown_command(args, out),
            Self::UnknownSubcommand { container, name } => {
                let container = container.to_ascii_uppercase();
                let tail = [b"'. Try ", container.as_bytes(), b" HELP."].concat();
                error(&[b"ERR unknown subcommand '", c_str(name, ECHO_MAX), &tail]);
            }
            Self::Arity(name) => {
                error(&[b"ERR wrong number of arguments for '", name.as_bytes(), b"' command"]);
            }
            Self::Syntax => error(&[b"ERR syntax error"]),
            Self::NotInteger => error(&[b"ERR value is not an integer or out of range"]),
            Self::NotFloat => error(&[b"ERR value is not a valid float"]),
            Self::Refused(refusal) => refusal.encode(out),
            Self::Text(text) => error(&[text.as_bytes()]),
            Self::Subscribed(name) => {
                let allowed = b"': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET \
                    are allowed in this context";
                error(&[b"ERR Can't execute '", name.as_bytes(), allowed]);
            }
            Self::HelloOption(option) => {
                error(&[b"ERR Syntax error in HELLO option '", c_str(option, usize::MAX), b"'"]);
            }
            Self::ExpireTime(name) => {
                error(&[b"ERR invalid expire time in '", name.as_bytes(), b"' command"]);
            }
            Self::DecrementOverflow => error(&[b"ERR decrement would overflow"]),
            Self::UnsupportedOption(option) => {
                error(&[b"ERR Unsupported option ", c_str(option, usize::MAX)]);
            }
            Self::ExpireNxAlone => {
                error(&[b"ERR NX and XX, GT or LT options at the same time are not compatible"]);
            }
            Self::ExpireOrders => {
                error(&[b"ERR GT and LT options at the same time are not compatible"]);
            }
            Self::ClientText(what) => {
                let rule = b" cannot contain spaces, newlines or special characters.";
                error(&[b"ERR ", what.as_bytes(), rule]);
            }
            Self::ClientAttribute(name) => {
                error(&[b"ERR Unrecognized option '", c_str(name, usize::MAX), b"'"]);
            }
        }
    }
}

/// Repeats the name and the first arguments, but no more than [`ECHO_MAX`] bytes of either.
fn unknown_command(args: Args<'_>, out: &mut Writer) {
    let mut echo = Vec::new();
    for arg in args.tail(1).iter() {
        if echo.len() >= ECHO_MAX {
            break;
        }
        let arg = c_str(arg, ECHO_MAX - echo.len());
        echo.extend_from_slice(&[b"'", arg, b"' "].concat());
    }
    let name = c_str(args.at(0), ECHO_MAX);
    let parts: [&[u8]; 4] =
        [b"ERR unknown command '", name, b"', with args beginning with: ", &echo];
    out.error(&parts);
}

/// What `printf` prints of `text`: up to a zero byte, and at most `len_max` bytes.
fn c_str(text: &[u8], len_max: usize) -> &[u8] {
    let text = &text[..text.len().min(len_max)];
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}
