//! The rounds of `kv`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use greenroom_shard::Driver;

use super::client::{Client, Rates};
use super::server::Program;
use crate::arguments::Arguments;
use crate::cores::{self, Core};
use crate::programs;
use crate::report::Figure;

/// Whom the others are told as a multiple of.
const REDIS: &str = "redis";
/// Requests under way on each connection.
const DEPTHS: [u64; 2] = [1, 16];
/// Fewest requests of a run, at depth 1: the client counts whole milliseconds.
const REQUESTS_MIN: u64 = 1_000;
/// Requests of the first run, at depth 1, by whose rate the others are made as long as was asked for.
const PILOT_REQUESTS: u64 = 5_000;

/// A server that takes part.
struct Contender {
    name: String,
    program: Program,
    /// Where it runs.
    core: Core,
}

/// Measures ours, and Redis where it is installed.
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
    let contenders = contenders(&ours, &arguments.drivers, redis, core);
    let limit = Duration::from_secs_f64(60.0 + 20.0 * arguments.secs);
    let client = Client { program, core: client_core, limit };
    rounds(&contenders, &client, arguments.secs, arguments.repeats)
        .map_err(|error| format!("kv: {error}"))
}

fn contenders(
    ours: &Path,
    drivers: &[Driver],
    redis: Option<PathBuf>,
    core: Core,
) -> Vec<Contender> {
    let ours = drivers.iter().map(|driver| Contender {
        name: if drivers.len() > 1 { format!("full {driver}") } else { "full".into() },
        program: Program::Ours(ours.into(), *driver),
        core,
    });
    let redis =
        redis.map(|path| Contender { name: REDIS.into(), program: Program::Redis(path), core });
    ours.chain(redis).collect()
}

/// Measures everybody once at each depth, round by round.
fn rounds(
    contenders: &[Contender],
    client: &Client,
    secs: f64,
    repeats: usize,
) -> Result<Vec<Figure>, String> {
    let mut requests = [0; DEPTHS.len()];
    for (requests, depth) in requests.iter_mut().zip(DEPTHS) {
        *requests = requests_for(&contenders[0], client, depth, secs)?;
    }
    let mut rates = vec![[(); DEPTHS.len()].map(|()| Vec::new()); contenders.len()];
    for _ in 0..repeats {
        for (at, depth) in DEPTHS.into_iter().enumerate() {
            for (contender, rates) in contenders.iter().zip(&mut rates) {
                rates[at].push(contender.sample(client, depth, requests[at])?);
            }
        }
    }
    Ok(figures(contenders, &rates))
}

/// How many requests of either kind take the first contender about so many seconds.
fn requests_for(
    contender: &Contender,
    client: &Client,
    depth: u64,
    secs: f64,
) -> Result<u64, String> {
    let Rates { set, get } = contender.sample(client, depth, PILOT_REQUESTS * depth)?;
    Ok(((set.min(get) * secs) as u64).max(REQUESTS_MIN * depth))
}

impl Contender {
    /// A server of its own, a fifth of the requests to warm it up, and the run that counts.
    fn sample(&self, client: &Client, depth: u64, requests: u64) -> Result<Rates, String> {
        let told = |error| format!("`{}`: {error}", self.name);
        let server = self.program.start(self.core).map_err(told)?;
        let warm_up = (requests / 5).max(REQUESTS_MIN * depth);
        client.run(server.address(), depth, warm_up).map_err(told)?;
        let rates = client.run(server.address(), depth, requests).map_err(told)?;
        server.stop().map_err(told)?;
        Ok(rates)
    }
}

/// A figure for each kind of request at each depth, those of all contenders side by side.
fn figures(contenders: &[Contender], rates: &[[Vec<Rates>; DEPTHS.len()]]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (at, depth) in DEPTHS.into_iter().enumerate() {
        for (kind, rate) in KINDS {
            let variant = |contender: &Contender| format!("{} {kind} P{depth}", contender.name);
            let is_redis = |contender: &&Contender| contender.name == REDIS;
            let reference = contenders.iter().find(is_redis).map(variant);
            for (index, contender) in contenders.iter().enumerate() {
                figures.push(Figure {
                    workload: "kv",
                    variant: variant(contender),
                    unit: "per_s",
                    beside: reference.clone().filter(|_| !is_redis(&contender)),
                    bar: None,
                    samples: rates[index][at].iter().map(rate).collect(),
                });
            }
        }
    }
    figures
}

/// Which of the two rates.
type Kind = fn(&Rates) -> f64;

const KINDS: [(&str, Kind); 2] = [("set", |rates| rates.set), ("get", |rates| rates.get)];

#[cfg(test)]
mod tests {
    use super::*;

    fn contender(name: &'static str) -> Contender {
        let path = programs::on_path("redis-server").expect("`cargo x test` installs it");
        Contender { name: name.into(), program: Program::Redis(path), core: cores::allowed()[0] }
    }

    fn shown(figures: &[Figure]) -> Vec<(&str, Option<&str>, &[f64])> {
        figures.iter().map(|f| (&*f.variant, f.beside.as_deref(), &*f.samples)).collect()
    }

    #[test]
    fn ours_comes_first_and_redis_beside_it() {
        let rate = |set, get| Rates { set, get };
        let ours = [vec![rate(1.0, 2.0), rate(3.0, 4.0)], vec![rate(5.0, 6.0)]];
        let redis = [vec![rate(10.0, 20.0)], vec![rate(50.0, 60.0)]];
        let both = [contender("full"), contender("redis")];
        let expected: [(_, _, &[f64]); 8] = [
            ("full set P1", Some("redis set P1"), &[1.0, 3.0]),
            ("redis set P1", None, &[10.0]),
            ("full get P1", Some("redis get P1"), &[2.0, 4.0]),
            ("redis get P1", None, &[20.0]),
            ("full set P16", Some("redis set P16"), &[5.0]),
            ("redis set P16", None, &[50.0]),
            ("full get P16", Some("redis get P16"), &[6.0]),
            ("redis get P16", None, &[60.0]),
        ];
        assert_eq!(shown(&figures(&both, &[ours.clone(), redis])), expected);
        let alone = figures(&both[..1], &[ours]);
        let names: Vec<_> = alone.iter().map(|f| (&*f.variant, f.beside.is_none())).collect();
        let expected = ["full set P1", "full get P1", "full set P16", "full get P16"];
        assert_eq!(names, expected.map(|name| (name, true)));
    }

    #[test]
    fn without_redis_ours_is_alone() {
        let core = cores::allowed()[0];
        let ours = |driver| Program::Ours("/ours".into(), driver);
        let default = [Driver::default()];
        let alone = contenders("/ours".as_ref(), &default, None, core);
        assert_eq!(alone.len(), 1);
        assert_eq!((&*alone[0].name, &alone[0].program), ("full", &ours(default[0])));
        let all = contenders("/ours".as_ref(), Driver::ALL, Some("/redis".into()), core);
        let (redis, drivers) = all.split_last().unwrap();
        assert_eq!((&*redis.name, &redis.program), ("redis", &Program::Redis("/redis".into())));
        assert!(
            drivers.iter().map(|it| it.program.clone()).eq(Driver::ALL.iter().copied().map(ours))
        );
        let names: Vec<_> = drivers.iter().map(|it| it.name.clone()).collect();
        let expected = Driver::ALL.iter().map(|driver| format!("full {driver}"));
        assert!(Driver::ALL.len() == 1 || names.iter().eq(&expected.collect::<Vec<_>>()));
    }

    /// Redis plays both parts: the example, as a build of its own, is not there in every test run.
    #[test]
    fn rounds_sample_every_server_at_every_depth() {
        let program = programs::on_path("redis-benchmark").expect("`cargo x test` installs it");
        let core = *cores::allowed().last().unwrap();
        let client = Client { program, core, limit: Duration::from_secs(60) };
        let figures = rounds(&[contender("full"), contender("redis")], &client, 0.001, 2).unwrap();
        assert_eq!(figures.len(), 8);
        for Figure { variant, samples, .. } in &figures {
            assert!(samples.len() == 2 && samples.iter().all(|rate| *rate > 1.0), "{variant}");
        }
    }

    #[test]
    fn who_fails_is_named() {
        let program = programs::on_path("redis-benchmark").expect("`cargo x test` installs it");
        let client = Client { program, core: cores::allowed()[0], limit: Duration::from_secs(60) };
        let absent = Contender {
            name: "full".into(),
            program: Program::Ours("/nonexistent/kv".into(), Driver::default()),
            core: cores::allowed()[0],
        };
        let error = absent.sample(&client, 1, 1000).unwrap_err();
        assert!(error.starts_with("`full`: /nonexistent/kv ended before it listened"), "{error}");
    }
}
