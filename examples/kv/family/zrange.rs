//! `ZRANGE`.

use std::ops::Bound;

use super::Done;
use super::arguments::{integer, is};
use super::ranges::stretch;
use super::sorted_sets::{head, pair};
use crate::command::{Call, CommandError};
use crate::resp::{Args, Writer};
use crate::store::{Keyspace, Kind, Score, ScoreRange, SortedSet};

/// By what members are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Name,
}

/// What the options said.
#[derive(Debug)]
struct Options {
    by: By,
    reverse: bool,
    scores: bool,
    /// How many to pass over and how many to take of those chosen; negative for all.
    limit: Option<(i64, i64)>,
}

/// A range that was asked for.
#[derive(Debug)]
enum Range<'a> {
    Ranks(i64, i64),
    Scores(ScoreRange),
    Names(Bound<&'a [u8]>, Bound<&'a [u8]>),
    /// No name can lie in it: `+` before `-`.
    Nothing,
}

/// `ZRANGE key min max [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
pub(super) fn zrange<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let options = options(call.args.tail(4))?;
    let (from, to) = (call.at(2), call.at(3));
    // Backwards, the greater bound comes first; ranks are counted backwards instead.
    let (min, max) = if options.reverse { (to, from) } else { (from, to) };
    let range = match options.by {
        By::Rank => Range::Ranks(integer(from)?, integer(to)?),
        By::Score => Range::Scores(ScoreRange { min: score(min)?, max: score(max)? }),
        By::Name => names(min, max)?,
    };
    let Some(set) = keys.read::<SortedSet>(call.at(1))? else {
        out.array(0);
        return Ok(());
    };
    let chosen = choose(set, &range, &options);
    if !options.scores {
        out.array(chosen.len());
        chosen.iter().for_each(|(member, _)| out.bulk(member));
        return Ok(());
    }
    head(out, chosen.len(), true);
    chosen.iter().for_each(|(member, score)| pair(out, member, *score, true));
    Ok(())
}

fn options(args: Args<'_>) -> Result<Options, CommandError<'_>> {
    let mut options = Options { by: By::Rank, reverse: false, scores: false, limit: None };
    let mut args = args.iter();
    while let Some(option) = args.next() {
        if is(option, "WITHSCORES") {
            options.scores = true;
        } else if is(option, "LIMIT") && args.len() >= 2 {
            let mut number = || integer(args.next().unwrap_or_default());
            options.limit = Some((number()?, number()?));
        } else if is(option, "REV") && !options.reverse {
            options.reverse = true;
        } else if is(option, "BYSCORE") && options.by == By::Rank {
            options.by = By::Score;
        } else if is(option, "BYLEX") && options.by == By::Rank {
            options.by = By::Name;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    if options.limit.is_some_and(|limit| limit != (0, -1)) && options.by == By::Rank {
        let text = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE \
                    or BYLEX";
        return Err(CommandError::Text(text));
    }
    if options.scores && options.by == By::Name {
        let text = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
        return Err(CommandError::Text(text));
    }
    Ok(options)
}

/// A score as a bound: `(` leaves it out.
fn score(text: &[u8]) -> Result<Bound<f64>, CommandError<'static>> {
    let (excluded, text) = match text {
        [b'(', text @ ..] => (true, text),
        text => (false, text),
    };
    // As `strtod` does: nothing is zero, blanks may come first, what is too large is infinite.
    let number = match text {
        [] => Some(0.0),
        text => {
            std::str::from_utf8(text.trim_ascii_start()).ok().and_then(|text| text.parse().ok())
        }
    };
    let number = number.filter(|number: &f64| !number.is_nan());
    let number = number.ok_or(CommandError::Text("ERR min or max is not a float"))?;
    Ok(if excluded { Bound::Excluded(number) } else { Bound::Included(number) })
}

fn names<'a>(min: &'a [u8], max: &'a [u8]) -> Result<Range<'a>, CommandError<'a>> {
    let name = |text: &'a [u8]| match text {
        b"-" | b"+" => Ok(Bound::Unbounded),
        [b'(', name @ ..] => Ok(Bound::Excluded(name)),
        [b'[', name @ ..] => Ok(Bound::Included(name)),
        _ => Err(CommandError::Text("ERR min or max not valid string range item")),
    };
    let (low, high) = (name(min)?, name(max)?);
    Ok(if min == b"+" || max == b"-" { Range::Nothing } else { Range::Names(low, high) })
}

/// A member and its score.
type Chosen<'s> = (&'s [u8], Score);

fn choose<'s>(set: &'s SortedSet, range: &Range<'_>, options: &Options) -> Vec<Chosen<'s>> {
    match range {
        Range::Nothing => Vec::new(),
        Range::Ranks(first, last) => match stretch(*first, *last, set.len()) {
            None => Vec::new(),
            Some((start, len)) => taken(set.iter(), options.reverse, start, len),
        },
        Range::Scores(range) => limited(set.by_score(*range), options),
        // Names are in order where scores are equal, and nothing is promised where they are not.
        Range::Names(low, high) => {
            let within = |(member, _): &(&[u8], Score)| above(low, member) && below(high, member);
            limited(set.iter().filter(within), options)
        }
    }
}

fn above(low: &Bound<&[u8]>, member: &[u8]) -> bool {
    match low {
        Bound::Unbounded => true,
        Bound::Included(low) => member >= *low,
        Bound::Excluded(low) => member > *low,
    }
}

fn below(high: &Bound<&[u8]>, member: &[u8]) -> bool {
    match high {
        Bound::Unbounded => true,
        Bound::Included(high) => member <= *high,
        Bound::Excluded(high) => member < *high,
    }
}

/// Those of the members that `LIMIT` leaves.
fn limited<'s>(
    members: impl DoubleEndedIterator<Item = Chosen<'s>>,
    options: &Options,
) -> Vec<Chosen<'s>> {
    let (offset, count) = options.limit.unwrap_or((0, -1));
    let Ok(start) = usize::try_from(offset) else { return Vec::new() };
    taken(members, options.reverse, start, usize::try_from(count).unwrap_or(usize::MAX))
}

fn taken<'s>(
    members: impl DoubleEndedIterator<Item = Chosen<'s>>,
    reverse: bool,
    start: usize,
    len: usize,
) -> Vec<Chosen<'s>> {
    if reverse {
        members.rev().skip(start).take(len).collect()
    } else {
        members.skip(start).take(len).collect()
    }
}
