//! Our simulator beside madsim and turmoil at ping-pong, in the same minutes.
//!
//! `cargo x bench --compare sim [SECONDS [ROUNDS]]` builds all and runs this; by hand it is
//! `greenroom-compare-sims --ours PATH [SECONDS [ROUNDS]]`, with the rivals' programs beside it.
//!
//! Each round measures everybody once, in processes of their own; medians are told.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};

use greenroom_compare_sims::{json_lines, lines};

/// What is held against what: our variant, the rival, its workload, and what differs.
const ROWS: [(&str, &str, &str, &str); 9] = [
    ("in_node", "madsim", "in_node", "two tasks and channels, for two actors with mailboxes"),
    ("in_node", "turmoil", "in_node", "the same, on tokio"),
    ("2_nodes, datagrams", "madsim", "datagrams 2", "datagrams for datagrams"),
    ("10_nodes, datagrams", "madsim", "datagrams 10", "the same"),
    ("2_nodes, datagrams", "turmoil", "udp 2", "the same"),
    ("10_nodes, datagrams", "turmoil", "udp 10", "the same"),
    ("2_nodes", "turmoil", "tcp 2", "TCP for TCP; ours cuts and delays what is sent"),
    ("10_nodes", "turmoil", "tcp 10", "the same"),
    (
        "in_node_2_shards",
        "madsim",
        "in_node",
        "our two actors on two shards, its two tasks on one node",
    ),
];

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let ours = args.iter().position(|arg| arg == "--ours").filter(|at| at + 1 < args.len());
    let Some(at) = ours else {
        eprintln!("usage: greenroom-compare-sims --ours PATH [SECONDS [ROUNDS]]");
        return ExitCode::from(2);
    };
    let ours = args.remove(at + 1);
    args.remove(at);
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<f64>().ok());
    let (secs, rounds) = (number(0).unwrap_or(0.5), number(1).unwrap_or(3.0).max(1.0) as usize);
    match measure(&ours, secs, rounds) {
        Ok(figures) => {
            print(&figures);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Samples by who and what.
type Figures = BTreeMap<(String, String), Vec<f64>>;

fn measure(ours: &str, secs: f64, rounds: usize) -> Result<Figures, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let here = here.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut figures = Figures::new();
    let secs = secs.to_string();
    for _ in 0..rounds {
        let mut command = Command::new(ours);
        command.args(["sim_ping_pong", "--json", "--secs", &secs, "--repeats", "1"]);
        keep(&mut figures, "ours", json_lines(&output(command)?)?);
        for rival in ["madsim", "turmoil"] {
            let mut command = Command::new(here.join(format!("rival-{rival}")));
            command.arg(&secs);
            keep(&mut figures, rival, lines(&output(command)?)?);
        }
    }
    Ok(figures)
}

fn keep(figures: &mut Figures, who: &str, read: Vec<(String, f64)>) {
    for (what, figure) in read {
        figures.entry((who.to_owned(), what)).or_default().push(figure);
    }
}

fn output(mut command: Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program}: {} {said}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{program}: {error}"))
}

fn print(figures: &Figures) {
    let median = |who: &str, what: &str| {
        let mut samples = figures.get(&(who.to_owned(), what.to_owned()))?.clone();
        samples.sort_by(f64::total_cmp);
        Some(samples[samples.len() / 2])
    };
    println!("messages a second, of medians; ours with its trace hash on");
    println!("{:20} {:>11}  {:24} {:>11} {:>8}", "ours", "", "theirs", "", "times");
    for (our, rival, their, difference) in ROWS {
        let (Some(ours), Some(theirs)) = (median("ours", our), median(rival, their)) else {
            println!("{our}: not measured");
            continue;
        };
        let named = format!("{rival} {their}");
        let times = ours / theirs;
        println!("{our:20} {ours:11.0}  {named:24} {theirs:11.0} {times:8.2}  {difference}");
    }
}
