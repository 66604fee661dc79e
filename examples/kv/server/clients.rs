//! Who is connected to one shard, and telling them to go.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// The connections of one shard.
#[derive(Debug)]
pub(super) struct Clients {
    /// Each connection that is served, by its number.
    seats: RefCell<BTreeMap<u64, Rc<Seat>>>,
    /// Connections ever admitted.
    admitted: Cell<u64>,
    closing: Cell<bool>,
    clients_max: usize,
}

/// A connection's place.
#[derive(Debug, Default)]
struct Seat {
    /// The connection's task while it waits for its client.
    waiting: RefCell<Option<Waker>>,
}

impl Clients {
    /// No connections, and room for that many.
    pub(super) fn new(clients_max: usize) -> Self {
        Self {
            seats: RefCell::default(),
            admitted: Cell::new(0),
            closing: Cell::new(false),
            clients_max,
        }
    }

    /// Takes in a connection, if there is room.
    pub(super) fn admit(self: &Rc<Self>) -> Option<Client> {
        let mut seats = self.seats.borrow_mut();
        if seats.len() >= self.clients_max {
            return None;
        }
        let number = self.admitted.get();
        self.admitted.set(number + 1);
        let seat = Rc::new(Seat::default());
        seats.insert(number, seat.clone());
        Some(Client { clients: self.clone(), number, seat })
    }

    /// Ends every connection, present and future, once it has answered what it received.
    pub(super) fn close(&self) {
        self.closing.set(true);
        for seat in self.seats.borrow().values() {
            if let Some(waker) = seat.waiting.take() {
                waker.wake();
            }
        }
    }
}

/// A connection that was taken in; dropping it makes room for another.
#[derive(Debug)]
pub(super) struct Client {
    clients: Rc<Clients>,
    /// Counts the connections of this shard from 0.
    pub(super) number: u64,
    seat: Rc<Seat>,
}

impl Client {
    /// Waits for `future`, which is dropped and `None` returned once the connections are to end.
    pub(super) async fn unless_closing<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.clients.closing.get() {
                return Poll::Ready(None);
            }
            let polled = future.as_mut().poll(cx).map(Some);
            if polled.is_pending() {
                drop(self.seat.waiting.replace(Some(cx.waker().clone())));
            }
            polled
        })
        .await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.clients.seats.borrow_mut().remove(&self.number);
    }
}
