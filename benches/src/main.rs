//! The workloads Greenroom measures itself by.
//!
//! `cargo run --release -p greenroom-benches -- [WORKLOAD ...] [--json] [--secs N]`
//!
//! Each variant is sampled several times, the variants of a workload in turn, and the median told.
//! Figures mean something as ratios within one run on an otherwise idle machine.

mod alloc;
mod arguments;
mod bare;
mod meter;
mod report;
mod table;
mod workloads;

use std::process::ExitCode;

use arguments::{Arguments, USAGE};
use meter::Extent;
use report::Figure;
use table::{WORKLOADS, Workload};

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() -> ExitCode {
    let chosen = Arguments::read(std::env::args().skip(1)).and_then(|arguments| {
        let workloads = choose(&arguments.workloads)?;
        Ok((arguments, workloads))
    });
    match chosen {
        Ok((arguments, workloads)) => {
            for workload in workloads {
                match arguments.count {
                    Some(units) => count(workload, units),
                    None => measure(workload, &arguments),
                }
            }
            ExitCode::SUCCESS
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

/// Samples the variants of a workload in turn.
fn measure(workload: &Workload, arguments: &Arguments) {
    let mut figures: Vec<Figure> = workload
        .variants
        .iter()
        .map(|variant| Figure {
            workload: workload.name,
            variant: variant.name,
            unit: variant.unit,
            samples: Vec::new(),
        })
        .collect();
    for _ in 0..arguments.repeats {
        for (variant, figure) in workload.variants.iter().zip(&mut figures) {
            figure.samples.push((variant.sample)(Extent::Secs(arguments.secs)));
        }
    }
    figures.into_iter().for_each(|figure| figure.print(arguments.json));
}

/// Does so many units in the bare loop.
fn count(workload: &Workload, units: u64) {
    let bare = workload.variants.iter().find(|variant| variant.name == "bare");
    let variant = bare.unwrap_or(&workload.variants[0]);
    std::hint::black_box((variant.sample)(Extent::Units(units)));
}
