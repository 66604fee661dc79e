//! What a trace says led to what, and what is in its file.

use std::time::Duration;

use greenroom_core::Placement;
use greenroom_core::runtime::OpenMode;
use greenroom_testkit::{Crash, Fault, Faults, Kind, Record, TestRuntime};

use super::actors::{Note, Notebook};
use super::disk_faults::write;
use super::files::open;

/// The kinds of an event and of those that led to it, the last first.
fn chain(records: &[Record], mut at: Record) -> Vec<Kind> {
    let mut kinds = vec![at.kind];
    while at.cause != 0 {
        at = records[(at.seq - u64::from(at.cause)) as usize];
        kinds.push(at.kind);
    }
    kinds
}

/// The chains of all events of a kind.
fn chains(sim: &TestRuntime, kind: Kind) -> Vec<Vec<Kind>> {
    let records = sim.records(usize::MAX);
    assert_eq!(records[0].seq, 0, "more than is kept");
    let of_kind = records.iter().filter(|record| record.kind == kind);
    of_kind.map(|&record| chain(&records, record)).collect()
}

fn notes(sim: &mut TestRuntime, count: u32) {
    sim.run(async move |system| {
        let notebook = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
        for number in 0..count {
            notebook.send(Note::Write(0, number)).await.unwrap();
        }
        notebook.call(Note::Read).await.unwrap();
    });
}

#[test]
fn a_message_leads_from_the_task_that_sent_it_to_the_one_that_has_it() {
    for seed in 0..50 {
        let mut sim = TestRuntime::new_with_seed(seed);
        notes(&mut sim, 20);
        let records = sim.records(usize::MAX);
        for record in &records {
            let cause = record.seq.checked_sub(u64::from(record.cause));
            let cause = records[cause.expect("a cause before the run") as usize];
            match record.kind {
                Kind::Delivered => {
                    assert_eq!((cause.kind, cause.actor), (Kind::Pushed, record.actor));
                    assert_ne!(cause.shard, record.shard);
                }
                Kind::Visible => assert_eq!(cause.kind, Kind::Pushed),
                Kind::BellHeard => assert_eq!(cause.kind, Kind::BellRung),
                Kind::BellRung => assert_eq!(cause.kind, Kind::Pushed),
                Kind::Pushed => assert!(matches!(cause.kind, Kind::Polled | Kind::Turn)),
                _ => {}
            }
        }
        let whole = [Kind::Polled, Kind::Queued, Kind::Delivered, Kind::Pushed];
        let polls = chains(&sim, Kind::Polled);
        assert!(polls.iter().any(|chain| chain.starts_with(&whole)), "seed {seed}: {polls:?}");
        let bells = chains(&sim, Kind::Turn);
        let whole = [Kind::Turn, Kind::Woken, Kind::BellHeard, Kind::BellRung, Kind::Pushed];
        assert!(bells.iter().any(|chain| chain.starts_with(&whole)), "seed {seed}: {bells:?}");
    }
}

#[test]
fn an_operation_leads_from_the_task_that_submits_it_back_to_it() {
    for seed in 0..50 {
        let mut sim = TestRuntime::new_with_seed(seed);
        sim.run(async |_| {
            let (file, _) = open("log", OpenMode::CreateNew).await.unwrap();
            write(file, 0, vec![1; 100]).await.unwrap();
        });
        let whole = [Kind::Completed, Kind::Completion, Kind::Disk, Kind::Submitted, Kind::Polled];
        for chain in chains(&sim, Kind::Completed) {
            assert!(chain.starts_with(&whole), "seed {seed}: {chain:?}");
        }
        let polls = chains(&sim, Kind::Polled);
        let woken = |chain: &Vec<Kind>| chain.starts_with(&[Kind::Polled, Kind::Completed]);
        assert!(polls.iter().any(woken), "seed {seed}: {polls:?}");
    }
}

#[test]
fn a_timer_leads_from_the_turn_that_set_it() {
    let mut sim = TestRuntime::new_with_seed(3);
    sim.run(async |_| greenroom_core::sleep(Duration::from_secs(1)).await);
    let whole = [Kind::TimersFired, Kind::Turn, Kind::Woken, Kind::Turn];
    let chains = chains(&sim, Kind::TimersFired);
    assert!(chains.iter().any(|chain| chain.starts_with(&whole)), "{chains:?}");
}

#[test]
fn a_fault_stands_between_what_it_hit_and_what_came_of_it() {
    let faults = Faults::none().write_error_probability(1.0);
    let mut sim = TestRuntime::builder().faults(faults).build();
    sim.run(async |_| {
        let (file, _) = open("log", OpenMode::CreateNew).await.unwrap();
        write(file, 0, vec![1; 100]).await.unwrap_err();
    });
    assert!(sim.fault_effects(Fault::WriteError) > 0);
    let whole = [Kind::Completed, Kind::Completion, Kind::Disk, Kind::Fault, Kind::Submitted];
    let chains = chains(&sim, Kind::Completed);
    assert!(chains.iter().any(|chain| chain.starts_with(&whole)), "{chains:?}");
}

/// The text of a trace file and its records.
fn parts(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(2).position(|two| two == b"\n\n").expect("no empty line") + 2;
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), &bytes[end..])
}

#[test]
fn a_file_has_all_events_where_the_trace_is_kept_and_the_last_where_not() {
    let path = std::env::temp_dir().join(format!("greenroom-{}.trace", std::process::id()));
    let mut events = Vec::new();
    for keep in [false, true] {
        let builder = TestRuntime::builder().seed(5).policy("pct3".parse().unwrap());
        let mut sim = builder.keep_trace(keep).build();
        notes(&mut sim, 30_000);
        sim.save_trace(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let (head, records) = parts(&bytes);
        let expected = if keep { sim.events() } else { 4_096 };
        assert!(sim.events() > 4_096, "too short to tell: {} events", sim.events());
        assert_eq!(records.len() as u64, expected * 32);
        assert!(head.ends_with(&format!("\nrecords {expected}\n\n")), "{head}");
        let fields = ["\nseed 0x5\n", "\npolicy pct3\n", "\nshards 2\n", "\nkind 32 Polled\n"];
        assert!(fields.iter().all(|field| head.contains(field)), "{head}");
        assert!(head.contains(&format!("\nhash {:#018x}\n", sim.trace_hash())), "{head}");
        let named = head.lines().any(|line| line.starts_with("name ") && line.contains("Notebook"));
        assert!(named, "{head}");
        events.push((sim.events(), sim.trace_hash()));
    }
    assert_eq!(events[0], events[1], "keeping the trace changed the run");
}

#[test]
fn the_tasks_of_a_node_that_went_down_are_named_and_its_shards_begin_anew() {
    let mut sim = TestRuntime::builder().keep_trace(true).build();
    notes(&mut sim, 3);
    sim.crash(0, Crash::Process);
    sim.restart(0);
    notes(&mut sim, 3);
    let fault = chains(&sim, Kind::Fault);
    assert_eq!(fault, [[Kind::Fault]], "a test's own crash has no cause");
    let path = std::env::temp_dir().join(format!("greenroom-crash-{}.trace", std::process::id()));
    sim.save_trace(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let (head, _) = parts(&bytes);
    let names = head.lines().filter(|line| line.starts_with("name "));
    assert_eq!(names.filter(|line| line.contains("Notebook")).count(), 2, "{head}");
}
