//! Whoever kills, stops and gives orders while a tree works.

use std::collections::BTreeSet;
use std::time::Duration;

use greenroom_core::supervision::{SupervisionTree, Supervisor};
use greenroom_core::{ActorRef, LocalTask, Pid, ShardId, System, spawn_local};
use greenroom_testkit::TestRuntime;

use super::branches::Tree;
use super::workers::{Act, Job, Log, Worker};
use super::{go_on, shards};

/// A child as it was found when the tree had started.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) pid: Pid,
    pub(super) parent: ActorRef<Supervisor>,
    pub(super) is_supervisor: bool,
}

/// All below that tree's root.
pub(super) fn found(tree: &SupervisionTree) -> Vec<Found> {
    let mut all = Vec::new();
    for (child, below) in &tree.children {
        let parent = ActorRef::from_pid(tree.supervisor);
        if let Some(pid) = child.pid {
            let id = child.id.to_string();
            all.push(Found { id, pid, parent, is_supervisor: child.is_supervisor });
        }
        all.extend(below.iter().flat_map(found));
    }
    all
}

/// One sender on each shard, with what each is to send to whom, and how.
pub(super) fn senders(sim: &TestRuntime, to: &[Found], log: &Log) -> Vec<Vec<(Pid, Act, u64)>> {
    let workers: Vec<Pid> = to.iter().filter(|f| !f.is_supervisor).map(|f| f.pid).collect();
    let job = |_| {
        let act = match sim.draw(40) {
            0 => Act::Panic,
            1 => Act::PanicLater,
            2 => Act::Stop,
            3..10 => Act::Sleep,
            _ => Act::Work,
        };
        (workers[sim.draw(workers.len() as u64) as usize], act, sim.draw(4))
    };
    assert!(log.open().begun.is_empty(), "nothing was sent");
    let jobs = if workers.is_empty() { 0 } else { sim.extent(60) };
    (0..shards(sim)).map(|_| (0..jobs).map(job).collect()).collect()
}

/// Sends all that; waits no longer than a moment for an answer.
pub(super) async fn send_all(from: u32, jobs: Vec<(Pid, Act, u64)>, log: Log) {
    let moment = Duration::from_micros(50);
    for (number, (pid, act, how)) in (0..).zip(jobs) {
        let to = ActorRef::<Worker>::from_pid(pid);
        let job = |reply| Job { from, number, act, reply };
        let accepted = match how {
            0 => to.cast(job(None)).is_ok(),
            1 => to.send(job(None)).await.is_ok(),
            2 => {
                drop(to.call(|reply| job(Some(reply))).within(moment).await);
                false
            }
            _ => {
                greenroom_core::sleep(moment / 10).await;
                to.cast(job(None)).is_ok()
            }
        };
        if accepted {
            log.open().accepted.insert((pid, from, number));
        }
    }
}

/// What was done to a tree from outside.
#[derive(Default, Debug)]
pub(super) struct Meddled {
    /// Children that were stopped, or that orders were about.
    pub(super) with: BTreeSet<String>,
    /// Told to stop, or to drain.
    pub(super) stopped: BTreeSet<Pid>,
    /// Whether any supervisor was killed.
    pub(super) supervisors: bool,
}

pub(super) fn meddle(
    sim: &mut TestRuntime,
    tree: &mut Tree,
    top: ActorRef<Supervisor>,
    all: &[Found],
) -> Meddled {
    let mut meddled = Meddled::default();
    if all.is_empty() {
        return meddled;
    }
    for _ in 0..sim.extent(30) {
        go_on(sim, 60);
        let shard = sim.draw(u64::from(shards(sim))) as u16;
        let one = &all[sim.draw(all.len() as u64) as usize];
        let worker = ActorRef::<Worker>::from_pid(one.pid);
        match sim.draw(12) {
            0..5 => {
                meddled.supervisors |= one.is_supervisor;
                sim.on(0, shard, || worker.kill());
            }
            5 | 6 if !one.is_supervisor => {
                meddled.with.insert(one.id.clone());
                meddled.stopped.insert(one.pid);
                let drains = sim.draw(2) == 0;
                sim.on(0, shard, || if drains { worker.drain() } else { worker.stop() });
            }
            7 | 8 if !one.is_supervisor => {
                meddled.with.insert(one.id.clone());
                order(sim, shard, one, sim.draw(4));
            }
            9 => {
                let supervisors = all.iter().filter(|found| found.is_supervisor);
                let mut supervisors: Vec<_> =
                    supervisors.map(|found| ActorRef::<Supervisor>::from_pid(found.pid)).collect();
                supervisors.push(top);
                let to = supervisors[sim.draw(supervisors.len() as u64) as usize];
                let spec = tree.worker(sim);
                // Forgotten with the next incarnation of its supervisor.
                meddled.with.extend(tree.drawn.keys().next_back().cloned());
                let asked = async move { drop(to.start_child::<Worker>(spec).await) };
                sim.on(0, shard, || detach(spawn_local(asked)));
            }
            _ => {}
        }
    }
    meddled
}

fn detach<T>(task: LocalTask<T>) {
    drop(task);
}

fn order(sim: &mut TestRuntime, shard: u16, one: &Found, what: u64) {
    let (to, id, pid) = (one.parent, one.id.clone(), one.pid);
    let asked = async move {
        // It may be busy, or gone.
        match what {
            0 => drop(to.terminate_child(&id).await),
            1 => drop(to.restart_child(&id).await),
            2 => drop(to.delete_child(&id).await),
            _ => drop(to.terminate(pid).await),
        }
    };
    sim.on(0, shard, || detach(spawn_local(asked)));
}

/// Starts the senders; they are done when the run is at rest.
pub(super) fn start_senders(system: System, jobs: Vec<Vec<(Pid, Act, u64)>>, log: &Log) {
    for (shard, jobs) in (0u16..).zip(jobs) {
        let log = log.clone();
        let send = async move |_: System| send_all(u32::from(shard), jobs, log).await;
        drop(system.handle().run_on(ShardId(shard), send));
    }
}
