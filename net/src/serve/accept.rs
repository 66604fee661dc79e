//! The accept loop.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use greenroom_core::{sleep, spawn_local};

use super::state::State;
use super::{ServeLimits, Server};
use crate::listener::TcpListener;
use crate::race::{First, race};
use crate::stream::TcpStream;

/// Serves the connections of `listener` on this shard, each by `handler` as a task of its own,
/// until [`Server::drain`]. Dropping the handle leaves the server running.
///
/// At [`ServeLimits::connections_max`] the server stops accepting: further peers wait in the
/// listener's backlog, and are refused by the transport when that is full as well. A handler that
/// panics ends its own connection, which is counted. An accept that fails because its peer gave up
/// is followed by the next at once; after any other failure the server waits on the shard's timer,
/// twice as long each time, since the connection that could not be taken is still there.
///
/// ```no_run
/// # use greenroom_net::{ServeLimits, TcpListener, serve};
/// # async fn echo() -> std::io::Result<()> {
/// let listener = TcpListener::bind(([127, 0, 0, 1], 0)).await?;
/// let server = serve(listener, ServeLimits::default(), async |mut stream, _peer| {
///     while let Ok(received) = stream.receive().await {
///         if received.is_empty() || stream.send(received.to_vec()).await.is_err() {
///             return;
///         }
///     }
/// });
/// # drop(server);
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// Outside any shard, or when the shard has no slot left for a task.
pub fn serve<F>(listener: TcpListener, limits: ServeLimits, handler: F) -> Server
where
    F: AsyncFn(TcpStream, SocketAddr) + 'static,
{
    let state = Rc::new(State::new(limits, listener.local_addr()));
    let accepting = accept(listener, state.clone(), Rc::new(handler));
    drop(spawn_local(accepting));
    Server::new(state)
}

async fn accept<F>(mut listener: TcpListener, state: Rc<State>, handler: Rc<F>)
where
    F: AsyncFn(TcpStream, SocketAddr) + 'static,
{
    let mut backoff = Backoff::new(&state.limits);
    while !state.is_stopping() {
        // Without a seat no accept may be under way: it would take a connection.
        state.changed.until(|| state.is_stopping() || state.has_seat()).await;
        let stopping = state.changed.until(|| state.is_stopping());
        match race(stopping, listener.accept()).await {
            First::Left(()) => break,
            First::Right(Ok((stream, peer))) => {
                backoff.reset();
                state.admit(stream, peer, &handler);
            }
            First::Right(Err(error)) => {
                state.accept_failed(&error);
                if !is_of_the_peer(&error) {
                    let stopping = state.changed.until(|| state.is_stopping());
                    race(stopping, sleep(backoff.next())).await;
                }
            }
        }
    }
    if let Err(error) = listener.close().await {
        state.accept_failed(&error);
    }
    state.listener_closed();
}

/// Whether an accept failed for a reason that is gone with the connection.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Pauses that double.
struct Backoff {
    next: Duration,
    min: Duration,
    max: Duration,
}

impl Backoff {
    fn new(limits: &ServeLimits) -> Self {
        let min = limits.accept_backoff_min;
        Self { next: min, min, max: limits.accept_backoff_max.max(min) }
    }

    fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(self.max);
        pause
    }

    const fn reset(&mut self) {
        self.next = self.min;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_again() {
        let limits = ServeLimits {
            accept_backoff_min: Duration::from_millis(5),
            accept_backoff_max: Duration::from_millis(30),
            ..ServeLimits::default()
        };
        let mut backoff = Backoff::new(&limits);
        let pauses: Vec<_> = (0..5).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(pauses, [5, 10, 20, 30, 30]);
        backoff.reset();
        assert_eq!(backoff.next().as_millis(), 5);
    }

    #[test]
    fn only_the_peers_errors_are_followed_by_an_attempt_at_once() {
        assert!(is_of_the_peer(&io::ErrorKind::ConnectionAborted.into()));
        assert!(!is_of_the_peer(&io::ErrorKind::OutOfMemory.into()));
        assert!(!is_of_the_peer(&io::Error::other("too many open files")));
    }
}
