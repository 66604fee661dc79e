//! Bytes.

use std::io;

use greenroom_core::runtime::{Buffer, NetDone, ShutdownSide, SocketId};

use super::links::GIVE_UP_AFTER;
use super::operate::{Net, NetEvent, Network, Outcome, no_such_socket};
use super::socket::{Segment, Socket, Stream};
use crate::draws::Site;
use crate::events::What;
use crate::faults::Fault;
use crate::trace::{Kind, fold_bytes};

/// Into how many segments what one send takes is cut at most.
const SEGMENTS_MAX: u64 = 3;

impl Network {
    /// Whether the peer of a socket gives up then, as what it has sent did not arrive.
    pub(super) fn is_given_up(&self, to: u64, at: u64) -> bool {
        match self.sockets.get(&to) {
            Some(Socket::Stream(stream)) => stream.giving_up.is_some_and(|end| end <= at),
            _ => false,
        }
    }
}

impl Net<'_> {
    fn stream(&mut self, id: u64) -> Option<&mut Stream> {
        match self.network.sockets.get_mut(&id) {
            Some(Socket::Stream(stream)) => Some(stream),
            _ => None,
        }
    }

    /// How many of `most` bytes an operation moves; at least one.
    fn moved(&self, shard: u32, most: usize) -> usize {
        let draws = &self.world.draws;
        if draws.chance(Site::Net, shard, self.world.swarm.short) {
            1 + draws.below(Site::Net, shard, most as u64) as usize
        } else {
            most
        }
    }

    pub(super) fn receive(
        &mut self,
        number: u64,
        shard: u32,
        (id, max): (SocketId, usize),
    ) -> Outcome {
        let other = self.stream(id.0).and_then(|stream| stream.receive);
        if max == 0 || !self.gives_way(other, number) {
            let what = "a receive takes a byte, and one receive is under way at a time";
            return Outcome::Done(Err(io::Error::new(io::ErrorKind::InvalidInput, what)));
        }
        let Some(stream) = self.stream(id.0) else { return Outcome::Done(Err(no_such_socket())) };
        stream.receive = None;
        if let Some(failure) = stream.failure() {
            return Outcome::Done(Err(failure));
        }
        let most = stream.pipe.arrived().min(max);
        if most == 0 {
            if stream.ended || stream.deaf {
                return Outcome::Done(Ok(NetDone::Received(Buffer::new(Vec::new()))));
            }
            stream.receive = Some(number);
            return Outcome::WAITS;
        }
        let count = self.moved(shard, most);
        let Some(stream) = self.stream(id.0) else { return Outcome::Done(Err(no_such_socket())) };
        let bytes = stream.pipe.receive(count);
        self.room_made(id.0);
        Outcome::Done(Ok(NetDone::Received(Buffer::new(bytes))))
    }

    /// Lets the peer of a socket know, after a while, that there is room in its buffer.
    fn room_made(&mut self, id: u64) {
        let Some(stream) = self.stream(id) else { return };
        let (peer, way) = (stream.peer, (stream.node, stream.peer_node));
        let waits = self.stream(peer).and_then(|peer| peer.send);
        if let Some(number) = waits
            && !self.holds(way, NetEvent::Effect(number))
        {
            self.retry(waits, self.latency(way.0, way.1));
        }
    }

    pub(super) fn send(
        &mut self,
        number: u64,
        shard: u32,
        (id, data, start): (SocketId, Vec<u8>, usize),
    ) -> Outcome {
        let other = self.stream(id.0).and_then(|stream| stream.send);
        if start > data.len() || !self.gives_way(other, number) {
            let what = "a send begins within its data, and one send is under way at a time";
            return Outcome::Done(Err(io::Error::new(io::ErrorKind::InvalidInput, what)));
        }
        let Some(stream) = self.stream(id.0) else { return Outcome::Done(Err(no_such_socket())) };
        stream.send = None;
        if stream.timed_out {
            return Outcome::Done(Err(io::ErrorKind::TimedOut.into()));
        }
        if stream.reset || stream.mute {
            return Outcome::Done(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let (peer, way) = (stream.peer, (stream.node, stream.peer_node));
        let wanted = data.len() - start;
        if wanted == 0 {
            return Outcome::Done(Ok(NetDone::Sent { data, written: 0 }));
        }
        // A peer that is gone takes everything, and answers with a reset.
        let room = self.stream(peer).map_or(wanted, |peer| peer.room());
        if room == 0 {
            if let Some(stream) = self.stream(id.0) {
                stream.send = Some(number);
            }
            return Outcome::Waits(data);
        }
        let written = self.moved(shard, wanted.min(room));
        self.transmit_bytes(way, (id.0, peer), shard, &data[start..start + written]);
        Outcome::Done(Ok(NetDone::Sent { data, written }))
    }

    fn transmit_bytes(
        &mut self,
        way: (u16, u16),
        (from, to): (u64, u64),
        shard: u32,
        bytes: &[u8],
    ) {
        if self.stream(to).is_none() {
            if self.world.nodes[usize::from(way.1)].down.get() {
                self.goes_unanswered(way.1, from);
                return;
            }
            self.transmit((way.1, way.0), from, Segment::Reset);
            return;
        }
        let wild = !self.network.unix.has(from);
        if wild && self.world.goes_wrong(Fault::Reset, shard) {
            self.world.went_wrong(Fault::Reset, way.0, bytes.len() as u64);
            self.transmit(way, to, Segment::Reset);
            self.transmit((way.1, way.0), from, Segment::Reset);
            return;
        }
        if wild && self.world.goes_wrong(Fault::HalfOpen, shard) {
            for end in [from, to] {
                self.stream(end).into_iter().for_each(|stream| stream.dark = true);
            }
        }
        self.stream(to).into_iter().for_each(|stream| stream.pipe.send(bytes));
        let mut segments = 1 + self.world.draws.below(Site::Net, shard, SEGMENTS_MAX);
        let mut left = bytes.len();
        while left > 0 {
            let count = if segments > 1 { self.moved(shard, left) } else { left };
            segments -= 1;
            left -= count;
            self.transmit(way, to, Segment::Data(count));
        }
    }

    /// Sends a segment on its way to a socket, behind what is on its way already.
    pub(super) fn transmit(&mut self, way: (u16, u16), to: u64, segment: Segment) {
        let arrives = self.world.now() + self.latency(way.0, way.1);
        let mut arrival = self.set_out(way, arrives);
        let Some(stream) = self.stream(to) else { return };
        stream.flight.push_back(segment);
        arrival.is_held &= stream.arrives_last <= arrival.at;
        stream.arrives_last = stream.arrives_last.max(arrival.at);
        arrival.at = stream.arrives_last;
        self.enter(way, arrival, NetEvent::Arrive(to));
    }

    /// Forgets when what is on its way to a socket arrives. (Each arrival is of the oldest: none
    /// overtakes another.)
    pub(super) fn unline_segments(&mut self, to: u64) {
        self.stream(to).into_iter().for_each(|stream| stream.arrives_last = 0);
    }

    /// When a segment arrives that nothing keeps back any more, and would then if it were alone.
    pub(super) fn segment_goes_on(&mut self, to: u64, arrives: u64) -> u64 {
        let Some(stream) = self.stream(to) else { return arrives };
        stream.arrives_last = stream.arrives_last.max(arrives);
        stream.arrives_last
    }

    pub(super) fn arrive(&mut self, to: u64) {
        if self.is_stopped(to) {
            return;
        }
        let world = self.world;
        let Some(stream) = self.stream(to) else { return };
        let Some(segment) = stream.flight.pop_front() else { return };
        stream.giving_up = None;
        let (mut detail, takes) = (0, !stream.deaf && !stream.reset);
        let (node, from) = (stream.node, stream.peer_node);
        match segment {
            Segment::Data(count) => {
                let bytes = stream.pipe.first(count);
                if takes && from != node {
                    world.corrupt(node, bytes);
                }
                detail = fold_bytes(bytes);
                if takes {
                    stream.pipe.arrive(count);
                } else {
                    stream.pipe.lose(count);
                }
            }
            Segment::Fin => stream.ended = true,
            Segment::Reset => {
                stream.reset = true;
                stream.pipe.forget();
            }
        }
        let (receive, discards, more) = (stream.receive, stream.deaf, !stream.flight.is_empty());
        let send = stream.send.filter(|_| stream.reset);
        let arrived = self.world.note_node(node, Kind::Net, to as u32, detail);
        if more {
            // They may arrive at this instant: a receive takes them together.
            self.retry(receive, 0);
        } else {
            self.go_on(receive, arrived);
        }
        self.go_on(send, arrived);
        if discards {
            self.room_made(to);
        }
    }

    /// Whether what arrives at a socket does not: it comes later, or never.
    fn is_stopped(&mut self, to: u64) -> bool {
        let Some(stream) = self.stream(to) else { return false };
        if stream.flight.is_empty() {
            return false;
        }
        let (node, way, dark) = (stream.node, (stream.peer_node, stream.node), stream.dark);
        if dark {
            self.world.went_wrong(Fault::HalfOpen, node, to);
        } else if !self.holds(way, NetEvent::Arrive(to)) {
            return false;
        }
        let end = self.world.now() + GIVE_UP_AFTER;
        let Some(stream) = self.stream(to) else { return true };
        if stream.giving_up.is_none() {
            stream.giving_up = Some(end);
            self.world.enter_after(GIVE_UP_AFTER, What::GiveUp(to));
        }
        true
    }

    /// Ends a connection on the side whose bytes do not arrive, unless some have arrived since this
    /// was entered. The other side is not told.
    pub(super) fn give_up(&mut self, to: u64) {
        if !self.network.is_given_up(to, self.world.now()) {
            return;
        }
        let Some(stream) = self.stream(to) else { return };
        stream.flight.clear();
        stream.pipe.lose_all();
        stream.giving_up = None;
        let sender = stream.peer;
        self.time_out(sender);
    }

    /// Ends a connection on one side.
    pub(super) fn time_out(&mut self, id: u64) {
        let Some(stream) = self.stream(id) else { return };
        (stream.reset, stream.timed_out) = (true, true);
        stream.pipe.forget();
        let waiting = [stream.receive, stream.send];
        waiting.into_iter().for_each(|number| self.retry(number, 0));
    }

    pub(super) fn shutdown(&mut self, id: SocketId, side: ShutdownSide) -> io::Result<NetDone> {
        let stream = self.stream(id.0).ok_or_else(no_such_socket)?;
        if stream.reset {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if side != ShutdownSide::Send {
            stream.deaf = true;
            stream.pipe.forget();
            let receive = stream.receive;
            self.retry(receive, 0);
            self.room_made(id.0);
        }
        let stream = self.stream(id.0).ok_or_else(no_such_socket)?;
        if side != ShutdownSide::Receive && !stream.mute {
            stream.mute = true;
            let (peer, way, send) = (stream.peer, (stream.node, stream.peer_node), stream.send);
            self.transmit(way, peer, Segment::Fin);
            self.retry(send, 0);
        }
        Ok(NetDone::Ended)
    }
}
