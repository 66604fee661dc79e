//! `ZADD` and `ZINCRBY`.

use super::Done;
use super::arguments::{double, is};
use crate::command::{Call, CommandError};
use crate::resp::{Args, Writer};
use crate::store::{Keyspace, Score, SortedSet};

/// What the options said.
#[derive(Debug, Clone, Copy, Default)]
struct Options {
    absent: bool,
    present: bool,
    greater: bool,
    less: bool,
    /// Count the changed as well as the new.
    changed: bool,
    increment: bool,
}

/// What was done, over all members.
#[derive(Debug, Default)]
struct Sum {
    added: usize,
    changed: usize,
    /// The score that the last member came to, if it was not passed over.
    score: Option<Score>,
}

/// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member ..`
pub(super) fn zadd<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let (options, pairs) = options(call.args.tail(2));
    if pairs.len() == 0 || !pairs.len().is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    let Options { absent, present, greater, less, increment, .. } = options;
    if absent && present {
        let text = "ERR XX and NX options at the same time are not compatible";
        return Err(CommandError::Text(text));
    }
    if (greater && less) || absent && (greater || less) {
        let text = "ERR GT, LT, and/or NX options at the same time are not compatible";
        return Err(CommandError::Text(text));
    }
    if increment && pairs.len() > 2 {
        return Err(CommandError::Text("ERR INCR option supports a single increment-element pair"));
    }
    add(call, keys, out, options, pairs)
}

/// `ZINCRBY key delta member`
pub(super) fn zincrby<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let options = Options { increment: true, ..Options::default() };
    add(call, keys, out, options, call.args.tail(2))
}

/// The options, and the pairs that follow them.
fn options(args: Args<'_>) -> (Options, Args<'_>) {
    let mut options = Options::default();
    for (at, option) in args.iter().enumerate() {
        let known = [
            ("NX", &mut options.absent),
            ("XX", &mut options.present),
            ("GT", &mut options.greater),
            ("LT", &mut options.less),
            ("CH", &mut options.changed),
            ("INCR", &mut options.increment),
        ];
        let Some((_, found)) = known.into_iter().find(|(name, _)| is(option, name)) else {
            return (options, args.tail(at));
        };
        *found = true;
    }
    (options, args.tail(args.len()))
}

fn add<'a>(
    call: &Call<'a>,
    keys: &mut Keyspace<'_>,
    out: &mut Writer,
    options: Options,
    pairs: Args<'a>,
) -> Done<'a> {
    // All of them are read before one is added.
    let scores: Result<Vec<f64>, _> = pairs.iter().step_by(2).map(double).collect();
    let members = scores?.into_iter().zip(pairs.tail(1).iter().step_by(2));
    let sum = keys.edit_or_create(call.at(1), |set: &mut SortedSet| {
        let mut sum = Sum::default();
        for (score, member) in members {
            one(set, options, (score, member), &mut sum)?;
        }
        Ok::<_, CommandError<'a>>(sum)
    })??;
    match (options.increment, sum.score) {
        (false, _) => out.count(sum.added + if options.changed { sum.changed } else { 0 }),
        (true, Some(score)) => out.double(score.number()),
        (true, None) => out.null(),
    }
    Ok(())
}

/// Adds one member, or changes its score, as the options allow.
fn one(
    set: &mut SortedSet,
    options: Options,
    (score, member): (f64, &[u8]),
    sum: &mut Sum,
) -> Result<(), CommandError<'static>> {
    sum.score = None;
    let current = set.score(member);
    let Some(current) = current else {
        if !options.present {
            let score = Score::new(score);
            set.set(member, score);
            sum.added += 1;
            sum.score = Some(score);
        }
        return Ok(());
    };
    if options.absent {
        return Ok(());
    }
    let score = if options.increment { current.number() + score } else { score };
    if score.is_nan() {
        return Err(CommandError::Text("ERR resulting score is not a number (NaN)"));
    }
    let score = Score::new(score);
    if options.greater && score <= current || options.less && score >= current {
        return Ok(());
    }
    sum.changed += usize::from(score != current);
    sum.score = Some(score);
    set.set(member, score);
    Ok(())
}
