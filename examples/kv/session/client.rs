//! `CLIENT`.

use super::{Session, introspect};
use crate::command::ClientCommand;
use crate::resp::{Protocol, Writer};

/// Carries out `command` and appends the reply.
pub(super) fn answer(
    session: &mut Session,
    command: ClientCommand<'_>,
    now_ms: u64,
    out: &mut Writer,
) {
    match command {
        ClientCommand::Id => return out.integer(session.id as i64),
        ClientCommand::Info { name } => {
            let line = line(session, name, now_ms, out.protocol());
            return out.verbatim(&String::from_utf8_lossy(&line));
        }
        ClientCommand::Name => {
            let name = (!session.name.is_empty()).then_some(session.name.as_slice());
            return out.bulk_or_null(name);
        }
        ClientCommand::Help => return introspect::help("client", out),
        ClientCommand::SetName(name) => session.name = name.to_vec(),
        ClientCommand::SetLibraryName(name) => session.library_name = name.to_vec(),
        ClientCommand::SetLibraryVersion(version) => session.library_version = version.to_vec(),
        ClientCommand::NoEvict => {}
    }
    out.ok();
}

/// The connection's line in `CLIENT LIST`: those of Redis's fields that mean something here.
fn line(session: &Session, command: &str, now_ms: u64, protocol: Protocol) -> Vec<u8> {
    let Session { id, peer, local, opened_ms, .. } = session;
    let age_s = now_ms.saturating_sub(*opened_ms) / 1000;
    let head = format!("id={id} addr={peer} laddr={local} name=");
    let body = format!(
        " age={age_s} idle=0 flags=N db=0 cmd={command} user=default resp={}",
        protocol.number()
    );
    [
        head.as_bytes(),
        &session.name,
        body.as_bytes(),
        b" lib-name=",
        &session.library_name,
        b" lib-ver=",
        &session.library_version,
        b"\n",
    ]
    .concat()
}
