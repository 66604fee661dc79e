//! Rows and parsers of the commands that a connection answers itself.

use super::spec::Spec;
use super::{
    Call, ClientCommand, Command, CommandError, CommandQuery, ConfigCommand, SessionCommand,
    Subscription, TransactionCommand, hello, parse,
};

/// What a parser makes of a call.
type Parsed<'a> = Result<Command<'a>, CommandError<'a>>;

const SLOW: &[&str] = &["@slow", "@connection"];
const CLIENT_FLAGS: &[&str] = &["noscript", "loading", "stale"];
const CLIENT_ADMIN_FLAGS: &[&str] = &["admin", "noscript", "loading", "stale"];
const HELP_FLAGS: &[&str] = &["loading", "stale"];
const ADMIN: &[&str] = &["@admin", "@slow", "@dangerous"];

const HANDSHAKE: &[&str] = &["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"];
const FAST: &[&str] = &["@fast", "@connection"];
const PUBSUB_FLAGS: &[&str] = &["pubsub", "noscript", "loading", "stale"];
const PUBSUB_CATEGORIES: &[&str] = &["@pubsub", "@slow"];
const TRANSACTION_FLAGS: &[&str] = &["noscript", "loading", "stale", "fast", "allow_busy"];

/// The connection and its server.
pub(super) const CONNECTION: &[Spec] = &[
    Spec::parsed("ping", -1, ping)
        .flags(&["fast"])
        .categories(FAST)
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    Spec::parsed("echo", 2, echo).flags(&["loading", "stale", "fast"]).categories(FAST),
    Spec::parsed("select", 2, hello::select).flags(&["loading", "stale", "fast"]).categories(FAST),
    Spec::parsed("hello", -1, hello::hello).flags(HANDSHAKE).categories(FAST),
    Spec::parsed("auth", -2, hello::auth).flags(HANDSHAKE).categories(FAST),
    Spec::parsed("quit", -1, quit).flags(HANDSHAKE).categories(FAST),
    Spec::parsed("info", -1, parse::info)
        .flags(&["loading", "stale"])
        .categories(&["@slow", "@dangerous"])
        .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
    Spec::parsed("client", -2, container).categories(&["@slow"]).subcommands(CLIENT),
    Spec::parsed("config", -2, container).categories(&["@slow"]).subcommands(CONFIG),
    Spec::parsed("command", -1, command)
        .flags(&["loading", "stale"])
        .categories(&["@slow", "@connection"])
        .tips(&["nondeterministic_output_order"])
        .subcommands(COMMAND),
];

/// Channels, and transactions.
pub(super) const PUBSUB: &[Spec] = &[
    Spec::parsed("subscribe", -2, |call| subscription(call, false, false))
        .flags(PUBSUB_FLAGS)
        .categories(PUBSUB_CATEGORIES),
    Spec::parsed("psubscribe", -2, |call| subscription(call, true, false))
        .flags(PUBSUB_FLAGS)
        .categories(PUBSUB_CATEGORIES),
    Spec::parsed("unsubscribe", -1, |call| subscription(call, false, true))
        .flags(PUBSUB_FLAGS)
        .categories(PUBSUB_CATEGORIES),
    Spec::parsed("punsubscribe", -1, |call| subscription(call, true, true))
        .flags(PUBSUB_FLAGS)
        .categories(PUBSUB_CATEGORIES),
    Spec::parsed("publish", 3, parse::publish)
        .flags(&["pubsub", "loading", "stale", "fast"])
        .categories(&["@pubsub", "@fast"]),
    Spec::parsed("multi", 1, |_| transaction(TransactionCommand::Multi))
        .flags(TRANSACTION_FLAGS)
        .categories(&["@fast", "@transaction"]),
    Spec::parsed("exec", 1, |_| transaction(TransactionCommand::Exec))
        .flags(&["noscript", "loading", "stale", "skip_slowlog"])
        .categories(&["@slow", "@transaction"]),
    Spec::parsed("discard", 1, |_| transaction(TransactionCommand::Discard))
        .flags(TRANSACTION_FLAGS)
        .categories(&["@fast", "@transaction"]),
];

/// `CLIENT ..`
const CLIENT: &[Spec] = &[
    Spec::parsed("client|id", 2, |_| client(ClientCommand::Id))
        .flags(CLIENT_FLAGS)
        .categories(SLOW)
        .help("ID", "Return the ID of the current connection."),
    Spec::parsed("client|info", 2, |call| client(ClientCommand::Info { name: call.spec.name }))
        .flags(CLIENT_FLAGS)
        .categories(SLOW)
        .tips(&["nondeterministic_output"])
        .help("INFO", "Return information about the current client connection."),
    Spec::parsed("client|list", -2, client_list)
        .flags(CLIENT_ADMIN_FLAGS)
        .categories(&["@admin", "@slow", "@dangerous", "@connection"])
        .tips(&["nondeterministic_output"])
        .help("LIST", "Return information about the current client connection."),
    Spec::parsed("client|getname", 2, |_| client(ClientCommand::Name))
        .flags(CLIENT_FLAGS)
        .categories(SLOW)
        .help("GETNAME", "Return the name of the current connection."),
    Spec::parsed("client|setname", 3, set_name)
        .flags(CLIENT_FLAGS)
        .categories(SLOW)
        .help("SETNAME <name>", "Assign the name <name> to the current connection."),
    // New in Redis 7.2, and sent by the client libraries of today.
    Spec::parsed("client|setinfo", 4, set_info)
        .flags(CLIENT_FLAGS)
        .categories(SLOW)
        .help("SETINFO (LIB-NAME|LIB-VER) <value>", "Say which library the client uses."),
    Spec::parsed("client|no-evict", 3, no_evict)
        .flags(CLIENT_ADMIN_FLAGS)
        .categories(&["@admin", "@slow", "@dangerous", "@connection"])
        .help("NO-EVICT (ON|OFF)", "Accepted; no client is ever evicted."),
    Spec::parsed("client|help", 2, |_| client(ClientCommand::Help))
        .flags(HELP_FLAGS)
        .categories(SLOW)
        .help("HELP", "Print this help."),
];

/// `CONFIG ..`
const CONFIG: &[Spec] = &[
    Spec::parsed("config|get", -3, |call| config(ConfigCommand::Get(call.args.tail(2))))
        .flags(CLIENT_ADMIN_FLAGS)
        .categories(ADMIN)
        .help(
            "GET <pattern>",
            "Return parameters matching the glob-like <pattern> and their values.",
        ),
    Spec::parsed("config|help", 2, |_| config(ConfigCommand::Help))
        .flags(HELP_FLAGS)
        .categories(&["@slow"])
        .help("HELP", "Print this help."),
];

/// `COMMAND ..`
const COMMAND: &[Spec] = &[
    Spec::parsed("command|info", -2, command_info)
        .flags(HELP_FLAGS)
        .categories(SLOW)
        .tips(&["nondeterministic_output_order"])
        .help("INFO [<command-name> ...]", "Return details about these or all commands."),
    Spec::parsed("command|count", 2, |_| query(CommandQuery::Count))
        .flags(HELP_FLAGS)
        .categories(SLOW)
        .help("COUNT", "Return the total number of commands in this server."),
    Spec::parsed("command|docs", -2, |_| query(CommandQuery::Docs))
        .flags(HELP_FLAGS)
        .categories(SLOW)
        .tips(&["nondeterministic_output_order"])
        .help("DOCS [<command-name> ...]", "Return documentation; this server has none."),
    Spec::parsed("command|help", 2, |_| query(CommandQuery::Help))
        .flags(HELP_FLAGS)
        .categories(SLOW)
        .help("HELP", "Print this help."),
];

/// `PING [message]`
fn ping(call: Call<'_>) -> Parsed<'_> {
    if call.args.len() > 2 {
        return Err(CommandError::Arity(call.spec.name));
    }
    session(SessionCommand::Ping(call.args.get(1)))
}

/// `ECHO message`
fn echo(call: Call<'_>) -> Parsed<'_> {
    session(SessionCommand::Echo(call.args.at(1)))
}

/// `QUIT`
fn quit(_: Call<'_>) -> Parsed<'_> {
    session(SessionCommand::Quit)
}

/// `COMMAND`
fn command(_: Call<'_>) -> Parsed<'_> {
    query(CommandQuery::All)
}

/// A command that is nothing without a subcommand. Its arity keeps every such call away, so this
/// only says so once more.
fn container(call: Call<'_>) -> Parsed<'_> {
    Err(CommandError::Arity(call.spec.name))
}

fn subscription(call: Call<'_>, patterns: bool, ends: bool) -> Parsed<'_> {
    let names = call.args.tail(1);
    session(SessionCommand::Subscription(Subscription { patterns, ends, names }))
}

fn transaction<'a>(command: TransactionCommand) -> Parsed<'a> {
    session(SessionCommand::Transaction(command))
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
pub(super) fn visible<'a>(
    text: &'a [u8],
    what: &'static str,
) -> Result<&'a [u8], CommandError<'static>> {
    if text.iter().all(u8::is_ascii_graphic) {
        Ok(text)
    } else {
        Err(CommandError::ClientText(what))
    }
}

pub(super) fn session(command: SessionCommand<'_>) -> Parsed<'_> {
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
