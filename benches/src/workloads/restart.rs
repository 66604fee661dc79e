//! A supervised child that ends when it is told to, and how soon its next incarnation answers.

use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use greenroom_core::supervision::{Budget, ChildSpec, Strategy, SupervisorSpec};
use greenroom_core::{Actor, Context, Flow, Placement, Reply, System};

use crate::meter::{Extent, Meter};

/// How an incarnation ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// Its handler panics.
    Panic,
    /// Its handler says that it is through: a normal end, after which a permanent child is restarted.
    Stop,
}

/// Knows which of its incarnations it is.
struct Child {
    number: u64,
}

enum Told {
    End(End),
    Number(Reply<u64>),
}

impl Actor for Child {
    type Message = Told;

    async fn handle(&mut self, message: Told, _: &Context<Self>) -> Flow {
        match message {
            Told::End(End::Panic) => panic!("told to"),
            Told::End(End::Stop) => return Flow::Stop,
            Told::Number(reply) => reply.send(self.number),
        }
        Flow::Continue
    }
}

/// What the panics say that are asked for.
const ASKED_FOR: &str = "told to";

/// Keeps those panics quiet: printing them is not what is measured.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() != Some(ASKED_FOR) {
                before(info);
            }
        }));
    });
}

/// More than there can be.
const BUDGET: Budget = Budget::new(10_000_000, Duration::from_secs(1));

/// Restarts between two looks at the clock.
const RESTARTS_PER_LAP: u64 = 100;

/// Nanoseconds from telling an incarnation to end until the next one has answered.
pub(crate) async fn measure(system: System, end: End, extent: Extent) -> f64 {
    quieten();
    let born = AtomicU64::new(0);
    let child =
        ChildSpec::new("child", move || Child { number: born.fetch_add(1, Ordering::Relaxed) + 1 });
    let tree = SupervisorSpec::new(Strategy::OneForOne).budget(BUDGET).child(child.budget(BUDGET));
    let tree = tree.start(&system, Placement::Here).await.expect("a supervisor");
    let child = tree.child::<Child>("child").await.expect("it answers").expect("a child");
    let mut number = child.call(Told::Number).await.expect("answered");
    assert_eq!(number, 1, "there was an incarnation before the first");
    let mut meter = Meter::new(extent);
    loop {
        for _ in 0..RESTARTS_PER_LAP {
            child.cast(Told::End(end)).expect("room");
            number += 1;
            let answer = child.call(Told::Number).await.expect("the next incarnation answers");
            assert_eq!(answer, number, "an incarnation too few or too many");
        }
        if !meter.lap(RESTARTS_PER_LAP) {
            break;
        }
    }
    tree.stop();
    tree.exit().await;
    meter.nanos_each()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bare;

    #[test]
    fn every_incarnation_answers_however_the_one_before_ended() {
        for end in [End::Panic, End::Stop] {
            let each = bare::run(async move |s| measure(s, end, Extent::Units(1000)).await);
            assert!(each > 0.0);
        }
    }
}
