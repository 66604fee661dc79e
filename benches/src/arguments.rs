//! The command line.

/// What to measure, and how.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Names of workloads; all when empty.
    pub(crate) workloads: Vec<String>,
    /// One JSON object a line instead of a table.
    pub(crate) json: bool,
    /// Seconds of each repeat.
    pub(crate) secs: f64,
    pub(crate) repeats: usize,
    /// Do so many units of one workload in the bare loop and say nothing: for callgrind.
    pub(crate) count: Option<u64>,
}

/// How the program is called.
pub(crate) const USAGE: &str = "\
usage: greenroom-benches [WORKLOAD ...] [--json] [--secs N] [--repeats N] [--count UNITS]

  WORKLOAD   ask_local ask_cross cast_local cast_cross ring spawn bytes_idle bytes_after_message
             sim; all by default
  --json     one object a line, the everything-on variant first
  --secs     seconds of each repeat (1)
  --repeats  repeats of each variant, of which the median is told (5)
  --count    do so many units of one workload in the bare loop, for an instruction counter";

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read =
            Self { workloads: Vec::new(), json: false, secs: 1.0, repeats: 5, count: None };
        while let Some(word) = words.next() {
            let mut number = || -> Result<f64, String> {
                let text = words.next().ok_or_else(|| format!("{word} needs a number"))?;
                let number: f64 = text.parse().map_err(|_| format!("{text} is no number"))?;
                let positive = number > 0.0 && number.is_finite();
                if positive { Ok(number) } else { Err(format!("{word} must be above zero")) }
            };
            match word.as_str() {
                "--json" => read.json = true,
                "--secs" => read.secs = number()?,
                "--repeats" => read.repeats = number()?.ceil() as usize,
                "--count" => read.count = Some(number()? as u64),
                flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}")),
                workload => read.workloads.push(workload.into()),
            }
        }
        Ok(read)
    }
}
