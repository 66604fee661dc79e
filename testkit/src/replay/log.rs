//! The choices of a run as a file.

use std::fmt;
use std::path::Path;

use crate::draws::{Decision, Site};

/// The choices of one run, with what is needed to make it again.
///
/// Its text form has a line for each choice; [`DecisionLog::parse`] reads what `Display` writes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct DecisionLog {
    /// The test's full name; empty when there is none.
    pub test: String,
    /// The seed, from which actors' own randomness follows.
    pub seed: u64,
    /// How many shards each node has.
    pub shards: Vec<u16>,
    /// The choices in the order in which they were made.
    pub decisions: Vec<Decision>,
}

/// Why a log could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum LogError {
    /// The file could not be read.
    Io(std::io::Error),
    /// A line, counted from 1, is none of a log.
    Line(usize, String),
    /// It does not begin as a log does, or is of a later format.
    Format,
    /// It says how many choices it has, and has that many: it was cut off.
    Cut(usize, usize),
}

/// The first line of a log.
const HEAD: &str = "greenroom decisions 1";

/// The line above the choices.
const COLUMNS: &str = "# site place ordinal choices chosen";

impl DecisionLog {
    /// Reads a log from its text.
    ///
    /// # Errors
    ///
    /// When the text is no log, with the line.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let mut lines = (1..).zip(text.lines());
        if lines.next().is_none_or(|(_, line)| line != HEAD) {
            return Err(LogError::Format);
        }
        let (mut log, mut told) = (Self::default(), None);
        for (number, line) in lines {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                let wrong = || LogError::Line(number, line.to_owned());
                match line.strip_prefix("choices ") {
                    Some(count) => told = Some(count.parse().map_err(|_| wrong())?),
                    None => log.take(line).ok_or_else(wrong)?,
                }
            }
        }
        // A last line without an end may have lost digits.
        let found =
            log.decisions.len() - usize::from(!text.ends_with('\n')).min(log.decisions.len());
        match told {
            Some(told) if told != found => Err(LogError::Cut(told, found)),
            _ => Ok(log),
        }
    }

    /// Reads a log from a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is no log.
    pub fn load(path: &Path) -> Result<Self, LogError> {
        Self::parse(&std::fs::read_to_string(path).map_err(LogError::Io)?)
    }

    /// Its text with the comments of another text, which is a log's: what people wrote there.
    pub(crate) fn with_comments_of(&self, text: &str) -> String {
        let comments = text.lines().filter(|line| line.starts_with('#') && *line != COLUMNS);
        let comments: String = comments.map(|line| format!("\n{line}")).collect();
        self.to_string().replacen(HEAD, &format!("{HEAD}{comments}"), 1)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "test" => self.test = rest.to_owned(),
            "seed" => self.seed = u64::from_str_radix(rest.strip_prefix("0x")?, 16).ok()?,
            "shards" => {
                let counts = rest.split(' ').map(|count| count.parse().ok());
                self.shards = counts.collect::<Option<_>>()?;
            }
            _ => {
                let site = Site::ALL.into_iter().find(|site| site.name() == word)?;
                let mut numbers = rest.split(' ').map(|number| number.parse::<u64>().ok());
                let mut next = || numbers.next().flatten();
                let (place, ordinal) = (u32::try_from(next()?).ok()?, u32::try_from(next()?).ok()?);
                let (choices, chosen) = (next()?, next()?);
                if numbers.next().is_some() {
                    return None;
                }
                self.decisions.push(Decision { site, place, ordinal, choices, chosen });
            }
        }
        Some(())
    }
}

impl fmt::Display for DecisionLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\ntest {}\nseed {:#x}", self.test, self.seed)?;
        let shards: Vec<String> = self.shards.iter().map(u16::to_string).collect();
        writeln!(f, "shards {}\nchoices {}", shards.join(" "), self.decisions.len())?;
        writeln!(f, "{COLUMNS}")?;
        for Decision { site, place, ordinal, choices, chosen } in &self.decisions {
            writeln!(f, "{} {place} {ordinal} {choices} {chosen}", site.name())?;
        }
        Ok(())
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Line(number, line) => write!(f, "line {number} is none of a log: {line}"),
            Self::Format => write!(f, "the first line is not `{HEAD}`"),
            Self::Cut(told, found) => {
                write!(f, "it is to have {told} choices and has {found}: it was cut off")
            }
        }
    }
}

impl std::error::Error for LogError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_as_it_was_written() {
        let decisions = (0u32..).zip(Site::ALL).map(|(place, site)| Decision {
            site,
            place,
            ordinal: 7,
            choices: 1 << 40,
            chosen: 3,
        });
        let log = DecisionLog {
            test: "a::b".into(),
            seed: 0x1f3,
            shards: vec![2, 3],
            decisions: decisions.collect(),
        };
        assert_eq!(DecisionLog::parse(&log.to_string()).unwrap(), log);
    }

    #[test]
    fn a_log_that_was_cut_off_is_refused_wherever_it_was() {
        let decision =
            |ordinal| Decision { site: Site::Net, place: 1, ordinal, choices: 99, chosen: 12 };
        let log = DecisionLog {
            shards: vec![2],
            decisions: (0..9).map(decision).collect(),
            ..DecisionLog::default()
        };
        let text = log.to_string();
        let first = text.find("Net").unwrap();
        for end in first..text.len() {
            assert!(DecisionLog::parse(&text[..end]).is_err(), "cut after {end} bytes");
        }
        // One that was written before logs said how many choices they have is taken as it is.
        let older = text.replace("choices 9\n", "");
        assert_eq!(DecisionLog::parse(&older).unwrap(), log);
    }

    #[test]
    fn comments_stay_when_a_log_is_written_anew() {
        let log = DecisionLog { test: "a".into(), ..DecisionLog::default() };
        let text = log.to_string().replace("seed", "# Issue 7.\nseed");
        let anew = DecisionLog { seed: 2, ..log }.with_comments_of(&text);
        assert!(anew.starts_with(&format!("{HEAD}\n# Issue 7.\ntest a\nseed 0x2\n")), "{anew}");
        assert_eq!(anew.matches('#').count(), 2, "{anew}");
    }

    #[test]
    fn what_is_no_log_says_where() {
        assert!(matches!(DecisionLog::parse("seed 0x1"), Err(LogError::Format)));
        for line in [
            "Shard 0 0 2",
            "Nobody 0 0 2 1",
            "seed 12",
            "Shard x 0 2 1",
            "Shard 0 0 2 1 1",
            "choices x",
        ] {
            let read = DecisionLog::parse(&format!("{HEAD}\n\n{line}\n"));
            assert!(matches!(read, Err(LogError::Line(3, _))), "{line}: {read:?}");
        }
    }
}
