//! `HELLO`.

use super::Session;
use crate::command::Hello;
use crate::facts::Facts;
use crate::resp::Writer;

/// Changes protocol and name, and says who answers, in the new protocol already.
pub(super) fn answer(session: &mut Session, hello: &Hello<'_>, out: &mut Writer) {
    if let Some(protocol) = hello.protocol {
        out.set_protocol(protocol);
        session.subscriptions.outbox().set_protocol(protocol);
    }
    if let Some(name) = hello.name {
        session.name = name.to_vec();
    }
    out.map(7);
    let text = |out: &mut Writer, name: &str, value: &str| {
        out.bulk(name.as_bytes());
        out.bulk(value.as_bytes());
    };
    text(out, "server", "redis");
    text(out, "version", Facts::REDIS_VERSION);
    out.bulk(b"proto");
    out.integer(out.protocol().number().into());
    out.bulk(b"id");
    out.count(session.id);
    text(out, "mode", "standalone");
    text(out, "role", "master");
    out.bulk(b"modules");
    out.array(0);
}
