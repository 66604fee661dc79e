//! Parsers and subcommand tables of the commands that a connection answers itself.

use super::spec::{Call, Spec};
use super::{ClientCommand, Command, CommandError, CommandQuery, ConfigCommand, SessionCommand};

/// What a parser makes of a call.
type Parsed<'a> = Result<Command<'a>, CommandError<'a>>;

const CONNECTION: &[&str] = &["@slow", "@connection"];
const CLIENT_FLAGS: &[&str] = &["noscript", "loading", "stale"];
const CLIENT_ADMIN_FLAGS: &[&str] = &["admin", "noscript", "loading", "stale"];
const HELP_FLAGS: &[&str] = &["loading", "stale"];
const ADMIN: &[&str] = &["@admin", "@slow", "@dangerous"];

/// `CLIENT ..`
pub(super) static CLIENT: [Spec; 8] = [
    Spec::new("client|id", 2, |_| client(ClientCommand::Id))
        .flags(CLIENT_FLAGS)
        .categories(CONNECTION)
        .help("ID", "Return the ID of the current connection."),
    Spec::new("client|info", 2, |call| client(ClientCommand::Info { name: call.spec.name }))
        .flags(CLIENT_FLAGS)
        .categories(CONNECTION)
        .tips(&["nondeterministic_output"])
        .help("INFO", "Return information about the current client connection."),
    Spec::new("client|list", -2, client_list)
        .flags(CLIENT_ADMIN_FLAGS)
        .categories(&["@admin", "@slow", "@dangerous", "@connection"])
        .tips(&["nondeterministic_output"])
        .help("LIST", "Return information about the current client connection."),
    Spec::new("client|getname", 2, |_| client(ClientCommand::Name))
        .flags(CLIENT_FLAGS)
        .categories(CONNECTION)
        .help("GETNAME", "Return the name of the current connection."),
    Spec::new("client|setname", 3, set_name)
        .flags(CLIENT_FLAGS)
        .categories(CONNECTION)
        .help("SETNAME <name>", "Assign the name <name> to the current connection."),
    // New in Redis 7.2, and sent by the client libraries of today.
    Spec::new("client|setinfo", 4, set_info)
        .flags(CLIENT_FLAGS)
        .categories(CONNECTION)
        .help("SETINFO (LIB-NAME|LIB-VER) <value>", "Say which library the client uses."),
    Spec::new("client|no-evict", 3, no_evict)
        .flags(CLIENT_ADMIN_FLAGS)
        .categories(&["@admin", "@slow", "@dangerous", "@connection"])
        .help("NO-EVICT (ON|OFF)", "Accepted; no client is ever evicted."),
    Spec::new("client|help", 2, |_| client(ClientCommand::Help))
        .flags(HELP_FLAGS)
        .categories(CONNECTION)
        .help("HELP", "Print this help."),
];

/// `CONFIG ..`
pub(super) static CONFIG: [Spec; 2] = [
    Spec::new("config|get", -3, |call| config(ConfigCommand::Get(call.args.tail(2))))
        .flags(CLIENT_ADMIN_FLAGS)
        .categories(ADMIN)
        .help(
            "GET <pattern>",
            "Return parameters matching the glob-like <pattern> and their values.",
        ),
    Spec::new("config|help", 2, |_| config(ConfigCommand::Help))
        .flags(HELP_FLAGS)
        .categories(&["@slow"])
        .help("HELP", "Print this help."),
];

/// `COMMAND ..`
pub(super) static COMMAND: [Spec; 4] = [
    Spec::new("command|info", -2, command_info)
        .flags(HELP_FLAGS)
        .categories(CONNECTION)
        .tips(&["nondeterministic_output_order"])
        .help("INFO [<command-name> ...]", "Return details about these or all commands."),
    Spec::new("command|count", 2, |_| query(CommandQuery::Count))
        .flags(HELP_FLAGS)
        .categories(CONNECTION)
        .help("COUNT", "Return the total number of commands in this server."),
    Spec::new("command|docs", -2, |_| query(CommandQuery::Docs))
        .flags(HELP_FLAGS)
        .categories(CONNECTION)
        .tips(&["nondeterministic_output_order"])
        .help("DOCS [<command-name> ...]", "Return documentation; this server has none."),
    Spec::new("command|help", 2, |_| query(CommandQuery::Help))
        .flags(HELP_FLAGS)
        .categories(CONNECTION)
        .help("HELP", "Print this help."),
];

/// `PING [message]`
pub(super) fn ping(call: Call<'_>) -> Parsed<'_> {
    if call.args.len() > 2 {
        return Err(CommandError::Arity(call.spec.name));
    }
    session(SessionCommand::Ping(call.args.get(1)))
}

/// `ECHO message`
pub(super) fn echo(call: Call<'_>) -> Parsed<'_> {
    session(SessionCommand::Echo(call.args.at(1)))
}

/// `QUIT`
pub(super) fn quit(_: Call<'_>) -> Parsed<'_> {
    session(SessionCommand::Quit)
}

/// `COMMAND`
pub(super) fn command(_: Call<'_>) -> Parsed<'_> {
    query(CommandQuery::All)
}

/// A command that is nothing without a subcommand. Its arity keeps every such call away, so this
/// only says so once more.
pub(super) fn container(call: Call<'_>) -> Parsed<'_> {
    Err(CommandError::Arity(call.spec.name))
}

/// `CLIENT LIST`: its filters are refused.
fn client_list(call: Call<'_>) -> Parsed<'_> {
    if call.args.len() > 2 {
        return Err(CommandError::Syntax);
    }
    client(ClientCommand::Info { name: call.spec.name })
}

fn command_info(call: Call<'_>) -> Parsed<'_> {
    let names = call.args.tail(2);
    query(if names.len() == 0 { CommandQuery::All } else { CommandQuery::Info(names) })
}

fn set_name(call: Call<'_>) -> Parsed<'_> {
    client(ClientCommand::SetName(visible(call.args.at(2), "Client names")?))
}

fn set_info(call: Call<'_>) -> Parsed<'_> {
    let (attribute, value) = (call.args.at(2), call.args.at(3));
    match attribute.to_ascii_lowercase().as_slice() {
        b"lib-name" => client(ClientCommand::SetLibraryName(visible(value, "lib-name")?)),
        b"lib-ver" => client(ClientCommand::SetLibraryVersion(visible(value, "lib-ver")?)),
        _ => Err(CommandError::ClientAttribute(attribute)),
    }
}

fn no_evict(call: Call<'_>) -> Parsed<'_> {
    let mode = call.args.at(2);
    if mode.eq_ignore_ascii_case(b"ON") || mode.eq_ignore_ascii_case(b"OFF") {
        return client(ClientCommand::NoEvict);
    }
    Err(CommandError::Syntax)
}

/// `text`, if all of it is visible ASCII: it ends up in the lines of `CLIENT LIST`.
fn visible<'a>(text: &'a [u8], what: &'static str) -> Result<&'a [u8], CommandError<'static>> {
    if text.iter().all(u8::is_ascii_graphic) {
        Ok(text)
    } else {
        Err(CommandError::ClientText(what))
    }
}

fn session(command: SessionCommand<'_>) -> Parsed<'_> {
    Ok(Command::Session(command))
}

fn client(command: ClientCommand<'_>) -> Parsed<'_> {
    session(SessionCommand::Client(command))
}

fn config(command: ConfigCommand<'_>) -> Parsed<'_> {
    session(SessionCommand::Config(command))
}

fn query(query: CommandQuery<'_>) -> Parsed<'_> {
    session(SessionCommand::Command(query))
}
