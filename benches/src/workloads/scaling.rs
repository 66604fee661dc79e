//! `scaling`: what `big` costs on two to sixty-four shards, in what can be counted on any machine:
//! instructions, and cache lines that move between cores. No time is measured.

use std::process::Command;

use greenroom_core::System;

use super::big;
use crate::arguments::Arguments;
use crate::lines::{Counts, Lines};
use crate::mesh::{self, NoTap};
use crate::meter::Extent;
use crate::report::Figure;

/// Numbers of shards.
const SHARDS: [u16; 6] = [2, 4, 8, 16, 32, 64];
/// Actors on each shard; all of them ping all.
const ACTORS_PER_SHARD: [usize; 2] = [16, 128];
/// Pings of each actor in a lap.
const PINGS: u64 = 50;

/// The figures of each number of shards.
///
/// # Errors
///
/// When an instruction count fails where `valgrind` is installed.
pub(crate) fn measure(_: &Arguments) -> Result<Vec<Figure>, String> {
    let valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    if !valgrind {
        eprintln!("scaling: valgrind is not installed, so no instructions are counted");
    }
    let mut figures = Vec::new();
    for actors in ACTORS_PER_SHARD {
        for shards in SHARDS {
            let mut add = |what: &str, unit, value| {
                figures.push(Figure {
                    workload: "scaling",
                    variant: format!("{shards}x{actors} {what}"),
                    unit,
                    beside: None,
                    bar: None,
                    samples: vec![value],
                });
            };
            let (counts, messages) = count_lines(shards, actors);
            let each = |count: u64| count as f64 / counts.packets as f64;
            add("crossing", "share", counts.packets as f64 / messages as f64);
            add("packets a publish", "packets", counts.packets as f64 / counts.publishes as f64);
            add("slot lines moved", "a_packet", each(counts.slot_moves));
            add("tail lines moved", "a_packet", each(counts.tail_moves));
            add("head lines moved", "a_packet", each(counts.head_moves));
            add("all lines moved", "a_packet", each(counts.moves()));
            add("tails looked at", "a_packet", each(counts.tail_looks));
            add("bells looked at", "a_packet", each(counts.bell_looks));
            if valgrind {
                add("instructions", "a_message", count_instructions(shards, actors)?);
            }
        }
    }
    Ok(figures)
}

/// What two more laps did than one, which leaves the set-up out, and how many messages they sent.
fn count_lines(shards: u16, actors: usize) -> (Counts, u64) {
    let actors = usize::from(shards) * actors;
    let run = |laps| {
        let lines = Lines::new(shards);
        mesh::run(shards, lines.clone(), async move |system| pings(system, actors, laps).await);
        lines.counts()
    };
    let messages = 2 * 2 * actors as u64 * PINGS;
    (run(3).less(run(1)), messages)
}

/// Does so many laps on so many shards: for an instruction counter.
pub(crate) fn count(shards: u16, actors_per_shard: usize, laps: u64) {
    let actors = usize::from(shards) * actors_per_shard;
    mesh::run(shards, NoTap, async move |system| pings(system, actors, laps).await);
}

async fn pings(system: System, actors: usize, laps: u64) {
    let extent = Extent::Units(laps * actors as u64 * PINGS);
    big::measure(system, actors, PINGS, extent).await;
}

/// Instructions a message, as the difference of two runs of different length.
fn count_instructions(shards: u16, actors: usize) -> Result<f64, String> {
    let run = |laps: u64| -> Result<u64, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args(["scaling", "--count", &laps.to_string(), "--shards", &shards.to_string()])
            .args(["--actors", &actors.to_string()])
            .output()
            .map_err(|error| error.to_string())?;
        let report = String::from_utf8_lossy(&output.stderr);
        let collected = report.lines().find(|line| line.contains("Collected :"));
        let count = collected.and_then(|line| line.rsplit(':').next()?.trim().parse().ok());
        count.ok_or_else(|| format!("scaling: valgrind said {report}"))
    };
    let spent = run(2)? - run(1)?;
    Ok(spent as f64 / (2 * usize::from(shards) as u64 * actors as u64 * PINGS) as f64)
}

#[cfg(test)]
mod tests {
    use greenroom_shard::Builder;

    use super::*;
    use crate::workloads::{fan, skynet};

    /// The model asserts that each batch it foretells is the one that the real ring gave.
    #[test]
    fn the_model_follows_the_real_rings() {
        for shards in [2, 3, 5] {
            let (counts, messages) = count_lines(shards, 16);
            assert!(counts.packets > 0 && counts.packets <= 2 * messages, "{counts:?}");
            assert!(counts.publishes <= counts.packets, "{counts:?}");
            assert_eq!(counts.slot_moves, 2 * counts.packets, "{counts:?}");
        }
    }

    /// The operating system takes turns among the shards' threads, wherever they are: what a lost
    /// wake-up, a ring that fills or a lost message needs is all there.
    #[test]
    fn more_shards_than_cores_lose_nothing() {
        for shards in [8, 16] {
            let run = Builder::new().shards(shards).run(async move |system| {
                let peers = 8 * shards;
                big::measure(system, peers, PINGS, Extent::Units(10_000)).await;
                fan::measure(system, Extent::Units(1)).await;
                skynet::measure(system, 10_000, Extent::Units(2)).await;
                Ok(())
            });
            run.unwrap_or_else(|error| panic!("{shards} shards: {error}"));
        }
    }
}
