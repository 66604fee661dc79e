//! `COMMAND`, and the `HELP` of every container command.

use crate::command::{self, CommandQuery, KeySpec, Spec};
use crate::resp::Writer;

/// Carries out `query` and appends the reply.
pub(super) fn answer(query: CommandQuery<'_>, out: &mut Writer) {
    match query {
        CommandQuery::Count => out.integer(command::TABLE.len() as i64),
        CommandQuery::Docs => out.map(0),
        CommandQuery::Help => help("command", out),
        CommandQuery::All => {
            out.array(command::TABLE.len());
            command::TABLE.iter().for_each(|spec| describe(spec, out));
        }
        CommandQuery::Info(names) => {
            out.array(names.len());
            for name in names.iter() {
                match command::find(name) {
                    Some(spec) => describe(spec, out),
                    None => out.null(),
                }
            }
        }
    }
}

/// Appends the help of the command `container`.
pub(super) fn help(container: &str, out: &mut Writer) {
    let subcommands = command::find(container.as_bytes()).map_or(&[][..], |spec| spec.subcommands);
    out.array(1 + subcommands.len() * 2);
    let container = container.to_ascii_uppercase();
    let head = format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    out.simple(&head);
    for Spec { help: [usage, purpose], .. } in subcommands {
        out.simple(usage);
        out.simple(&format!("    {purpose}"));
    }
}

/// Appends what Redis 7.0 tells about a command, ten things in this order.
fn describe(spec: &Spec, out: &mut Writer) {
    out.array(10);
    out.bulk(spec.name.as_bytes());
    out.integer(i64::from(spec.arity));
    names(spec.flags, out);
    let range = |keys: KeySpec| [i64::from(keys.first), i64::from(keys.last), i64::from(keys.step)];
    for number in spec.keys.map_or([0; 3], range) {
        out.integer(number);
    }
    names(spec.categories, out);
    out.set(spec.tips.len());
    spec.tips.iter().for_each(|tip| out.bulk(tip.as_bytes()));
    key_specs(spec.keys, out);
    match spec.subcommands.len() {
        // As Redis has it.
        0 => out.set(0),
        len => out.array(len),
    }
    spec.subcommands.iter().for_each(|subcommand| describe(subcommand, out));
}

fn key_specs(keys: Option<KeySpec>, out: &mut Writer) {
    let Some(keys) = keys else { return out.set(0) };
    match keys.second {
        None => {
            out.set(1);
            key_spec(keys, out);
        }
        Some(flags) => {
            out.set(2);
            key_spec(KeySpec { last: 1, ..keys }, out);
            key_spec(KeySpec { first: 2, last: 2, flags, ..keys }, out);
        }
    }
}

/// Appends a key specification: a map of maps.
fn key_spec(keys: KeySpec, out: &mut Writer) {
    let name = |out: &mut Writer, name: &str| out.bulk(name.as_bytes());
    out.map(if keys.notes.is_some() { 4 } else { 3 });
    if let Some(notes) = keys.notes {
        name(out, "notes");
        name(out, notes);
    }
    name(out, "flags");
    names(keys.flags, out);

    name(out, "begin_search");
    out.map(2);
    name(out, "type");
    name(out, "index");
    name(out, "spec");
    out.map(1);
    name(out, "index");
    out.integer(i64::from(keys.first));

    name(out, "find_keys");
    out.map(2);
    name(out, "type");
    name(out, "range");
    name(out, "spec");
    out.map(3);
    name(out, "lastkey");
    // Counted from the first key here, from the command in the range above.
    let last = if keys.last < 0 { -1 } else { i64::from(keys.last) - i64::from(keys.first) };
    out.integer(last);
    name(out, "keystep");
    out.integer(i64::from(keys.step));
    name(out, "limit");
    out.integer(0);
}

/// Appends a set of statuses.
fn names(names: &[&str], out: &mut Writer) {
    out.set(names.len());
    names.iter().for_each(|name| out.simple(name));
}
