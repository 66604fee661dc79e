//! Datagrams between nodes, and what goes wrong with them.

use std::cell::RefCell;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

use greenroom_core::io::net;
use greenroom_core::runtime::{BindOptions, NetDone, NetRequest, SocketId};
use greenroom_core::spawn_local;
use greenroom_testkit::{Campaign, Crash, Fault, Faults, TestRuntime};

use super::actors::is_whole;
use super::sockets_io::close;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// What came, in order.
type Heard = Rc<RefCell<Vec<Vec<u8>>>>;

async fn bind(address: &str) -> Result<SocketId, Error> {
    match net(NetRequest::Bind(BindOptions::new(address.parse().unwrap()))).await? {
        NetDone::Bound { socket, .. } => Ok(socket),
        other => panic!("{other:?}"),
    }
}

async fn receive_from(socket: SocketId) -> Result<(Vec<u8>, SocketAddr), Error> {
    match net(NetRequest::ReceiveFrom { socket }).await? {
        NetDone::ReceivedFrom { data, from, len } => {
            assert_eq!(data.len(), len, "a short datagram was cut");
            Ok((data.to_vec(), from))
        }
        other => panic!("{other:?}"),
    }
}

async fn send_to(socket: SocketId, data: &[u8], to: Option<&str>) -> Result<(), Error> {
    let (data, to) = (data.to_vec(), to.map(|to| to.parse().unwrap()));
    match net(NetRequest::SendTo { socket, data, to }).await? {
        NetDone::Sent { .. } => Ok(()),
        other => panic!("{other:?}"),
    }
}

async fn set_peer(socket: SocketId, peer: &str) {
    net(NetRequest::SetPeer { socket, peer: peer.parse().unwrap() }).await.unwrap();
}

/// Node 1 keeps what comes to its port 53.
fn listen(sim: &mut TestRuntime) -> Heard {
    let heard = Heard::default();
    let kept = heard.clone();
    drop(sim.start_on(1, async move |_| {
        let socket = bind("0.0.0.0:53").await.unwrap();
        while let Ok((data, from)) = receive_from(socket).await {
            assert_eq!(from, "10.0.0.1:7".parse().unwrap());
            kept.borrow_mut().push(data);
        }
    }));
    sim.advance(SECOND);
    heard
}

/// Node 0 sends so many numbers there, and stops.
fn tell(sim: &mut TestRuntime, count: u8) {
    sim.run(async move |_| {
        let socket = bind("0.0.0.0:7").await.unwrap();
        for number in 0..count {
            send_to(socket, &[number], Some("10.0.0.2:53")).await.unwrap();
        }
        close(socket).await;
    });
}

fn two_nodes(name: &str, seeds: u64, faults: Faults) -> Campaign {
    // What is counted here goes wrong under every seed.
    let campaign = Campaign::new(name).seeds(seeds).fault_masks(false);
    campaign.runtime(move |builder, _| builder.nodes(2).faults(faults))
}

/// Seeds of the campaigns below, in each of which 20 datagrams are sent.
const SEEDS: u64 = 40;

/// What comes of the datagrams of each seed under these faults, and how often the fault had an
/// effect. Over all seeds it has one for some datagrams and not for others.
fn told_under(name: &str, faults: Faults, fault: Fault) -> Vec<(Vec<u8>, u64)> {
    let runs = Mutex::new(Vec::new());
    let summary = two_nodes(name, SEEDS, faults).run(|sim| {
        let heard = listen(sim);
        tell(sim, 20);
        sim.advance(HOUR);
        let came = heard.borrow().iter().map(|data| data[0]).collect();
        runs.lock().unwrap().push((came, sim.fault_effects(fault)));
    });
    let runs = runs.into_inner().unwrap();
    if summary.is_whole() && faults != Faults::none() {
        let effects = runs.iter().map(|(_, effects)| effects).sum::<u64>();
        assert!((SEEDS..SEEDS * 20).contains(&effects), "{effects} times {fault:?}");
    }
    runs
}

fn all() -> Vec<u8> {
    (0..20).collect()
}

#[test]
fn without_faults_datagrams_come_once_and_in_order() {
    let name = "sim::datagrams::without_faults_datagrams_come_once_and_in_order";
    for (came, effects) in told_under(name, Faults::none(), Fault::DatagramLoss) {
        assert_eq!((came, effects), (all(), 0));
    }
}

#[test]
fn datagrams_are_lost_and_nobody_is_told() {
    let name = "sim::datagrams::datagrams_are_lost_and_nobody_is_told";
    let faults = Faults::none().datagram_loss_probability(0.3);
    for (came, lost) in told_under(name, faults, Fault::DatagramLoss) {
        assert_eq!(came.len() as u64 + lost, 20);
        assert!(came.is_sorted());
    }
}

#[test]
fn datagrams_come_twice() {
    let name = "sim::datagrams::datagrams_come_twice";
    let faults = Faults::none().datagram_duplication_probability(0.5);
    for (came, doubled) in told_under(name, faults, Fault::DatagramDuplication) {
        assert_eq!(came.len() as u64, 20 + doubled);
        let mut first = Vec::new();
        for number in came {
            if !first.contains(&number) {
                first.push(number);
            }
        }
        assert_eq!(first, all(), "a copy overtook another");
    }
}

#[test]
fn datagrams_overtake_each_other() {
    let name = "sim::datagrams::datagrams_overtake_each_other";
    let faults = Faults::none().datagram_reordering_probability(0.3);
    let mut unsorted = 0;
    for (mut came, overtaken) in told_under(name, faults, Fault::DatagramReordering) {
        assert_eq!(came.is_sorted(), overtaken == 0);
        unsorted += usize::from(!came.is_sorted());
        came.sort_unstable();
        assert_eq!(came, all());
    }
    assert!(unsorted > 20 || !is_whole(SEEDS), "{unsorted} of {SEEDS} runs");
}

#[test]
fn a_buffer_is_full_at_a_rate() {
    let name = "sim::datagrams::a_buffer_is_full_at_a_rate";
    let faults = Faults::none().datagram_overflow_probability(0.3);
    for (came, dropped) in told_under(name, faults, Fault::DatagramOverflow) {
        assert_eq!(came.len() as u64 + dropped, 20);
    }
}

#[test]
fn a_full_buffer_drops_what_comes_and_keeps_what_it_has() {
    let name = "sim::datagrams::a_full_buffer_drops_what_comes_and_keeps_what_it_has";
    two_nodes(name, 30, Faults::none()).run(|sim| {
        const SENT: usize = 300;
        let root = sim.start_on(1, async |_| bind("0.0.0.0:53").await.unwrap());
        let socket = sim.finish(root);
        sim.run(async move |_| {
            let socket = bind("0.0.0.0:7").await.unwrap();
            for number in 0..SENT {
                let data = vec![number as u8; 1000];
                send_to(socket, &data, Some("10.0.0.2:53")).await.unwrap();
            }
        });
        sim.advance(HOUR);
        let dropped = sim.fault_effects(Fault::DatagramOverflow) as usize;
        assert!((1..SENT).contains(&dropped), "{dropped} of {SENT}");
        let root = sim.start_on(1, async move |_| {
            for number in 0..SENT - dropped {
                let (data, _) = receive_from(socket).await.unwrap();
                assert_eq!(data, vec![number as u8; 1000]);
            }
        });
        sim.finish(root);
    });
}

#[test]
fn what_a_partition_stops_is_lost() {
    let name = "sim::datagrams::what_a_partition_stops_is_lost";
    two_nodes(name, 50, Faults::none()).run(|sim| {
        let heard = listen(sim);
        match sim.draw(3) {
            0 => sim.partition(0, 1),
            1 => sim.isolate(1),
            _ => sim.partition_one_way(0, 1),
        }
        tell(sim, 3);
        sim.advance(SECOND);
        let stopped = [Fault::Partition, Fault::Isolation, Fault::OneWayPartition];
        let stopped: u64 = stopped.map(|fault| sim.fault_effects(fault)).iter().sum();
        assert_eq!(stopped, 3);
        sim.heal();
        sim.advance(HOUR);
        assert_eq!(*heard.borrow(), Vec::<Vec<u8>>::new(), "sent again by nobody");
        tell(sim, 1);
        sim.advance(HOUR);
        assert_eq!(*heard.borrow(), [[0]]);
    });
}

#[test]
fn a_clogged_link_delays_datagrams() {
    let name = "sim::datagrams::a_clogged_link_delays_datagrams";
    two_nodes(name, 30, Faults::none()).run(|sim| {
        let heard = listen(sim);
        sim.clog(0, 1, 60 * SECOND);
        tell(sim, 3);
        sim.advance(59 * SECOND);
        assert!(heard.borrow().is_empty());
        sim.advance(HOUR);
        assert_eq!(*heard.borrow(), [[0], [1], [2]]);
        assert_eq!(sim.fault_effects(Fault::Clog), 3);
    });
}

#[test]
fn an_extra_delay_holds_datagrams_up() {
    let name = "sim::datagrams::an_extra_delay_holds_datagrams_up";
    let faults = Faults::none().delay_probability(1.0).delay_typical(60 * SECOND);
    two_nodes(name, 30, faults).run(|sim| {
        let heard = listen(sim);
        tell(sim, 3);
        sim.advance(59 * SECOND);
        assert!(heard.borrow().is_empty());
        sim.advance(100 * HOUR);
        assert_eq!(*heard.borrow(), [[0], [1], [2]]);
    });
}

#[test]
fn a_half_open_pair_is_silent_both_ways() {
    let name = "sim::datagrams::a_half_open_pair_is_silent_both_ways";
    two_nodes(name, 30, Faults::none().half_open_probability(1.0)).run(|sim| {
        let root = sim.start_on(1, async |_| bind("0.0.0.0:53").await.unwrap());
        let far = sim.finish(root);
        let near = sim.run(async |_| {
            let near = bind("0.0.0.0:7").await.unwrap();
            send_to(near, b"x", Some("10.0.0.2:53")).await.unwrap();
            near
        });
        sim.advance(HOUR);
        assert_eq!(sim.fault_effects(Fault::HalfOpen), 1);
        sim.set_faults(Faults::none());
        let root = sim.start_on(1, async move |_| {
            send_to(far, b"back", Some("10.0.0.1:7")).await.unwrap();
            send_to(far, b"another", Some("10.0.0.1:8")).await.unwrap();
        });
        let other = sim.run(async |_| {
            let other = bind("0.0.0.0:8").await.unwrap();
            receive_from(other).await.unwrap()
        });
        assert_eq!(other.0, b"another", "another pair is not concerned");
        sim.finish(root);
        sim.run(async move |_| send_to(near, b"y", Some("10.0.0.2:53")).await.unwrap());
        sim.advance(HOUR);
        assert_eq!(sim.fault_effects(Fault::HalfOpen), 3);
    });
}

#[test]
fn who_has_a_peer_hears_that_nobody_is_there() {
    let name = "sim::datagrams::who_has_a_peer_hears_that_nobody_is_there";
    two_nodes(name, 50, Faults::none()).run(|sim| {
        sim.run(async |_| {
            let socket = bind("0.0.0.0:7").await.unwrap();
            // Without a peer nobody is told.
            send_to(socket, b"x", Some("10.0.0.2:53")).await.unwrap();
            let nowhere = send_to(socket, b"x", Some("10.0.0.9:53")).await.unwrap_err();
            assert_eq!(nowhere.kind(), ErrorKind::HostUnreachable);
            set_peer(socket, "10.0.0.2:53").await;
            send_to(socket, b"x", None).await.unwrap();
            let refused = receive_from(socket).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        });
    });
}

#[test]
fn a_node_that_goes_down_takes_its_datagrams_along() {
    let name = "sim::datagrams::a_node_that_goes_down_takes_its_datagrams_along";
    two_nodes(name, 50, Faults::none()).run(|sim| {
        let heard = listen(sim);
        let how = if sim.draw(2) == 0 { Crash::Power } else { Crash::Process };
        sim.crash(1, how);
        tell(sim, 3);
        sim.advance(HOUR);
        sim.restart(1);
        assert!(heard.borrow().is_empty());
        let heard = listen(sim);
        tell(sim, 2);
        sim.advance(HOUR);
        assert_eq!(
            *heard.borrow(),
            [[0], [1]],
            "its address is free, and nothing is left of before"
        );
    });
}

#[test]
fn sockets_that_share_an_address_share_the_datagrams() {
    let name = "sim::datagrams::sockets_that_share_an_address_share_the_datagrams";
    let counts = Mutex::new([0; 2]);
    let summary = two_nodes(name, 30, Faults::none()).run(|sim| {
        let heard = Rc::new(RefCell::new([0; 2]));
        let shared = heard.clone();
        drop(sim.start_on(1, async move |_| {
            for number in 0..2 {
                let address = "0.0.0.0:53".parse().unwrap();
                let options = BindOptions { reuse_port: true, ..BindOptions::new(address) };
                let NetDone::Bound { socket, .. } = net(NetRequest::Bind(options)).await.unwrap()
                else {
                    panic!("not bound");
                };
                let heard = shared.clone();
                spawn_local(async move {
                    while receive_from(socket).await.is_ok() {
                        heard.borrow_mut()[number] += 1;
                    }
                });
            }
        }));
        sim.advance(SECOND);
        tell(sim, 20);
        sim.advance(HOUR);
        let heard = *heard.borrow();
        assert_eq!(heard[0] + heard[1], 20);
        let mut counts = counts.lock().unwrap();
        (0..2).for_each(|number| counts[number] += heard[number]);
    });
    if !summary.is_whole() {
        return;
    }
    let counts = counts.into_inner().unwrap();
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

#[test]
fn datagrams_are_a_function_of_the_seed() {
    let faults = Faults::none()
        .datagram_loss_probability(0.1)
        .datagram_duplication_probability(0.1)
        .datagram_reordering_probability(0.2)
        .datagram_overflow_probability(0.1)
        .partition_probability(0.05)
        .delay_probability(0.2);
    let hash = |seed, faults| {
        let mut sim = TestRuntime::builder().seed(seed).nodes(2).faults(faults).build();
        drop(listen(&mut sim));
        tell(&mut sim, 20);
        sim.advance(HOUR);
        sim.trace_hash()
    };
    for seed in 0..20 {
        assert_eq!(hash(seed, faults), hash(seed, faults), "seed {seed} does not repeat");
        assert_ne!(hash(seed, faults), hash(seed, Faults::none()), "seed {seed}: no fault shows");
    }
}

#[test]
fn what_a_drawn_clog_keeps_back_comes_in_order_once_it_is_healed() {
    let name = "sim::datagrams::what_a_drawn_clog_keeps_back_comes_in_order_once_it_is_healed";
    let faults = Faults::none().clog_probability(0.2).clog_time_max(100 * HOUR);
    two_nodes(name, 40, Faults::none()).run(move |sim| {
        let heard = listen(sim);
        sim.set_faults(faults);
        tell(sim, 20);
        sim.set_faults(Faults::none());
        sim.heal();
        sim.advance(60 * SECOND);
        let came: Vec<u8> = heard.borrow().iter().map(|data| data[0]).collect();
        assert_eq!(came, all());
    });
}

#[test]
fn a_node_without_a_free_port_says_so() {
    let mut sim = TestRuntime::new_with_seed(8);
    sim.run(async |_| {
        for _ in 32_768..=u16::MAX {
            bind("127.0.0.1:0").await.unwrap();
        }
        let none = bind("127.0.0.1:0").await.unwrap_err();
        assert_eq!(none.kind(), ErrorKind::AddrNotAvailable);
    });
}
