//! The bug that a test plants: see `ServerLimits::stale_reads`.

use super::{Answers, Keeper};
use crate::exec::Request;

impl Keeper {
    /// The `GET`s among `requests`, each at its place.
    pub(super) fn reads(&self, requests: &[Request]) -> Vec<Option<String>> {
        let name = |request: &Request| match request {
            Request::Get(key) => Some(key.escape_ascii().to_string()),
            _ => None,
        };
        requests.iter().map(name).collect()
    }

    /// Puts what was answered to each `GET` the time before in place of its answer.
    pub(super) fn with_stale_reads(
        &mut self,
        reads: &[Option<String>],
        mut answers: Answers,
    ) -> Answers {
        let Some(stale) = &mut self.stale else { return answers };
        for (read, answer) in reads.iter().zip(&mut answers.answers) {
            if let Some(key) = read {
                let before = stale.insert(key.clone(), answer.clone());
                *answer = before.unwrap_or_else(|| answer.clone());
            }
        }
        answers
    }
}
