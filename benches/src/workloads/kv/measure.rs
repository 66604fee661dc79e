//! The rounds of `kv`.

use std::path::Path;
use std::time::Duration;

use greenroom_shard::Driver;

use super::client::{Client, Rates};
use super::lean::Lean;
use super::load::Load;
use super::server::Program;
use crate::arguments::Arguments;
use crate::cores::{self, Core};
use crate::programs;
use crate::report::Figure;

/// Whom the others are told as a multiple of.
const REDIS: &str = "redis";
/// Who does the least: what the client gets from it is about all that it can get.
const LEAST: &str = "least";
/// Whom the others are told as a multiple of where shards are compared.
pub(super) const ONE_SHARD: &str = "one shard";
/// What is added to the name of one that the lean client asks.
pub(super) const LEAN: &str = " lean";
/// Requests under way on each connection.
pub(super) const DEPTHS: &[u64] = &[1, 16];
/// Fewest requests of a run, at depth 1: the client counts whole milliseconds.
const REQUESTS_MIN: u64 = 1_000;
/// Requests of the first run, at depth 1, by whose rate the others are made as long as was asked for.
const PILOT_REQUESTS: u64 = 5_000;

/// A server that takes part.
pub(super) struct Contender {
    pub(super) name: String,
    pub(super) program: Program,
    /// Where it runs; on every core where none is named.
    pub(super) core: Option<Core>,
    /// Who asks it.
    pub(super) load: Load,
}

/// What was measured of a server at one depth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Requests of either kind a second.
    set: f64,
    get: f64,
    /// Nanoseconds of the server's CPU time for each request, of both kinds together.
    cpu: f64,
}

impl Sample {
    /// For which part of the time the server ran; of a server with two threads, up to 2.
    fn busy(&self) -> f64 {
        2.0 * self.cpu / (1e9 / self.set + 1e9 / self.get)
    }
}

/// Measures ours, Redis where it is installed, and the least server where it is named.
///
/// # Errors
///
/// When a program that is needed is missing, a server or the client fails, or there is one core.
pub(crate) fn measure(arguments: &Arguments) -> Result<Vec<Figure>, String> {
    let [core, client_core] = cores::two().map_err(|error| format!("kv: {error}"))?;
    let ours = programs::ours("kv", arguments.kv.as_deref())?;
    let program = programs::on_path("redis-benchmark").ok_or(
        "kv: redis-benchmark is not on the PATH; Debian has it in the package redis-tools",
    )?;
    // A program that was built some other day would go unnoticed.
    eprintln!("kv: ours is {}", ours.display());
    let redis = programs::on_path("redis-server");
    if redis.is_none() {
        eprintln!("kv: redis-server is not on the PATH, so ours is measured alone");
    }
    let limit = Duration::from_secs_f64(60.0 + 20.0 * arguments.secs);
    let benchmark = Load::Benchmark(Client { program, core: client_core, limit, keys: None });
    let lean = Load::Lean(Lean { cores: vec![client_core], keys: 1 });
    let mut figures = Vec::new();
    for (suffix, load) in [("", benchmark), (LEAN, lean)] {
        let others = [(LEAST, arguments.bare.clone().map(Program::Least))];
        let others = others.into_iter().chain([(REDIS, redis.clone().map(Program::Redis))]);
        let others = others.filter_map(|(name, program)| Some((name, program?)));
        let contenders = contenders(&ours, &arguments.drivers, others, core, (suffix, load));
        let measured = rounds("kv", &contenders, DEPTHS, arguments.secs, arguments.repeats);
        figures.extend(measured.map_err(|error| format!("kv: {error}"))?);
    }
    Ok(figures)
}

fn contenders(
    ours: &Path,
    drivers: &[Driver],
    others: impl IntoIterator<Item = (&'static str, Program)>,
    core: Core,
    (suffix, load): (&str, Load),
) -> Vec<Contender> {
    let ours = drivers.iter().map(|driver| Contender {
        name: named(&format!("full{suffix}"), *driver, drivers),
        program: Program::Ours(ours.into(), *driver, 1),
        core: Some(core),
        load: load.clone(),
    });
    let others = others.into_iter().map(|(name, program)| Contender {
        name: format!("{name}{suffix}"),
        program,
        core: Some(core),
        load: load.clone(),
    });
    ours.chain(others).collect()
}

/// What one of ours is called: with what runs it, where there are several.
pub(super) fn named(name: &str, driver: Driver, drivers: &[Driver]) -> String {
    if drivers.len() > 1 { format!("{name} {driver}") } else { name.into() }
}

/// Measures everybody once at each depth, round by round.
pub(super) fn rounds(
    workload: &'static str,
    contenders: &[Contender],
    depths: &[u64],
    secs: f64,
    repeats: usize,
) -> Result<Vec<Figure>, String> {
    let requests = depths.iter().map(|depth| requests_for(&contenders[0], *depth, secs));
    let requests: Vec<_> = requests.collect::<Result<_, _>>()?;
    let mut rates = vec![vec![Vec::new(); depths.len()]; contenders.len()];
    for _ in 0..repeats {
        for (at, depth) in depths.iter().enumerate() {
            for (contender, rates) in contenders.iter().zip(&mut rates) {
                rates[at].push(contender.sample(*depth, requests[at])?);
            }
        }
    }
    Ok(figures(workload, contenders, depths, &rates))
}

/// How many requests of either kind take the first contender about so many seconds.
fn requests_for(contender: &Contender, depth: u64, secs: f64) -> Result<u64, String> {
    let Sample { set, get, .. } = contender.sample(depth, PILOT_REQUESTS * depth)?;
    Ok(((set.min(get) * secs) as u64).max(REQUESTS_MIN * depth))
}

impl Contender {
    /// A server of its own, a fifth of the requests to warm it up, and the run that counts.
    fn sample(&self, depth: u64, requests: u64) -> Result<Sample, String> {
        let told = |error| format!("`{}`: {error}", self.name);
        let server = self.program.start(self.core).map_err(told)?;
        let warm_up = (requests / 5).max(REQUESTS_MIN * depth);
        self.load.fill(server.address()).map_err(told)?;
        self.load.run(server.address(), depth, warm_up).map_err(told)?;
        let cpu_nanos = || server.cpu_nanos().map(|it| it.iter().sum::<u64>()).map_err(told);
        let before = cpu_nanos()?;
        let Rates { set, get } = self.load.run(server.address(), depth, requests).map_err(told)?;
        let used = cpu_nanos()?.saturating_sub(before);
        server.stop().map_err(told)?;
        Ok(Sample { set, get, cpu: used as f64 / (2 * requests) as f64 })
    }
}

/// A figure for each kind of request, and for the CPU time, at each depth, those of all contenders
/// side by side.
fn figures(
    workload: &'static str,
    contenders: &[Contender],
    depths: &[u64],
    samples: &[Vec<Vec<Sample>>],
) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (at, depth) in depths.iter().enumerate() {
        for (kind, unit, figure) in KINDS {
            let variant = |contender: &Contender| format!("{} {kind} P{depth}", contender.name);
            let is_reference =
                |it: &&Contender| [REDIS, ONE_SHARD].iter().any(|name| it.name.starts_with(name));
            let reference = contenders.iter().find(is_reference).map(variant);
            for (index, contender) in contenders.iter().enumerate() {
                let variant = variant(contender);
                figures.push(Figure {
                    workload,
                    unit,
                    beside: reference.clone().filter(|reference| *reference != variant),
                    bar: None,
                    variant,
                    samples: samples[index][at].iter().map(figure).collect(),
                });
            }
        }
    }
    figures
}

/// A figure's name, its unit, and which one of a sample it is.
type Kind = (&'static str, &'static str, fn(&Sample) -> f64);

const KINDS: [Kind; 4] = [
    ("set", "per_s", |sample| sample.set),
    ("get", "per_s", |sample| sample.get),
    ("cpu", "ns", |sample| sample.cpu),
    ("busy", "share", Sample::busy),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn contender(name: &str) -> Contender {
        let path = programs::on_path("redis-server").expect("`cargo x test` installs it");
        Contender {
            name: name.into(),
            program: Program::Redis(path),
            core: Some(cores::allowed()[0]),
            load: benchmark(),
        }
    }

    fn benchmark() -> Load {
        let program = programs::on_path("redis-benchmark").expect("`cargo x test` installs it");
        let core = *cores::allowed().last().unwrap();
        Load::Benchmark(Client { program, core, limit: Duration::from_secs(60), keys: None })
    }

    #[test]
    fn ours_comes_first_and_redis_beside_it() {
        let sample = |set, get, cpu| Sample { set, get, cpu };
        let ours =
            vec![vec![sample(1.0, 2.0, 7.0), sample(3.0, 4.0, 8.0)], vec![sample(5.0, 6.0, 9.0)]];
        let redis = vec![vec![sample(10.0, 20.0, 30.0)], vec![sample(50.0, 60.0, 90.0)]];
        let both = [contender("full"), contender("redis")];
        let told = figures("kv", &both, DEPTHS, &[ours.clone(), redis]);
        let names = ["set", "get", "cpu", "busy"];
        let expected = [1, 16].map(|depth| names.map(|name| format!("{name} P{depth}")));
        let expected: Vec<_> = expected
            .as_flattened()
            .iter()
            .flat_map(|it| {
                let redis = format!("redis {it}");
                [(format!("full {it}"), Some(redis.clone())), (redis, None)]
            })
            .collect();
        assert!(told.iter().map(|it| (it.variant.clone(), it.beside.clone())).eq(expected));
        let samples = |name| &*told.iter().find(|it| it.variant == name).unwrap().samples;
        assert_eq!(
            (samples("full set P1"), samples("full get P16")),
            (&[1.0, 3.0][..], &[6.0][..])
        );
        assert_eq!(
            (samples("full cpu P1"), samples("redis cpu P16")),
            (&[7.0, 8.0][..], &[90.0][..])
        );
        let alone = figures("kv", &both[..1], DEPTHS, &[ours]);
        assert!(alone.len() == 8 && alone.iter().all(|figure| figure.beside.is_none()));
    }

    #[test]
    fn a_server_is_busy_for_its_part_of_the_time() {
        // A request each takes 10 us and 30 us, of which the server works 8 us on average.
        let sample = Sample { set: 1e5, get: 1e5 / 3.0, cpu: 8_000.0 };
        assert!((sample.busy() - 0.4).abs() < 1e-9);
    }

    /// As `kv_shards` does where several drivers are named: a table of all rows finds for each the
    /// one of its own driver.
    #[test]
    fn shards_are_told_beside_one_of_the_same_driver() {
        let drivers = [Driver::ALL[0], Driver::ALL[Driver::ALL.len() - 1]];
        let sample = vec![Sample { set: 1.0, get: 1.0, cpu: 1.0 }];
        for driver in drivers {
            let both = ["two shards", ONE_SHARD].map(|name| named(name, driver, &drivers));
            let samples = vec![vec![sample.clone()]; 2];
            let both = [contender(&both[0]), contender(&both[1])];
            let figures = figures("kv_shards", &both, &[1], &samples);
            let beside: Vec<_> =
                figures.iter().map(|it| (&*it.variant, it.beside.as_deref())).take(2).collect();
            let [two, one] =
                [format!("two shards {driver} set P1"), format!("one shard {driver} set P1")];
            assert_eq!(beside, [(&*two, Some(&*one)), (&*one, None)]);
        }
        assert_eq!(named(ONE_SHARD, drivers[0], &drivers[..1]), ONE_SHARD);
    }

    #[test]
    fn without_redis_ours_is_alone() {
        let core = cores::allowed()[0];
        let ours = |driver| Program::Ours("/ours".into(), driver, 1);
        let default = [Driver::default()];
        let asked = || (LEAN, benchmark());
        let alone = contenders("/ours".as_ref(), &default, [], core, asked());
        assert_eq!(alone.len(), 1);
        assert_eq!((&*alone[0].name, &alone[0].program), ("full lean", &ours(default[0])));
        let redis = [(REDIS, Program::Redis("/redis".into()))];
        let all = contenders("/ours".as_ref(), Driver::ALL, redis, core, asked());
        let (redis, drivers) = all.split_last().unwrap();
        assert_eq!(
            (&*redis.name, &redis.program),
            ("redis lean", &Program::Redis("/redis".into()))
        );
        assert!(
            drivers.iter().map(|it| it.program.clone()).eq(Driver::ALL.iter().copied().map(ours))
        );
        let names: Vec<_> = drivers.iter().map(|it| it.name.clone()).collect();
        let expected = Driver::ALL.iter().map(|driver| format!("full lean {driver}"));
        assert!(Driver::ALL.len() == 1 || names.iter().eq(&expected.collect::<Vec<_>>()));
    }

    /// Redis plays both parts: the example, as a build of its own, is not there in every test run.
    #[test]
    fn rounds_sample_every_server_at_every_depth() {
        let both = [contender("full"), contender("redis")];
        let figures = rounds("kv", &both, DEPTHS, 0.001, 2).unwrap();
        assert_eq!(figures.len(), 16);
        for Figure { variant, samples, .. } in &figures {
            assert!(samples.len() == 2 && samples.iter().all(|it| *it > 0.0), "{variant}");
        }
    }

    #[test]
    fn who_fails_is_named() {
        let absent = Contender {
            program: Program::Ours("/nonexistent/kv".into(), Driver::default(), 1),
            ..contender("full")
        };
        let error = absent.sample(1, 1000).unwrap_err();
        assert!(error.starts_with("`full`: /nonexistent/kv ended before it listened"), "{error}");
    }
}
