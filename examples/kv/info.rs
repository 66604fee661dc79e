//! The text of `INFO`.

use std::fmt::{self, Write};

use crate::command::InfoSections;
use crate::facts::Facts;
use crate::store::Stats;

/// The sections asked for, in Redis's format: lines of `name:value` under a heading, an empty
/// line between sections. `stats` are the sums over all shards.
pub(crate) fn render(sections: InfoSections, facts: &Facts, stats: &Stats, now_ms: u64) -> String {
    let mut text = String::new();
    let mut section = |wanted: bool, body: fmt::Arguments<'_>| {
        if wanted {
            let gap = if text.is_empty() { "" } else { "\r\n" };
            write!(text, "{gap}{body}").expect("a string takes all text");
        }
    };
    let uptime_s = now_ms.saturating_sub(facts.started_ms) / 1000;
    section(
        sections.server,
        format_args!(
            "# Server\r\nredis_version:{}\r\nredis_mode:standalone\r\ntcp_port:{}\r\n\
             greenroom_version:{}\r\ngreenroom_shards:{}\r\nuptime_in_seconds:{uptime_s}\r\n\
             uptime_in_days:{}\r\n",
            Facts::REDIS_VERSION,
            facts.port,
            env!("CARGO_PKG_VERSION"),
            facts.shards,
            uptime_s / 86_400,
        ),
    );
    section(
        sections.memory,
        format_args!(
            "# Memory\r\nused_memory:{}\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n",
            stats.used_bytes
        ),
    );
    section(sections.stats, format_args!("# Stats\r\nexpired_keys:{}\r\n", stats.expired_total));
    section(sections.keyspace, format_args!("# Keyspace\r\n{}", Keyspace(stats)));
    text
}

/// The line of the only database; an empty one has none.
struct Keyspace<'a>(&'a Stats);

impl fmt::Display for Keyspace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stats { keys, expires, .. } = self.0;
        if *keys == 0 {
            return Ok(());
        }
        write!(f, "db0:keys={keys},expires={expires},avg_ttl=0\r\n")
    }
}
