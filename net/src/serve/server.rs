//! The handle to a server.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use greenroom_core::timeout;

use super::state::State;

/// A running server; see [`crate::serve()`]. Cloning gives another handle to the same server, and
/// dropping the last one leaves the server running.
#[derive(Clone)]
pub struct Server {
    state: Rc<State>,
}

/// What became of a server's connections so far.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ServerCounts {
    /// Connections taken.
    pub accepted: u64,
    /// Connections being served.
    pub open: usize,
    /// Connections whose handler returned.
    pub finished: u64,
    /// Connections whose handler panicked.
    pub panicked: u64,
    /// Connections that were ended by a drain's limit.
    pub aborted: u64,
    /// Accepts that failed.
    pub accept_errors: u64,
}

/// How a drain went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drained {
    /// Connections that ended by themselves while the server drained.
    pub finished: usize,
    /// Connections that had to be ended.
    pub aborted: usize,
}

impl Server {
    pub(super) const fn new(state: Rc<State>) -> Self {
        Self { state }
    }

    /// The address the server listens on, or listened on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.state.local
    }

    /// What became of the server's connections so far.
    #[must_use]
    pub fn counts(&self) -> ServerCounts {
        self.state.counts()
    }

    /// Why the server takes no connections at present; `None` when the last accept succeeded.
    #[must_use]
    pub fn accept_error(&self) -> Option<io::Error> {
        self.state.accept_error()
    }

    /// Ends the server: stops accepting and closes the listener, waits at most `limit` for the
    /// connections to finish, and ends those that are left at their next await. When this returns,
    /// nothing of the server is left.
    ///
    /// Peers that wait in the backlog are refused. A second drain waits for the same end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the server without a listener, and its connections running.
    /// Draining again goes on from there.
    pub async fn drain(&self, limit: Duration) -> Drained {
        let state = &self.state;
        state.stop_accepting();
        let before = state.counts();
        let over = || state.changed.until(|| state.is_over());
        if timeout(limit, over()).await.is_err() {
            state.abort_all();
            over().await;
        }
        let aborted = (state.counts().aborted - before.aborted) as usize;
        Drained { finished: before.open - aborted, aborted }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("local", &self.state.local)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
