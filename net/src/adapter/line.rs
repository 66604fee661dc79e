//! What lies between a poll-style writer and its write half: a batch that the writer fills, and a
//! task that carries batch after batch away.
//!
//! The task is what keeps written bytes moving when nobody polls the writer: a program that writes
//! a request and then waits for the answer has no reason to look at the writer again, and a send
//! may take a part of its bytes only.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use greenroom_core::runtime::ShutdownSide;
use greenroom_core::{System, sleep, spawn_local};

use crate::limits::{POLL_LINGER, POLL_WRITE_BYTES};
use crate::race::race;
use crate::socket::away;
use crate::stream::WriteHalf;

#[derive(Default)]
pub(super) struct Line {
    state: RefCell<State>,
    writer: WakerCell,
    carrier: WakerCell,
}

#[derive(Default)]
struct State {
    /// Written, and not yet handed to a send.
    batch: Vec<u8>,
    /// A batch is under way.
    sending: bool,
    end: End,
    failure: Failure,
    /// The writer was dropped.
    abandoned: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum End {
    #[default]
    Open,
    Wanted,
    Done,
}

#[derive(Default)]
enum Failure {
    #[default]
    None,
    /// To be told to the writer.
    New(io::Error),
    Told,
}

/// What the carrier is to do next.
enum Work {
    Send(Vec<u8>),
    End,
    Stop,
}

impl Line {
    /// Starts the task that carries this line's bytes away.
    pub(super) fn carry_with<A: 'static>(self: &Rc<Self>, half: WriteHalf<A>) -> io::Result<()> {
        System::current().ok_or_else(away)?;
        let line = self.clone();
        drop(spawn_local(async move {
            let linger = async {
                poll_fn(|cx| line.poll_abandoned(cx)).await;
                sleep(POLL_LINGER).await;
            };
            race(line.carry(half), linger).await;
        }));
        Ok(())
    }

    /// Takes as many of `bytes` as there is room for, waiting for room.
    pub(super) fn poll_write(&self, cx: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let taken = self.with(|state| {
            state.check()?;
            if state.end != End::Open {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let amount = bytes.len().min(POLL_WRITE_BYTES.saturating_sub(state.batch.len()));
            state.batch.extend_from_slice(&bytes[..amount]);
            Ok(amount)
        });
        match taken {
            Ok(0) if !bytes.is_empty() => {
                self.writer.register(cx);
                Poll::Pending
            }
            taken => {
                self.carrier.wake();
                Poll::Ready(taken)
            }
        }
    }

    /// Waits until everything written has been sent.
    pub(super) fn poll_sent(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.poll_until(cx, |state| state.batch.is_empty() && !state.sending)
    }

    /// Ends the send side behind everything written, and waits for it.
    pub(super) fn poll_ended(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let wanted = self.with(|state| {
            let wanted = state.end == End::Open;
            if wanted {
                state.end = End::Wanted;
            }
            wanted
        });
        if wanted {
            self.carrier.wake();
        }
        self.poll_until(cx, |state| state.end == End::Done)
    }

    /// The writer is gone: what it wrote is still sent, within bounds.
    pub(super) fn abandon(&self) {
        self.with(|state| state.abandoned = true);
        self.carrier.wake();
    }

    fn poll_until(
        &self,
        cx: &Context<'_>,
        reached: impl FnOnce(&State) -> bool,
    ) -> Poll<io::Result<()>> {
        let reached = self.with(|state| state.check().map(|()| reached(state)));
        match reached {
            Ok(false) => {
                self.writer.register(cx);
                Poll::Pending
            }
            reached => Poll::Ready(reached.map(drop)),
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.state.borrow_mut())
    }

    async fn carry<A>(&self, mut half: WriteHalf<A>) {
        let mut spare = Vec::new();
        loop {
            let work = poll_fn(|cx| self.poll_work(cx, &mut spare)).await;
            let done = match work {
                Work::Send(data) => half.send(data).await.map(|buffer| spare = buffer),
                Work::End => half.shutdown(ShutdownSide::Send).await,
                Work::Stop => return,
            };
            let failed = self.with(|state| {
                state.sending = false;
                if state.end == End::Wanted && half.is_send_ended() {
                    state.end = End::Done;
                }
                let failed = done.is_err();
                if let Err(error) = done {
                    state.failure = Failure::New(error);
                }
                failed
            });
            self.writer.wake();
            if failed {
                return;
            }
        }
    }

    /// Waits for something to do; puts `spare` in the place of a batch that is taken.
    fn poll_work(&self, cx: &Context<'_>, spare: &mut Vec<u8>) -> Poll<Work> {
        let work = self.with(|state| {
            if !state.batch.is_empty() {
                state.sending = true;
                return Some(Work::Send(std::mem::replace(
                    &mut state.batch,
                    std::mem::take(spare),
                )));
            }
            if state.end == End::Wanted {
                return Some(Work::End);
            }
            state.abandoned.then_some(Work::Stop)
        });
        if work.is_none() {
            self.carrier.register(cx);
        } else {
            // A batch that was taken leaves room.
            self.writer.wake();
        }
        work.map_or(Poll::Pending, Poll::Ready)
    }

    fn poll_abandoned(&self, cx: &Context<'_>) -> Poll<()> {
        if self.with(|state| state.abandoned) {
            return Poll::Ready(());
        }
        self.carrier.register(cx);
        Poll::Pending
    }
}

impl State {
    /// Fails when a send has failed: with its own error once, then for good.
    fn check(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.failure, Failure::Told) {
            Failure::None => {
                self.failure = Failure::None;
                Ok(())
            }
            Failure::New(error) => Err(error),
            Failure::Told => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

/// The task that waits on one side of the line.
#[derive(Default)]
struct WakerCell(RefCell<Option<Waker>>);

impl WakerCell {
    fn register(&self, cx: &Context<'_>) {
        let waker = cx.waker().clone();
        let old = self.0.replace(Some(waker));
        drop(old);
    }

    fn wake(&self) {
        let waker = self.0.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
