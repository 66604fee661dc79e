//! The command line.

use std::path::PathBuf;

use greenroom_shard::Driver;

/// What to measure, and how.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Names of workloads; all when empty.
    pub(crate) workloads: Vec<String>,
    /// One JSON object a line instead of a table.
    pub(crate) json: bool,
    /// The everything-on variant of each workload alone.
    pub(crate) full: bool,
    /// The variants of that name alone.
    pub(crate) variant: Option<String>,
    /// Seconds of each repeat.
    pub(crate) secs: f64,
    pub(crate) repeats: usize,
    /// Do so many units of one workload in the bare loop and say nothing: for callgrind.
    pub(crate) count: Option<u64>,
    /// The server that `kv` measures; the one built beside this program when it is not named.
    pub(crate) kv: Option<PathBuf>,
    /// The server that `echo` measures; as for `kv`.
    pub(crate) echo: Option<PathBuf>,
    /// What `echo` puts its servers under, as `50x16`; all of its loads when empty.
    pub(crate) loads: Vec<String>,
    /// The comparison's program, whose servers `echo` measures beside ours.
    pub(crate) rivals: Option<PathBuf>,
    /// The loop by hand that `append` is measured beside, and the server that `kv` is.
    pub(crate) bare: Option<PathBuf>,
    /// Shards of `scaling`, and actors on each, when its units (laps) are counted.
    pub(crate) shards: u16,
    pub(crate) actors: usize,
    /// What runs the shards; each variant on each of them in turn when there are several.
    pub(crate) drivers: Vec<Driver>,
}

/// How the program is called.
pub(crate) const USAGE: &str = "\
usage: greenroom-benches [WORKLOAD ...] [--json] [--full] [--variant NAME] [--secs N] [--repeats N]
                         [--count UNITS] [--kv PATH] [--echo PATH] [--load CxD ...] [--rivals PATH]
                         [--bare PATH] [--driver NAME ...] [--shards N] [--actors N]

  WORKLOAD   ask_local ask_cross cast_local cast_cross ring spawn spawn_link restart restart_stop
             exit_storm exit_chain bytes_idle bytes_after_message skynet
             big fan sim sim_ping_pong idle latency append kv kv_shards echo scaling; all by default
  --json     one object a line, the everything-on variant first
  --full     the everything-on variant alone
  --variant  the variant of that name alone
  --secs     seconds of each repeat (1)
  --repeats  repeats of each variant, of which the median is told (5)
  --count    do so many units of one workload in the bare loop, for an instruction counter
  --driver   what runs the shards, `glommio` or `uring` (the default one); given twice, each variant
             is measured on both in turn
  --kv       the key-value server of the workload kv (the example beside this program)
  --echo     the server of the workload echo (the example beside this program)
  --load     the load of echo of so many connections with so many requests each under way alone:
             1x1, 50x1, 500x1 or 50x16
  --rivals   the program of benches/compare, whose servers echo measures beside ours
  --bare     the program of benches/bare, whose loops by hand append and echo measure beside ours, and
             whose server, which does the least, kv does
  --shards   with `scaling --count`: so many (2), and
  --actors   so many actors on each (16)";

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self {
            workloads: Vec::new(),
            json: false,
            full: false,
            variant: None,
            secs: 1.0,
            repeats: 5,
            count: None,
            kv: None,
            echo: None,
            loads: Vec::new(),
            rivals: None,
            bare: None,
            shards: 2,
            actors: 16,
            drivers: Vec::new(),
        };
        while let Some(word) = words.next() {
            let mut value = |what| words.next().ok_or_else(|| format!("{word} needs {what}"));
            let mut number = || -> Result<f64, String> {
                let text = value("a number")?;
                let number: f64 = text.parse().map_err(|_| format!("{text} is no number"))?;
                let positive = number > 0.0 && number.is_finite();
                if positive { Ok(number) } else { Err(format!("{word} must be above zero")) }
            };
            match word.as_str() {
                "--json" => read.json = true,
                "--full" => read.full = true,
                "--variant" => read.variant = Some(value("a name")?),
                "--secs" => read.secs = number()?,
                "--repeats" => read.repeats = number()?.ceil() as usize,
                "--count" => read.count = Some(number()? as u64),
                "--shards" => read.shards = (number()?.ceil() as u16).max(2),
                "--actors" => read.actors = number()?.ceil() as usize,
                "--kv" => read.kv = Some(value("a path")?.into()),
                "--echo" => read.echo = Some(value("a path")?.into()),
                "--load" => read.loads.push(value("a load")?),
                "--bare" => read.bare = Some(value("a path")?.into()),
                "--rivals" => read.rivals = Some(value("a path")?.into()),
                "--driver" => {
                    let driver = value("a name")?.parse().map_err(|it| format!("{it}"))?;
                    read.drivers.push(driver);
                }
                flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}")),
                workload => read.workloads.push(workload.into()),
            }
        }
        if read.drivers.is_empty() {
            read.drivers.push(Driver::default());
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, String> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_is_everything_by_default() {
        let read = read("").unwrap();
        assert!(read.echo.is_none() && read.rivals.is_none() && read.variant.is_none());
        assert!(read.loads.is_empty());
        let Arguments {
            workloads,
            json,
            full,
            secs,
            repeats,
            count,
            kv,
            shards,
            actors,
            drivers,
            ..
        } = read;
        assert!(workloads.is_empty() && !json && !full && count.is_none() && kv.is_none());
        assert_eq!((secs, repeats, shards, actors), (1.0, 5, 2, 16));
        assert_eq!(drivers, vec![Driver::default()]);
    }

    #[test]
    fn words_and_flags_come_in_any_order() {
        let line = "idle --secs 0.25 --kv a/b kv --json --full --repeats 2.5 --count 7 --shards 9 --actors 3";
        let Arguments { workloads, json, full, secs, repeats, count, kv, shards, actors, .. } =
            read(line).unwrap();
        assert_eq!((shards, actors, full), (9, 3, true));
        assert_eq!((workloads, json, secs), (vec!["idle".to_owned(), "kv".to_owned()], true, 0.25));
        assert_eq!((repeats, count, kv), (3, Some(7), Some("a/b".into())));
    }

    #[test]
    fn drivers_are_named_one_by_one() {
        let names: Vec<_> = Driver::ALL.iter().map(|driver| format!("--driver {driver}")).collect();
        assert_eq!(read(&names.join(" ")).unwrap().drivers, Driver::ALL);
        assert!(read("--driver none").unwrap_err().contains("none of the drivers"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let table = [
            ("--kv", "--kv needs a path"),
            ("--driver", "--driver needs a name"),
            ("--load", "--load needs a load"),
            ("--variant", "--variant needs a name"),
            ("kv --secs", "--secs needs a number"),
            ("--secs kv", "kv is no number"),
            ("--secs -1", "--secs must be above zero"),
            ("--repeats 0", "--repeats must be above zero"),
            ("--secs inf", "--secs must be above zero"),
            ("--count NaN", "--count must be above zero"),
            ("--kv=a", "unknown flag --kv=a"),
        ];
        for (line, expected) in table {
            assert_eq!(read(line).unwrap_err(), expected, "{line}");
        }
    }
}
