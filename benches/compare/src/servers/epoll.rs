//! No runtime: an epoll set, and plain calls on what it names.

use super::BUFFER_BYTES;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

/// What to do when nothing is ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    Sleep,
    /// Asks again, and burns the core.
    Spin,
}

/// Sockets that are told of at a time.
const EVENTS_MAX: usize = 256;

pub(super) fn serve(listener: &TcpListener, wait: Wait) -> io::Result<()> {
    let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let name = |fd: &dyn AsRawFd| epoll::EventData::new_u64(fd.as_raw_fd() as u64);
    let door = name(listener);
    epoll::add(&set, listener, door, epoll::EventFlags::IN)?;
    let timeout = (wait == Wait::Spin).then(Timespec::default);
    let (mut streams, mut buffer) = (HashMap::new(), [0; BUFFER_BYTES]);
    let mut events: Vec<epoll::Event> = Vec::with_capacity(EVENTS_MAX);
    loop {
        events.clear();
        epoll::wait(&set, spare_capacity(&mut events), timeout.as_ref())?;
        for event in &events {
            let data = event.data;
            if data.u64() == door.u64() {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                epoll::add(&set, &stream, name(&stream), epoll::EventFlags::IN)?;
                streams.insert(data_of(&stream), stream);
            } else if let Some(stream) = streams.get_mut(&data.u64())
                && !send_back(stream, &mut buffer)
            {
                // Closing it takes it out of the set.
                streams.remove(&data.u64());
            }
        }
    }
}

fn data_of(stream: &TcpStream) -> u64 {
    stream.as_raw_fd() as u64
}

/// Sends back what is there; whether the client still is. The load's answers fit the socket: one
/// that does not read them is dropped.
fn send_back(stream: &mut TcpStream, buffer: &mut [u8]) -> bool {
    match stream.read(buffer) {
        Ok(0) => false,
        Ok(read) => stream.write_all(&buffer[..read]).is_ok(),
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}
