//! Histories whose verdict is known, of each model.

use super::*;
use crate::check::{History, Model, Verdict, linearizable};

/// What happens in a history, by client.
enum Event<M: Model> {
    Call(u8, M::Op),
    Return(u8, M::Result),
}

use Event::{Call, Return};

/// Far more than these take.
const STEPS_MAX: usize = 10_000;

fn verdict<M: Model>(model: &M, script: Vec<Event<M>>) -> Verdict {
    let mut history = History::new();
    let mut open = std::collections::BTreeMap::new();
    for event in script {
        match event {
            Call(client, op) => drop(open.insert(client, history.call(op))),
            Return(client, result) => history.returned(open.remove(&client).unwrap(), result),
        }
    }
    linearizable(model, &history, STEPS_MAX)
}

fn is_good<M: Model>(model: &M, script: Vec<Event<M>>) -> bool {
    match verdict(model, script) {
        Verdict::Linearizable => true,
        Verdict::Violation(_) => false,
        Verdict::Unknown => panic!("a short history"),
    }
}

#[test]
fn a_register() {
    use {RegisterOp::*, RegisterResult::*};
    let model = Register::new();
    let read_beside_write = |value| {
        vec![
            Call(0, Write("a", 1)),
            Call(1, Read("a")),
            Return(1, Value(value)),
            Return(0, Written),
        ]
    };
    assert!(is_good(&model, read_beside_write(None)));
    assert!(is_good(&model, read_beside_write(Some(1))));
    assert!(!is_good(&model, read_beside_write(Some(2))));
    // A write that crashed may show late, but not come and go.
    let after_a_crash = |first, second| {
        vec![
            Call(0, Write("a", 1)),
            Call(1, Read("a")),
            Return(1, Value(first)),
            Call(1, Read("a")),
            Return(1, Value(second)),
        ]
    };
    assert!(is_good(&model, after_a_crash(None, Some(1))));
    assert!(is_good(&model, after_a_crash(None, None)));
    assert!(!is_good(&model, after_a_crash(Some(1), None)));
    // Keys are apart.
    let other_key = vec![
        Call(0, Write("a", 1)),
        Return(0, Written),
        Call(0, Read("b")),
        Return(0, Value(None)),
    ];
    assert!(is_good(&model, other_key));
}

#[test]
fn compare_and_swap() {
    use {CasOp::*, CasResult::*};
    let model = Cas::new();
    let swap = |expected, new| Swap { key: (), expected, new };
    let race = |first, second| {
        vec![
            Call(0, swap(None, 1)),
            Call(1, swap(None, 2)),
            Return(0, Swapped(first)),
            Return(1, Swapped(second)),
        ]
    };
    assert!(is_good(&model, race(true, false)));
    assert!(is_good(&model, race(false, true)));
    assert!(!is_good(&model, race(true, true)), "both cannot win");
    assert!(!is_good(&model, race(false, false)), "one does");
    let mut read_the_loser = race(true, false);
    read_the_loser.extend([Call(2, Read(())), Return(2, Value(Some(2)))]);
    assert!(!is_good(&model, read_the_loser));
    let written = vec![
        Call(0, Write((), 5)),
        Return(0, Written),
        Call(0, swap(Some(5), 6)),
        Call(1, Read(())),
        Return(1, Value(Some(6))),
    ];
    assert!(is_good(&model, written), "a swap that crashed took effect");
}

#[test]
fn a_queue() {
    use {QueueOp::*, QueueResult::*};
    let model = Queue::new();
    let pushed_apart = |first, second| {
        vec![
            Call(0, Push((), 1)),
            Return(0, Pushed),
            Call(0, Push((), 2)),
            Return(0, Pushed),
            Call(1, Pop(())),
            Return(1, Popped(first)),
            Call(1, Pop(())),
            Return(1, Popped(second)),
        ]
    };
    assert!(is_good(&model, pushed_apart(Some(1), Some(2))));
    assert!(!is_good(&model, pushed_apart(Some(2), Some(1))), "not the oldest");
    assert!(!is_good(&model, pushed_apart(Some(1), Some(1))), "taken twice");
    assert!(!is_good(&model, pushed_apart(Some(1), None)), "lost");
    let pushed_together = vec![
        Call(0, Push((), 1)),
        Call(1, Push((), 2)),
        Return(0, Pushed),
        Return(1, Pushed),
        Call(0, Pop(())),
        Return(0, Popped(Some(2))),
        Call(0, Pop(())),
        Return(0, Popped(Some(1))),
    ];
    assert!(is_good(&model, pushed_together));
    // A pop that crashed may have taken one.
    let crashed = vec![
        Call(0, Push((), 1)),
        Return(0, Pushed),
        Call(1, Pop(())),
        Call(0, Pop(())),
        Return(0, Popped(None)),
    ];
    assert!(is_good(&model, crashed));
}

#[test]
fn a_set() {
    use SetOp::*;
    let model = Set::new();
    let asked = |there, gone| {
        vec![
            Call(0, Insert(1)),
            Return(0, false),
            Call(1, Contains(1)),
            Return(1, there),
            Call(0, Remove(1)),
            Return(0, true),
            Call(1, Contains(1)),
            Return(1, gone),
        ]
    };
    assert!(is_good(&model, asked(true, false)));
    assert!(!is_good(&model, asked(false, false)), "a stale read");
    assert!(!is_good(&model, asked(true, true)), "removed, and still there");
    let both_inserted = |first, second| {
        vec![Call(0, Insert(7)), Call(1, Insert(7)), Return(0, first), Return(1, second)]
    };
    assert!(is_good(&model, both_inserted(true, false)));
    assert!(!is_good(&model, both_inserted(false, false)), "both were first");
}

#[test]
fn a_lock() {
    use LockOp::*;
    let model = Lock::new();
    let race = |first, second| {
        vec![
            Call(0, Acquire("l", 0)),
            Call(1, Acquire("l", 1)),
            Return(0, first),
            Return(1, second),
        ]
    };
    assert!(is_good(&model, race(true, false)));
    assert!(!is_good(&model, race(true, true)), "held by two");
    assert!(!is_good(&model, race(false, false)), "refused by nobody");
    let mut handed_on = race(true, false);
    handed_on.extend([
        Call(0, Release("l", 0)),
        Return(0, true),
        Call(1, Acquire("l", 1)),
        Return(1, true),
    ]);
    assert!(is_good(&model, handed_on));
    let mut others = race(true, false);
    others.extend([Call(1, Release("l", 1)), Return(1, true)]);
    assert!(!is_good(&model, others), "released by another");
    // The release of a client that crashed may have happened.
    let mut crashed = race(true, false);
    crashed.extend([Call(0, Release("l", 0)), Call(1, Acquire("l", 1)), Return(1, true)]);
    assert!(is_good(&model, crashed));
}

#[test]
fn a_search_that_is_given_up_is_no_success() {
    let mut history = History::new();
    // Crashed writes may be anywhere, so there are very many orders, and none fits.
    for value in 0..20 {
        let _crashed = history.call(RegisterOp::Write((), value));
    }
    let read = history.call(RegisterOp::Read(()));
    history.returned(read, RegisterResult::Value(Some(99)));
    let verdict = linearizable(&Register::new(), &history, 1_000);
    assert_eq!(verdict, Verdict::Unknown);
    assert!(std::panic::catch_unwind(|| verdict.expect_linearizable()).is_err());
}
