//! Who is connected to one shard, and telling them to go.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use crate::pubsub::Outbox;

/// The connections of one shard.
#[derive(Debug)]
pub(super) struct Clients {
    /// What is on its way to each connection that is served, by its number.
    outboxes: RefCell<BTreeMap<u64, Rc<Outbox>>>,
    /// Connections ever admitted.
    admitted: Cell<u64>,
    closing: Cell<bool>,
    clients_max: usize,
    message_bytes_max: usize,
}

impl Clients {
    /// No connections, and room for that many, each with so many bytes of messages.
    pub(super) fn new(clients_max: usize, message_bytes_max: usize) -> Self {
        Self {
            outboxes: RefCell::default(),
            admitted: Cell::new(0),
            closing: Cell::new(false),
            clients_max,
            message_bytes_max,
        }
    }

    /// Takes in a connection, if there is room.
    pub(super) fn admit(self: &Rc<Self>) -> Option<Client> {
        let mut outboxes = self.outboxes.borrow_mut();
        if outboxes.len() >= self.clients_max {
            return None;
        }
        let number = self.admitted.get();
        self.admitted.set(number + 1);
        let outbox = Rc::new(Outbox::new(self.message_bytes_max));
        outboxes.insert(number, outbox.clone());
        Some(Client { clients: self.clone(), number, outbox })
    }

    /// Ends every connection, present and future, once it has answered what it received.
    pub(super) fn close(&self) {
        self.closing.set(true);
        self.outboxes.borrow().values().for_each(|outbox| outbox.wake());
    }
}

/// A connection that was taken in; dropping it makes room for another.
#[derive(Debug)]
pub(super) struct Client {
    clients: Rc<Clients>,
    /// Counts the connections of this shard from 0.
    pub(super) number: u64,
    pub(super) outbox: Rc<Outbox>,
}

/// What a connection waited for.
#[derive(Debug)]
pub(super) enum Event<T> {
    /// What it waits for.
    Done(T),
    /// Messages are to be sent.
    Messages,
    /// More messages than may wait: the connection is to end at once.
    Overflow,
    /// The connections are to end.
    Closing,
}

impl Client {
    /// Waits for `future`, which is dropped where something else comes first.
    pub(super) async fn next<T>(&self, future: impl Future<Output = T>) -> Event<T> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.clients.closing.get() {
                return Poll::Ready(Event::Closing);
            }
            if self.outbox.has_overflowed() {
                return Poll::Ready(Event::Overflow);
            }
            if let Poll::Ready(done) = future.as_mut().poll(cx) {
                return Poll::Ready(Event::Done(done));
            }
            if !self.outbox.is_empty() {
                return Poll::Ready(Event::Messages);
            }
            self.outbox.wait(cx.waker());
            Poll::Pending
        })
        .await
    }

    /// Waits for `future`, which is dropped and `None` returned once more messages wait than may.
    pub(super) async fn unless_overflowing<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.outbox.has_overflowed() {
                return Poll::Ready(None);
            }
            let polled = future.as_mut().poll(cx).map(Some);
            if polled.is_pending() {
                self.outbox.wait(cx.waker());
            }
            polled
        })
        .await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.clients.outboxes.borrow_mut().remove(&self.number);
    }
}
