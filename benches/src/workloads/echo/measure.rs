//! The rounds of `echo`.

use std::time::Duration;

use super::client::{Client, Load, Outcome};
use super::contenders::{Contender, contenders};
use crate::arguments::Arguments;
use crate::cores;
use crate::report::Figure;

/// What the servers are put under.
const LOADS: [Load; 4] = [
    Load { connections: 1, depth: 1 },
    Load { connections: 50, depth: 1 },
    Load { connections: 500, depth: 1 },
    Load { connections: 50, depth: 16 },
];

/// What is told of each server under each load.
const FIGURES: [(&str, &str); 4] = [("rate", "per_s"), ("p50", "ns"), ("p99", "ns"), ("cpu", "ns")];

/// One sample's figures, in the order of [`FIGURES`].
type Sample = [f64; FIGURES.len()];

/// Measures ours, and the others where they are named.
///
/// # Errors
///
/// When a program is missing, a load is none of those above, a server fails, or there is one core.
pub(crate) fn measure(arguments: &Arguments) -> Result<Vec<Figure>, String> {
    cores::two().map_err(|error| format!("echo: {error}"))?;
    let loads = chosen(&arguments.loads)?;
    let contenders = contenders(arguments)?;
    let mut figures = Vec::new();
    for load in loads {
        let mut samples = vec![Vec::new(); contenders.len()];
        for _ in 0..arguments.repeats {
            for (contender, samples) in contenders.iter().zip(&mut samples) {
                let told = |error| format!("echo: `{}`: {error}", contender.name);
                samples.push(sample(contender, load, arguments.secs).map_err(told)?);
            }
        }
        figures.extend(tell(&contenders, load, &samples));
    }
    Ok(figures)
}

/// The loads of these names, or all.
fn chosen(names: &[String]) -> Result<Vec<Load>, String> {
    if names.is_empty() {
        return Ok(LOADS.into());
    }
    let by_name = |name: &String| {
        let found = LOADS.into_iter().find(|load| load.to_string() == *name);
        found.ok_or_else(|| {
            let known = LOADS.map(|load| load.to_string()).join(", ");
            format!("echo: {name} is no load; there are {known}")
        })
    };
    names.iter().map(by_name).collect()
}

/// A server of its own, a fifth of the time to warm it up, and the run that counts.
fn sample(contender: &Contender, load: Load, secs: f64) -> Result<Sample, String> {
    let [server_core, client_core] = cores::two()?;
    let server = contender.start(server_core)?;
    let run = client_core.run(|| -> Result<_, String> {
        let lost = |error| format!("the client gives up: {error}");
        let mut client = Client::connect(server.address(), load).map_err(lost)?;
        client.run(Duration::from_secs_f64(secs / 5.0)).map_err(lost)?;
        let before: u64 = server.cpu_nanos()?.iter().sum();
        let outcome = client.run(Duration::from_secs_f64(secs)).map_err(lost)?;
        let after: u64 = server.cpu_nanos()?.iter().sum();
        Ok((outcome, after.saturating_sub(before)))
    });
    let (outcome, cpu) = run.map_err(|error| format!("no core for the client: {error}"))??;
    server.stop()?;
    Ok(summary(outcome, cpu))
}

fn summary(outcome: Outcome, cpu_nanos: u64) -> Sample {
    let Outcome { requests, elapsed, mut nanos } = outcome;
    nanos.sort_unstable();
    let quantile = |part: f64| f64::from(nanos[(nanos.len() as f64 * part) as usize]);
    let requests = requests as f64;
    let rate = requests / elapsed.as_secs_f64();
    [rate, quantile(0.5), quantile(0.99), cpu_nanos as f64 / requests]
}

fn tell(contenders: &[Contender], load: Load, samples: &[Vec<Sample>]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (at, (what, unit)) in FIGURES.into_iter().enumerate() {
        for (contender, samples) in contenders.iter().zip(samples) {
            figures.push(Figure {
                workload: "echo",
                variant: format!("{load} {what} {}", contender.name),
                unit,
                beside: None,
                bar: None,
                samples: samples.iter().map(|sample| sample[at]).collect(),
            });
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_chosen_by_its_name() {
        let chosen =
            |names: &[&str]| chosen(&names.iter().map(|it| (*it).into()).collect::<Vec<_>>());
        assert_eq!(chosen(&[]).unwrap(), LOADS);
        assert_eq!(chosen(&["50x16", "1x1"]).unwrap(), [LOADS[3], LOADS[0]]);
        let error = chosen(&["50"]).unwrap_err();
        assert!(error.contains("50 is no load") && error.contains("500x1"), "{error}");
    }

    #[test]
    fn a_run_is_summed_up() {
        let outcome = Outcome {
            requests: 200,
            elapsed: Duration::from_millis(100),
            nanos: (1..=100).rev().collect(),
        };
        assert_eq!(summary(outcome, 5_000), [2000.0, 51.0, 100.0, 25.0]);
    }
}
