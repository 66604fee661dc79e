//! Histories whose verdict is known.

use super::*;
use crate::check::CallId;

/// Registers that are set and read.
struct Registers;

#[derive(Clone, Debug)]
enum Op {
    Set(&'static str, u32),
    Get(&'static str),
}

use Op::{Get, Set};

impl Model for Registers {
    type Op = Op;
    /// What was read; 0 for a set.
    type Result = u32;
    type Key = &'static str;
    type State = u32;

    fn key(&self, op: &Op) -> &'static str {
        match op {
            Set(key, _) | Get(key) => key,
        }
    }

    fn step(&self, state: &u32, op: &Op, result: Option<&u32>) -> Option<u32> {
        match op {
            Set(_, value) => Some(*value),
            Get(_) => result.is_none_or(|result| result == state).then_some(*state),
        }
    }
}

/// A history from a script: `+name op` calls, `-name result` returns.
fn history(script: &[(usize, Event)]) -> History<Op, u32> {
    let mut history = History::new();
    let mut calls: Vec<Option<CallId>> = vec![None; 32];
    for (name, event) in script {
        match event {
            Call(op) => calls[*name] = Some(history.call(op.clone())),
            Return(result) => history.returned(calls[*name].unwrap(), *result),
        }
    }
    history
}

#[derive(Clone)]
enum Event {
    Call(Op),
    Return(u32),
}

use Event::{Call, Return};

fn verdict(script: &[(usize, Event)]) -> Verdict {
    linearizable(&Registers, &history(script), 100_000)
}

fn is_violation(script: &[(usize, Event)]) -> bool {
    matches!(verdict(script), Verdict::Violation(_))
}

#[test]
fn one_after_the_other() {
    let good = [(0, Call(Set("a", 1))), (0, Return(0)), (1, Call(Get("a"))), (1, Return(1))];
    assert_eq!(verdict(&good), Verdict::Linearizable);
    let stale = [(0, Call(Set("a", 1))), (0, Return(0)), (1, Call(Get("a"))), (1, Return(0))];
    assert!(is_violation(&stale));
    assert_eq!(verdict(&[]), Verdict::Linearizable);
}

#[test]
fn what_overlaps_may_come_in_any_order() {
    for read in [0, 1, 2] {
        let script = [
            (0, Call(Set("a", 1))),
            (1, Call(Set("a", 2))),
            (2, Call(Get("a"))),
            (2, Return(read)),
            (1, Return(0)),
            (0, Return(0)),
        ];
        assert_eq!(verdict(&script), Verdict::Linearizable, "{read}");
    }
    // Two readers one after the other must agree on an order.
    let torn = [
        (0, Call(Set("a", 1))),
        (1, Call(Get("a"))),
        (1, Return(1)),
        (2, Call(Get("a"))),
        (2, Return(0)),
        (0, Return(0)),
    ];
    assert!(is_violation(&torn));
}

#[test]
fn parts_do_not_know_each_other() {
    let script = [
        (0, Call(Set("a", 1))),
        (0, Return(0)),
        (1, Call(Get("b"))),
        (1, Return(0)),
        (2, Call(Get("a"))),
        (2, Return(0)),
    ];
    let Verdict::Violation(what) = verdict(&script) else { panic!("a was read as it was before") };
    assert!(what.starts_with("\"a\"") && what.contains("Get(\"a\") -> 0 from 4 to 5"), "{what}");
    assert!(!what.contains("Get(\"b\")"));
}

#[test]
fn what_never_returned_may_have_happened_or_not() {
    for read in [0, 1] {
        let script = [(0, Call(Set("a", 1))), (1, Call(Get("a"))), (1, Return(read))];
        assert_eq!(verdict(&script), Verdict::Linearizable, "{read}");
    }
    let undone = [
        (0, Call(Set("a", 1))),
        (1, Call(Get("a"))),
        (1, Return(1)),
        (2, Call(Get("a"))),
        (2, Return(0)),
    ];
    assert!(is_violation(&undone));
}

#[test]
fn a_search_that_is_given_up_is_no_success() {
    // Twenty writes at once, and a value that nobody wrote: every order would have to be tried.
    let mut script: Vec<_> = (0..20).map(|name| (name, Call(Set("a", 1 + name as u32)))).collect();
    script.extend((0..20).map(|name| (name, Return(0))));
    script.extend([(20, Call(Get("a"))), (20, Return(99))]);
    assert_eq!(linearizable(&Registers, &history(&script), 1_000), Verdict::Unknown);
    let result = std::panic::catch_unwind(|| Verdict::Unknown.expect_linearizable());
    assert!(result.is_err(), "unknown is never green");
}

#[test]
fn a_call_that_failed_had_no_effect() {
    let mut history = History::new();
    let set = history.call(Set("a", 1));
    history.failed(set);
    let get = history.call(Get("a"));
    history.returned(get, 1);
    let verdict = linearizable(&Registers, &history, 100);
    assert!(matches!(verdict, Verdict::Violation(_)), "{verdict}");
}
