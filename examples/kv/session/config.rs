//! `CONFIG GET`: what clients and tools ask before they start.

use super::introspect;
use crate::command::ConfigCommand;
use crate::facts::Facts;
use crate::glob::{self, Case};
use crate::resp::{Args, Writer};

/// Carries out `command` and appends the reply.
pub(super) fn answer(command: ConfigCommand<'_>, facts: &Facts, out: &mut Writer) {
    match command {
        ConfigCommand::Get(patterns) => parameters(patterns, facts, out),
        ConfigCommand::Help => introspect::help("config", out),
    }
}

/// Appends names and values of the parameters that match one of `patterns`, each once.
fn parameters(patterns: Args<'_>, facts: &Facts, out: &mut Writer) {
    let found: Vec<_> = values(facts)
        .into_iter()
        .filter_map(|(name, value)| Some((asked_as(name, patterns)?, value)))
        .collect();
    out.map(found.len());
    for (name, value) in found {
        out.bulk(name);
        out.bulk(value.as_bytes());
    }
}

/// What to call the parameter in the reply, if it was asked for. As in Redis, one asked for by
/// name is called as the client spelled it.
fn asked_as<'a>(name: &'static str, patterns: Args<'a>) -> Option<&'a [u8]> {
    let pattern =
        patterns.iter().find(|pattern| glob::matches(pattern, name.as_bytes(), Case::Ignored))?;
    let is_glob = pattern.iter().any(|byte| b"*?[".contains(byte));
    Some(if is_glob { name.as_bytes() } else { pattern })
}

/// The parameters. Those that Redis has and this server has not are left out, but for the few
/// that tools read and that are true here: nothing is ever saved or evicted.
fn values(facts: &Facts) -> [(&'static str, String); 10] {
    [
        ("appendonly", "no".to_owned()),
        ("bind", facts.bind.to_string()),
        ("client-query-buffer-limit", facts.limits.command_bytes_max.to_string()),
        ("databases", "1".to_owned()),
        ("maxmemory", "0".to_owned()),
        ("maxmemory-policy", "noeviction".to_owned()),
        ("port", facts.port.to_string()),
        ("proto-max-bulk-len", facts.limits.bulk_bytes_max.to_string()),
        ("save", String::new()),
        ("timeout", "0".to_owned()),
    ]
}
