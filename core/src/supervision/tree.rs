//! A supervision tree as data.

use std::fmt;
use std::pin::Pin;

use super::handle::{ChildError, ChildInfo, ChildStatus};
use super::supervisor::Supervisor;
use crate::handle::ActorRef;
use crate::pid::Pid;
use crate::vitals::Health;

/// A supervisor and all below it, as they were when each was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SupervisionTree {
    /// The supervisor.
    pub supervisor: Pid,
    /// Its children, in the order in which they start, each with its own tree if it is a
    /// supervisor that answered.
    pub children: Vec<(ChildInfo, Option<Self>)>,
}

impl ActorRef<Supervisor> {
    /// The tree below this supervisor. Each supervisor is asked in turn; one that is busy starting
    /// or ending a child answers when it is done.
    ///
    /// # Errors
    ///
    /// [`ChildError::Call`] when this one does not answer.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn supervision_tree(&self) -> Result<SupervisionTree, ChildError> {
        let mut children = Vec::new();
        for child in self.children().await? {
            let below = match child.pid.filter(|_| child.is_supervisor) {
                Some(pid) => tree_of(pid).await.ok(),
                None => None,
            };
            children.push((child, below));
        }
        Ok(SupervisionTree { supervisor: self.pid(), children })
    }
}

impl SupervisionTree {
    /// How the tree is: the worst of all that are in it. A child that waits for its restart, and a
    /// supervisor that did not tell of those below it, make it degraded; one that has ended for good
    /// does not count.
    #[must_use]
    pub fn health(&self) -> Health {
        let child = |(child, below): &(ChildInfo, Option<Self>)| match below {
            Some(tree) => child.health.clone().max(tree.health()),
            None if child.is_supervisor && child.status == ChildStatus::Up => {
                let silent = format!("the supervisor `{}` did not answer", child.id);
                child.health.clone().max(Health::Degraded(silent.into()))
            }
            None => child.health.clone(),
        };
        self.children.iter().map(child).max().unwrap_or_default()
    }
}

fn tree_of(pid: Pid) -> Pin<Box<dyn Future<Output = Result<SupervisionTree, ChildError>>>> {
    Box::pin(async move { ActorRef::<Supervisor>::from_pid(pid).supervision_tree().await })
}

impl fmt::Display for SupervisionTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn below(f: &mut fmt::Formatter<'_>, tree: &SupervisionTree, depth: usize) -> fmt::Result {
            for (child, tree) in &tree.children {
                write!(f, "\n{:depth$}{} {:?}", "", child.id, child.status)?;
                if let Some(pid) = child.pid {
                    write!(f, " {pid}")?;
                }
                if child.restarts > 0 {
                    write!(f, ", {} restarts", child.restarts)?;
                }
                if child.health != Health::Healthy {
                    write!(f, ", {}", child.health)?;
                }
                if let Some(tree) = tree {
                    below(f, tree, depth + 2)?;
                }
            }
            Ok(())
        }
        write!(f, "{}", self.supervisor)?;
        below(f, self, 2)
    }
}
