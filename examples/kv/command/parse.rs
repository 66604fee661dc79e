//! Parsers of the commands on keys and on the keyspace.

use super::{
    Call, Combination, Command, CommandError, DataCommand, InfoSections, KeysOp, KeyspaceCommand,
    ManyCommand, Pairs, Time, TtlUnit,
};
use crate::decimal;
use crate::resp::Args;
use crate::store::{Condition, DeadlineCondition, Order};

/// What a parser makes of a call.
type Parsed<'a> = Result<Command<'a>, CommandError<'a>>;

/// `GET key`
pub(crate) fn get(call: Call<'_>) -> Parsed<'_> {
    Ok(Command::Data(DataCommand::Get(call.args.at(1))))
}

/// `INCR key`
pub(crate) fn incr(call: Call<'_>) -> Parsed<'_> {
    add(call, 1)
}

/// `DECR key`
pub(crate) fn decr(call: Call<'_>) -> Parsed<'_> {
    add(call, -1)
}

/// `INCRBY key delta`
pub(crate) fn incr_by(call: Call<'_>) -> Parsed<'_> {
    add(call, integer(call.args.at(2))?)
}

/// `DECRBY key delta`
pub(crate) fn decr_by(call: Call<'_>) -> Parsed<'_> {
    let delta = integer(call.args.at(2))?;
    add(call, delta.checked_neg().ok_or(CommandError::DecrementOverflow)?)
}

fn add(call: Call<'_>, delta: i64) -> Parsed<'_> {
    Ok(Command::Data(DataCommand::IncrBy { key: call.args.at(1), delta }))
}

/// `DEL key ..`
pub(crate) fn del(call: Call<'_>) -> Parsed<'_> {
    keys(call, KeysOp::Del)
}

/// `EXISTS key ..`
pub(crate) fn exists(call: Call<'_>) -> Parsed<'_> {
    keys(call, KeysOp::Exists)
}

/// `MGET key ..`
pub(crate) fn mget(call: Call<'_>) -> Parsed<'_> {
    keys(call, KeysOp::Get)
}

/// `MSET key value ..`
pub(crate) fn mset(call: Call<'_>) -> Parsed<'_> {
    if call.args.len().is_multiple_of(2) {
        return Err(CommandError::Arity(call.spec.name));
    }
    many(ManyCommand::Set(Pairs(call.args.tail(1))))
}

fn keys(call: Call<'_>, op: KeysOp) -> Parsed<'_> {
    many(ManyCommand::Keys { op, keys: call.args.tail(1) })
}

fn many(command: ManyCommand<'_>) -> Parsed<'_> {
    Ok(Command::Data(DataCommand::Many(command)))
}

/// `TTL key`
pub(crate) fn ttl(call: Call<'_>) -> Parsed<'_> {
    Ok(Command::Data(DataCommand::Ttl { key: call.args.at(1), unit: TtlUnit::Seconds }))
}

/// `PTTL key`
pub(crate) fn pttl(call: Call<'_>) -> Parsed<'_> {
    Ok(Command::Data(DataCommand::Ttl { key: call.args.at(1), unit: TtlUnit::Milliseconds }))
}

/// `SINTER key ..`
pub(crate) fn sinter(call: Call<'_>) -> Parsed<'_> {
    keys(call, KeysOp::Combine(Combination::Inter))
}

/// `SUNION key ..`
pub(crate) fn sunion(call: Call<'_>) -> Parsed<'_> {
    keys(call, KeysOp::Combine(Combination::Union))
}

/// `SDIFF key ..`
pub(crate) fn sdiff(call: Call<'_>) -> Parsed<'_> {
    keys(call, KeysOp::Combine(Combination::Diff))
}

/// `EXPIRE key time [NX | XX | GT | LT ..]` and its kin
pub(crate) fn expire(call: Call<'_>, time: Time) -> Parsed<'_> {
    let condition = deadline_condition(call.args.tail(3))?;
    let at_ms = time.at_ms(call.args.at(2), call)?;
    let key = call.args.at(1);
    Ok(Command::Data(DataCommand::Expire { key, at_ms, condition }))
}

/// `KEYS pattern`
pub(crate) fn keys_like(call: Call<'_>) -> Parsed<'_> {
    Ok(Command::Keyspace(KeyspaceCommand::Keys(call.args.at(1))))
}

/// `RANDOMKEY`
pub(crate) fn random_key(_: Call<'_>) -> Parsed<'_> {
    Ok(Command::Keyspace(KeyspaceCommand::RandomKey))
}

/// `PUBLISH channel message`
pub(crate) fn publish(call: Call<'_>) -> Parsed<'_> {
    let (channel, message) = (call.args.at(1), call.args.at(2));
    Ok(Command::Keyspace(KeyspaceCommand::Publish { channel, message }))
}

fn deadline_condition(options: Args<'_>) -> Result<DeadlineCondition, CommandError<'_>> {
    let [mut absent, mut present, mut later, mut earlier] = [false; 4];
    for option in options.iter() {
        let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
        let known =
            [("NX", &mut absent), ("XX", &mut present), ("GT", &mut later), ("LT", &mut earlier)];
        let found = known.into_iter().find(|(name, _)| is(name));
        *found.ok_or(CommandError::UnsupportedOption(option))?.1 = true;
    }
    let existing = match (absent, present || later || earlier) {
        (true, true) => return Err(CommandError::ExpireNxAlone),
        (true, false) => Condition::Absent,
        _ if present => Condition::Present,
        _ => Condition::Always,
    };
    let order = match (later, earlier) {
        (true, true) => return Err(CommandError::ExpireOrders),
        (true, false) => Order::Later,
        (false, true) => Order::Earlier,
        (false, false) => Order::Any,
    };
    Ok(DeadlineCondition { existing, order })
}

/// `DBSIZE`
pub(crate) fn dbsize(_: Call<'_>) -> Parsed<'_> {
    Ok(Command::Keyspace(KeyspaceCommand::DbSize))
}

/// `FLUSHALL [ASYNC | SYNC]`, `FLUSHDB [ASYNC | SYNC]`
pub(crate) fn flush(call: Call<'_>) -> Parsed<'_> {
    let mode = call.args.tail(1);
    let known = mode
        .iter()
        .all(|mode| mode.eq_ignore_ascii_case(b"ASYNC") || mode.eq_ignore_ascii_case(b"SYNC"));
    if !known || mode.len() > 1 {
        return Err(CommandError::Syntax);
    }
    Ok(Command::Keyspace(KeyspaceCommand::Flush))
}

/// `INFO [section ..]`
pub(crate) fn info(call: Call<'_>) -> Parsed<'_> {
    let all = InfoSections { server: true, memory: true, stats: true, keyspace: true };
    let mut sections = InfoSections::default();
    for name in call.args.tail(1).iter() {
        match name.to_ascii_lowercase().as_slice() {
            b"server" => sections.server = true,
            b"memory" => sections.memory = true,
            b"stats" => sections.stats = true,
            b"keyspace" => sections.keyspace = true,
            b"default" | b"all" | b"everything" => sections = all,
            // As in Redis, a section nobody knows is an empty one.
            _ => {}
        }
    }
    let sections = if call.args.len() == 1 { all } else { sections };
    Ok(Command::Keyspace(KeyspaceCommand::Info(sections)))
}

fn integer(text: &[u8]) -> Result<i64, CommandError<'static>> {
    decimal::parse_i64(text).ok_or(CommandError::NotInteger)
}
