//! The workloads Greenroom measures itself by.
//!
//! `cargo run --release -p greenroom-benches -- [WORKLOAD ...] [--json] [--secs N]`
//!
//! Each variant is sampled several times, the variants of a workload in turn, and the median told.
//! Figures mean something as ratios within one run on an otherwise idle machine.
//!
//! Where other programs run, a real-time priority keeps them out, and it has to be the round-robin
//! kind (`chrt -r 10`): under `chrt -f` the thread that ends a system which spins on every core
//! never gets one of them.

mod alloc;
mod arguments;
mod bare;
mod cores;
mod lines;
mod mesh;
mod meter;
mod process;
mod programs;
mod report;
mod running;
mod table;
mod workloads;

use std::process::ExitCode;

use arguments::{Arguments, USAGE};
use greenroom_shard::Driver;
use meter::Extent;
use report::Figure;
use table::{Method, Variant, WORKLOADS, Workload};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() -> ExitCode {
    let chosen = Arguments::read(std::env::args().skip(1)).and_then(|arguments| {
        let workloads = choose(&arguments.workloads)?;
        Ok((arguments, workloads))
    });
    match chosen {
        Ok((arguments, workloads)) => {
            let mut code = ExitCode::SUCCESS;
            for workload in workloads {
                let done = match arguments.count {
                    Some(units) => count(workload, units, &arguments),
                    None => measure(workload, &arguments),
                };
                // The others are measured all the same.
                if let Err(error) = done {
                    eprintln!("{error}");
                    code = ExitCode::FAILURE;
                }
            }
            code
        }
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn choose(names: &[String]) -> Result<Vec<&'static Workload>, String> {
    if names.is_empty() {
        return Ok(WORKLOADS.iter().collect());
    }
    let find = |name: &String| {
        let found = WORKLOADS.iter().find(|workload| workload.name == name);
        found.ok_or_else(|| format!("there is no workload {name}"))
    };
    names.iter().map(find).collect()
}

/// Measures a workload and prints its figures.
fn measure(workload: &Workload, arguments: &Arguments) -> Result<(), String> {
    let figures = match workload.method {
        Method::Here(variants) => {
            let mut chosen: Vec<_> = variants.iter().collect();
            if let Some(name) = &arguments.variant {
                chosen.retain(|variant| variant.name == name);
            }
            if arguments.full {
                chosen.truncate(1);
            }
            if chosen.is_empty() {
                return Err(no_variant(workload, arguments));
            }
            sample(workload.name, &chosen, arguments)
        }
        Method::Elsewhere(measure) => measure(arguments)?,
    };
    report::print(&figures, arguments.json);
    Ok(())
}

fn no_variant(workload: &Workload, arguments: &Arguments) -> String {
    let name = arguments.variant.as_deref().unwrap_or_default();
    format!("{} has no variant `{name}`", workload.name)
}

/// Samples the variants in turn.
fn sample(workload: &'static str, variants: &[&Variant], arguments: &Arguments) -> Vec<Figure> {
    let cores = cores::allowed().len();
    let (variants, without): (Vec<_>, Vec<_>) =
        variants.iter().copied().partition(|variant| variant.cores_min <= cores);
    for Variant { name, cores_min, .. } in without {
        eprintln!("{workload}: `{name}` needs {cores_min} cores; this process may use {cores}");
    }
    let on = |variant: &Variant| if variant.runs_shards() { &arguments.drivers[..] } else { &[] };
    let name = |variant: &Variant, driver: Option<&Driver>| match driver {
        Some(driver) if arguments.drivers.len() > 1 => format!("{} {driver}", variant.name),
        _ => variant.name.to_owned(),
    };
    let mut figures = Vec::new();
    for variant in &variants {
        let drivers: Vec<_> = on(variant).iter().map(Some).collect();
        let drivers = if drivers.is_empty() { vec![None] } else { drivers };
        for driver in drivers {
            let figure = Figure {
                workload,
                variant: name(variant, driver),
                unit: variant.unit,
                beside: variant.beside.map(Into::into),
                bar: variant.bar,
                samples: Vec::new(),
            };
            figures.push((variant, driver, figure));
        }
    }
    for _ in 0..arguments.repeats {
        for (variant, driver, figure) in &mut figures {
            if let Some(driver) = driver {
                running::run_on(**driver);
            }
            figure.samples.push((variant.sample)(Extent::Secs(arguments.secs)));
        }
    }
    figures.into_iter().map(|(.., figure)| figure).collect()
}

/// Does so many units in the variant that is named, or else in the bare loop, or else in the first
/// variant.
fn count(workload: &Workload, units: u64, arguments: &Arguments) -> Result<(), String> {
    if workload.name == "scaling" {
        workloads::scaling::count(arguments.shards, arguments.actors, units);
        return Ok(());
    }
    let Method::Here(variants) = workload.method else {
        return Err(format!("{} has no units to count here", workload.name));
    };
    let named = |name: &str| variants.iter().find(|variant| variant.name == name);
    let variant = match &arguments.variant {
        Some(name) => named(name).ok_or_else(|| no_variant(workload, arguments))?,
        None => named("bare").unwrap_or(&variants[0]),
    };
    running::run_on(Driver::default());
    std::hint::black_box((variant.sample)(Extent::Units(units)));
    Ok(())
}
