//! Holds the mesh's ring against `rtrb`'s chunks, on two pinned cores:
//! `cargo run --release -p greenroom-shard --example ring_floor -- [thousand items] [rounds]`.
//!
//! The two rings take turns, round by round, so that a drift of the machine hits both alike, and a
//! pair of rounds counts only if no thread was preempted in it, so that other programs do not
//! measure themselves here. A row gives the median time of either and the median of the rounds'
//! ratios: below 1 the ring of the mesh is the faster one. The items have 64 bytes, once aligned
//! like plain integers and once like a cache line.

#![expect(clippy::print_stdout, reason = "a command's output")]
#![expect(clippy::disallowed_methods, reason = "it measures the machine's own time")]

use std::{
    collections::VecDeque,
    env, fs, hint,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use core_affinity::CoreId;

/// Slots of every ring that is measured.
const CAPACITY: usize = 1024;
/// The most items the receiver takes before it gives their slots back.
const TAKE_MAX: usize = 256;

fn main() {
    let mut args = env::args().skip(1).map(|arg| arg.parse::<u64>().expect("a number"));
    let items = args.next().unwrap_or(50) * 1_000;
    let rounds = args.next().unwrap_or(101) as usize;
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let &[near, far, ..] = &cores[..] else {
        println!("two cores are needed, {} are allowed", cores.len());
        return;
    };
    let cores = [near, far];
    println!(
        "{:<34} {:>7} {:>7} {:>9}  {:>11}  pairs",
        "ns", "own", "rtrb", "own/rtrb", "quartiles"
    );
    for flush in [1, 8, 32, 128] {
        compare(&format!("item, packed, flushed every {flush}"), rounds, |own| match own {
            true => stream::<Own, Packed>(cores, items, flush),
            false => stream::<Rtrb, Packed>(cores, items, flush),
        });
        compare(&format!("item, on lines, flushed every {flush}"), rounds, |own| match own {
            true => stream::<Own, Lined>(cores, items, flush),
            false => stream::<Rtrb, Lined>(cores, items, flush),
        });
    }
    compare("round trip, packed", rounds, |own| match own {
        true => ping_pong::<Own, Packed>(cores, items / 10),
        false => ping_pong::<Rtrb, Packed>(cores, items / 10),
    });
    compare("round trip, on lines", rounds, |own| match own {
        true => ping_pong::<Own, Lined>(cores, items / 10),
        false => ping_pong::<Rtrb, Lined>(cores, items / 10),
    });
}

/// Runs both rings, in alternating order, until `rounds` pairs count, and prints the row.
fn compare(name: &str, rounds: usize, mut run: impl FnMut(bool) -> Option<f64>) {
    let (mut own, mut rtrb, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    for attempt in 0..20 * rounds {
        let own_first = attempt % 2 == 0;
        let (Some(first), Some(second)) = (run(own_first), run(!own_first)) else { continue };
        let (ours, theirs) = if own_first { (first, second) } else { (second, first) };
        own.push(ours);
        rtrb.push(theirs);
        ratio.push(ours / theirs);
        if ratio.len() == rounds {
            break;
        }
    }
    if ratio.is_empty() {
        println!("{name:<34} every round was disturbed");
        return;
    }
    println!(
        "{name:<34} {:>7.1} {:>7.1} {:>9.2}  {:>5.2} {:>5.2}  {}",
        quantile(&mut own, 2),
        quantile(&mut rtrb, 2),
        quantile(&mut ratio, 2),
        quantile(&mut ratio, 1),
        quantile(&mut ratio, 3),
        ratio.len(),
    );
}

/// The given quarter (2 is the median) of the samples.
fn quantile(samples: &mut [f64], quarter: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[(samples.len() - 1) * quarter / 4]
}

/// One way, from an outbox that is flushed every `flush` items. Nanoseconds an item.
fn stream<L: Link, T: Payload>(cores: [CoreId; 2], items: u64, flush: u64) -> Option<f64> {
    let (mut sender, mut receiver) = L::open::<T>();
    let send = move || {
        let mut outbox = VecDeque::with_capacity(2 * flush as usize);
        for number in 0..items {
            outbox.push_back(T::new(number));
            if (number + 1) % flush == 0 || number + 1 == items {
                while !outbox.is_empty() {
                    if L::send(&mut sender, &mut outbox) == 0 {
                        hint::spin_loop();
                    }
                }
            }
        }
    };
    let receive = move || {
        let mut expected = 0;
        while expected < items {
            let taken = L::receive(&mut receiver, |item: T| {
                assert_eq!(item.number(), expected, "the ring keeps the order");
                expected += 1;
            });
            if taken == 0 {
                hint::spin_loop();
            }
        }
    };
    race(cores, send, receive).map(|took| took.as_nanos() as f64 / items as f64)
}

/// To and fro through two rings, one item at a time, both sides polling. Nanoseconds a round trip.
fn ping_pong<L: Link, T: Payload>(cores: [CoreId; 2], trips: u64) -> Option<f64> {
    let (mut to, mut asked) = L::open::<T>();
    let (mut fro, mut answered) = L::open::<T>();
    let answer = move || {
        let mut outbox = VecDeque::with_capacity(1);
        for _ in 0..trips {
            while L::receive(&mut asked, |item: T| outbox.push_back(item)) == 0 {
                hint::spin_loop();
            }
            L::send(&mut fro, &mut outbox);
        }
    };
    let ask = move || {
        let mut outbox = VecDeque::with_capacity(1);
        for number in 0..trips {
            outbox.push_back(T::new(number));
            L::send(&mut to, &mut outbox);
            while L::receive(&mut answered, |item: T| assert_eq!(item.number(), number)) == 0 {
                hint::spin_loop();
            }
        }
    };
    race(cores, answer, ask).map(|took| took.as_nanos() as f64 / trips as f64)
}

/// Runs both closures at once, each on a core and on a stack of its own: the ends of a ring are
/// written at every use, and side by side in one frame they would share a line. Returns what the
/// second one took, or `None` when one of them had to leave its core.
fn race(
    cores: [CoreId; 2],
    first: impl FnOnce() + Send,
    second: impl FnOnce() + Send,
) -> Option<Duration> {
    let missing = &AtomicU32::new(2);
    thread::scope(|scope| {
        let other = scope.spawn(move || undisturbed(cores[0], missing, first));
        let timed = scope.spawn(move || undisturbed(cores[1], missing, second));
        let [other, timed] = [other, timed].map(|side| side.join().expect("no check failed"));
        other.and(timed)
    })
}

/// Runs `side` on `core` once both threads are there, and times it.
fn undisturbed(core: CoreId, missing: &AtomicU32, side: impl FnOnce()) -> Option<Duration> {
    core_affinity::set_for_current(core);
    let before = preemptions();
    meet(missing);
    let begun = Instant::now();
    side();
    let took = begun.elapsed();
    (before == preemptions()).then_some(took)
}

/// How often the kernel took the core away from this thread, or `None` where it does not tell.
fn preemptions() -> Option<u64> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("nonvoluntary_ctxt_switches"))?;
    line.split_whitespace().last()?.parse().ok()
}

/// Both threads leave together, without a sleep whose end one of them would have to wait for.
fn meet(missing: &AtomicU32) {
    missing.fetch_sub(1, Ordering::AcqRel);
    while missing.load(Ordering::Acquire) != 0 {
        hint::spin_loop();
    }
}

/// Sixty-four bytes that carry a number.
trait Payload: Send {
    fn new(number: u64) -> Self;
    fn number(&self) -> u64;
}

struct Packed([u64; 8]);

impl Payload for Packed {
    fn new(number: u64) -> Self {
        Self([number; 8])
    }

    fn number(&self) -> u64 {
        hint::black_box(&self.0)[7]
    }
}

#[repr(align(64))]
struct Lined([u64; 8]);

impl Payload for Lined {
    fn new(number: u64) -> Self {
        Self([number; 8])
    }

    fn number(&self) -> u64 {
        hint::black_box(&self.0)[7]
    }
}

/// A ring as the mesh uses it: an outbox is flushed into it, and what has arrived is taken out in
/// one go.
trait Link {
    type Sender<T: Send>: Send;
    type Receiver<T: Send>: Send;

    fn open<T: Send>() -> (Self::Sender<T>, Self::Receiver<T>);
    fn send<T: Send>(sender: &mut Self::Sender<T>, outbox: &mut VecDeque<T>) -> usize;
    fn receive<T: Send>(receiver: &mut Self::Receiver<T>, take: impl FnMut(T)) -> usize;
}

struct Own;

impl Link for Own {
    type Sender<T: Send> = greenroom_shard::mesh::Producer<T>;
    type Receiver<T: Send> = greenroom_shard::mesh::Consumer<T>;

    fn open<T: Send>() -> (Self::Sender<T>, Self::Receiver<T>) {
        greenroom_shard::mesh::ring(CAPACITY)
    }

    fn send<T: Send>(sender: &mut Self::Sender<T>, outbox: &mut VecDeque<T>) -> usize {
        sender.push_batch(outbox)
    }

    fn receive<T: Send>(receiver: &mut Self::Receiver<T>, take: impl FnMut(T)) -> usize {
        receiver.pop_batch(TAKE_MAX, take)
    }
}

struct Rtrb;

impl Link for Rtrb {
    type Sender<T: Send> = rtrb::Producer<T>;
    type Receiver<T: Send> = rtrb::Consumer<T>;

    fn open<T: Send>() -> (Self::Sender<T>, Self::Receiver<T>) {
        rtrb::RingBuffer::new(CAPACITY)
    }

    fn send<T: Send>(sender: &mut Self::Sender<T>, outbox: &mut VecDeque<T>) -> usize {
        let mut room = sender.cached_slots();
        if room < outbox.len() {
            room = sender.slots();
        }
        let count = room.min(outbox.len());
        match sender.write_chunk_uninit(count) {
            Ok(chunk) => chunk.fill_from_iter(outbox.drain(..count)),
            Err(_) => 0,
        }
    }

    fn receive<T: Send>(receiver: &mut Self::Receiver<T>, take: impl FnMut(T)) -> usize {
        let mut ready = receiver.cached_slots();
        if ready < TAKE_MAX {
            ready = receiver.slots();
        }
        let count = ready.min(TAKE_MAX);
        if count == 0 {
            return 0;
        }
        if let Ok(chunk) = receiver.read_chunk(count) {
            chunk.into_iter().for_each(take);
        }
        count
    }
}
