//! The order of datagrams on their ways, and what of it a program can notice.

use std::collections::BTreeSet;

use super::datagram::Flight;
use super::operate::Net;
use crate::faults::Fault;

/// What goes from one socket to one address.
#[derive(Default, Debug)]
pub(super) struct Line {
    serial_last: u64,
    /// The last serial that arrived.
    arrived_last: u64,
    /// When the last of those that keep their order arrives.
    arrives_last: u64,
}

impl Flight {
    /// Whether it comes behind those before it, and before those behind it.
    const fn keeps_order(&self) -> bool {
        !self.is_copy && !self.reordered
    }
}

impl Net<'_> {
    /// Puts a datagram that sets out behind those before it. It arrives then if it is the only one.
    pub(super) fn line_up(&mut self, flight: &mut Flight, arrives: u64) {
        let name = (flight.sender, flight.to);
        let line = self.network.datagrams.lines.entry(name).or_default();
        if !flight.is_copy {
            line.serial_last += 1;
            flight.serial = line.serial_last;
        }
        flight.arrives = line.arrives_last.max(arrives);
        if flight.keeps_order() {
            line.arrives_last = flight.arrives;
        } else {
            flight.arrives += self.world.fault_delay(u32::from(flight.way.0));
        }
    }

    /// When a datagram arrives that would then if it were the only one.
    fn in_line(&mut self, flight: &Flight, arrives: u64) -> u64 {
        let name = (flight.sender, flight.to);
        let line = self.network.datagrams.lines.entry(name).or_default();
        let arrives = line.arrives_last.max(arrives);
        if flight.keeps_order() {
            line.arrives_last = arrives;
            return arrives;
        }
        arrives + self.world.fault_delay(u32::from(flight.way.0))
    }

    /// Forgets those datagrams where others are to arrive behind them.
    pub(super) fn unline(&mut self, numbers: &BTreeSet<u64>) {
        let datagrams = &mut self.network.datagrams;
        let unlined = numbers.iter().filter_map(|number| datagrams.flights.get(number));
        let names: BTreeSet<_> = unlined.map(|flight| (flight.sender, flight.to)).collect();
        for name in names {
            let others = datagrams.flights.iter().filter(|(number, flight)| {
                (flight.sender, flight.to) == name
                    && flight.keeps_order()
                    && !numbers.contains(number)
            });
            let last = others.map(|(_, flight)| flight.arrives).max();
            let line = datagrams.lines.entry(name).or_default();
            line.arrives_last = last.unwrap_or_default();
        }
    }

    /// When a datagram arrives that nothing keeps back any more, and would then if it were alone.
    /// (Of a line, the oldest are asked first.)
    pub(super) fn datagram_goes_on(&mut self, number: u64, arrives: u64) -> u64 {
        let flights = &mut self.network.datagrams.flights;
        let Some(mut flight) = flights.remove(&number) else { return arrives };
        let arrives = self.in_line(&flight, arrives).min(flight.arrives);
        flight.arrives = arrives;
        self.network.datagrams.flights.insert(number, flight);
        arrives
    }

    /// Counts a datagram that has come twice.
    pub(super) fn note_twin(&mut self, number: u64, flight: &Flight, came_before: bool) {
        if came_before {
            self.world.went_wrong(Fault::DatagramDuplication, flight.way.1, flight.sender);
        } else if flight.twin.is_some_and(|it| self.network.datagrams.flights.get(&it).is_some()) {
            self.network.datagrams.first_of_two.insert(number);
        }
    }

    /// Counts what a program can notice of a datagram's place among others. (As long as none is ever
    /// reordered there is nothing to notice, nor to remember: who overtakes one has set out after
    /// it.)
    pub(super) fn note_order(&mut self, flight: &Flight) {
        if flight.is_copy || !self.world.fault_state.was_enabled(Fault::DatagramReordering) {
            return;
        }
        let line = self.network.datagrams.lines.entry((flight.sender, flight.to)).or_default();
        let overtaken = flight.serial < line.arrived_last;
        line.arrived_last = line.arrived_last.max(flight.serial);
        if overtaken && flight.reordered {
            self.world.went_wrong(Fault::DatagramReordering, flight.way.1, flight.serial);
        }
    }
}
