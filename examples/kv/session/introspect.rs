//! `COMMAND`, and the `HELP` of every container command.

use crate::command::{self, CommandQuery, KeySpec, Spec};
use crate::resp::encode;

/// Carries out `query` and appends the reply.
pub(super) fn answer(query: CommandQuery<'_>, out: &mut Vec<u8>) {
    match query {
        CommandQuery::Count => encode::integer(out, command::TABLE.len() as i64),
        CommandQuery::Docs => encode::array(out, 0),
        CommandQuery::Help => help("command", out),
        CommandQuery::All => {
            encode::array(out, command::TABLE.len());
            command::TABLE.iter().for_each(|spec| describe(spec, out));
        }
        CommandQuery::Info(names) => {
            encode::array(out, names.len());
            for name in names.iter() {
                match command::find(name) {
                    Some(spec) => describe(spec, out),
                    None => encode::null(out),
                }
            }
        }
    }
}

/// Appends the help of the command `container`.
pub(super) fn help(container: &str, out: &mut Vec<u8>) {
    let subcommands = command::find(container.as_bytes()).map_or(&[][..], |spec| spec.subcommands);
    encode::array(out, 1 + subcommands.len() * 2);
    let container = container.to_ascii_uppercase();
    let head = format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    encode::simple(out, &head);
    for Spec { help: [usage, purpose], .. } in subcommands {
        encode::simple(out, usage);
        encode::simple(out, &format!("    {purpose}"));
    }
}

/// Appends what Redis 7.0 tells about a command, ten things in this order.
fn describe(spec: &Spec, out: &mut Vec<u8>) {
    encode::array(out, 10);
    encode::bulk(out, spec.name.as_bytes());
    encode::integer(out, i64::from(spec.arity));
    names(spec.flags, out);
    let range = |keys: KeySpec| [i64::from(keys.first), i64::from(keys.last), i64::from(keys.step)];
    for number in spec.keys.map_or([0; 3], range) {
        encode::integer(out, number);
    }
    names(spec.categories, out);
    encode::array(out, spec.tips.len());
    spec.tips.iter().for_each(|tip| encode::bulk(out, tip.as_bytes()));
    encode::array(out, usize::from(spec.keys.is_some()));
    if let Some(keys) = spec.keys {
        key_spec(keys, out);
    }
    encode::array(out, spec.subcommands.len());
    spec.subcommands.iter().for_each(|subcommand| describe(subcommand, out));
}

/// Appends a key specification: a map, which RESP2 spells as names and values in turn.
fn key_spec(keys: KeySpec, out: &mut Vec<u8>) {
    let name = |out: &mut Vec<u8>, name: &str| encode::bulk(out, name.as_bytes());
    encode::array(out, if keys.notes.is_some() { 8 } else { 6 });
    if let Some(notes) = keys.notes {
        name(out, "notes");
        name(out, notes);
    }
    name(out, "flags");
    names(keys.flags, out);

    name(out, "begin_search");
    encode::array(out, 4);
    name(out, "type");
    name(out, "index");
    name(out, "spec");
    encode::array(out, 2);
    name(out, "index");
    encode::integer(out, i64::from(keys.first));

    name(out, "find_keys");
    encode::array(out, 4);
    name(out, "type");
    name(out, "range");
    name(out, "spec");
    encode::array(out, 6);
    name(out, "lastkey");
    // Counted from the first key here, from the command in the range above.
    encode::integer(
        out,
        if keys.last < 0 { -1 } else { i64::from(keys.last) - i64::from(keys.first) },
    );
    name(out, "keystep");
    encode::integer(out, i64::from(keys.step));
    name(out, "limit");
    encode::integer(out, 0);
}

/// Appends an array of statuses.
fn names(names: &[&str], out: &mut Vec<u8>) {
    encode::array(out, names.len());
    names.iter().for_each(|name| encode::simple(out, name));
}
