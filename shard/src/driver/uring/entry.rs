//! What an operation is to the kernel.

use std::os::fd::{AsRawFd, RawFd};

use greenroom_core::runtime::{OpenMode, ShutdownSide};
use io_uring::squeue::Entry;
use io_uring::types::{Fd, FsyncFlags};
use io_uring::{opcode, types};
use rustix::event::PollFlags;
use rustix::fs::{AtFlags, FallocateFlags, Mode, OFlags, StatxFlags};
use rustix::net::{RecvFlags, SendFlags, SocketFlags};

use super::buffers::GROUP;
use super::datagram::TEMPLATE;
use super::features::{Feature, Features};
use super::operation::{DiskOp, NetOp, Op, Write};

/// Most bytes of one read or write: an entry has 32 bits for it, and a read gets its room as bytes
/// come, so what an actor asks for does not decide it.
pub(super) const CHUNK: usize = 1 << 20;

/// `MSG_WAITALL`, which makes the kernel go on with a send that was cut short.
const WHOLE: SendFlags = SendFlags::from_bits_retain(0x100);

/// Who may do what with a file that is created; the process's mask takes from it.
const MODE: Mode = Mode::from_raw_mode(0o644);

const CREATE: OFlags = OFlags::RDWR.union(OFlags::CREATE);

/// The entry of an operation on `fd`. It points into what `op` owns.
pub(super) fn entry(op: &mut Op, fd: RawFd, features: Features) -> Entry {
    match op {
        Op::Bell => {
            let flags = u32::from(PollFlags::IN.bits());
            // Longer of age than the ring's other ways to say something more than once.
            let multi = features.has(Feature::MultishotAccept);
            opcode::PollAdd::new(Fd(fd), flags).multi(multi).build()
        }
        Op::Net(_, op) => net(op, fd, features),
        Op::Disk(_, op) => disk(op, fd),
    }
}

fn net(op: &mut NetOp, fd: RawFd, features: Features) -> Entry {
    let fd = Fd(fd);
    match op {
        NetOp::Accept => {
            let flags = SocketFlags::CLOEXEC.bits() as i32;
            if features.has(Feature::MultishotAccept) {
                opcode::AcceptMulti::new(fd).flags(flags).build()
            } else {
                let nowhere = std::ptr::null_mut();
                opcode::Accept::new(fd, nowhere, nowhere.cast()).flags(flags).build()
            }
        }
        NetOp::Connect(address) => {
            opcode::Connect::new(fd, address.as_ptr().cast(), address.addr_len()).build()
        }
        NetOp::Receive => opcode::RecvMulti::new(fd, GROUP).build(),
        NetOp::ReceiveInto(buffer) => {
            let room = buffer.spare_capacity_mut();
            let len = room.len().min(CHUNK) as u32;
            opcode::Recv::new(fd, room.as_mut_ptr().cast(), len).build()
        }
        NetOp::Send { data, start, .. } => {
            let rest = &data[*start..];
            let flags = (SendFlags::NOSIGNAL | WHOLE).bits() as i32;
            let len = u32::try_from(rest.len()).unwrap_or(1 << 30);
            opcode::Send::new(fd, rest.as_ptr(), len).flags(flags).build()
        }
        NetOp::SendZc { data, start, .. } => {
            let rest = &data[*start..];
            let flags = (SendFlags::NOSIGNAL | WHOLE).bits() as i32;
            let len = u32::try_from(rest.len()).unwrap_or(1 << 30);
            opcode::SendZc::new(fd, rest.as_ptr(), len).flags(flags).build()
        }
        NetOp::Shutdown(_, side) => {
            let how = match side {
                ShutdownSide::Receive => 0,
                ShutdownSide::Send => 1,
                ShutdownSide::Both => 2,
            };
            opcode::Shutdown::new(fd, how).build()
        }
        // Asked for, the length of a datagram is told also where it is more than there is room.
        NetOp::ReceiveMessages => {
            let flags = RecvFlags::TRUNC.bits();
            opcode::RecvMsgMulti::new(fd, TEMPLATE, GROUP).flags(flags).build()
        }
        NetOp::ReceiveMessage(incoming) => {
            let flags = RecvFlags::TRUNC.bits();
            opcode::RecvMsg::new(fd, incoming.header()).flags(flags).build()
        }
        NetOp::SendMessage(outgoing) => opcode::SendMsg::new(fd, outgoing.header()).build(),
    }
}

fn disk(op: &mut DiskOp, raw: RawFd) -> Entry {
    let fd = Fd(raw);
    match op {
        DiskOp::Open { path, way } => {
            let mut flags = match way.mode {
                OpenMode::Read => OFlags::RDONLY,
                OpenMode::ReadWrite => CREATE,
                OpenMode::CreateNew => CREATE | OFlags::EXCL,
            };
            flags.set(OFlags::DIRECT, way.direct);
            flags.set(OFlags::DSYNC, way.durable);
            let flags = (flags | OFlags::CLOEXEC).bits() as i32;
            let here = Fd(rustix::fs::CWD.as_raw_fd());
            opcode::OpenAt::new(here, path.as_ptr()).flags(flags).mode(MODE.bits()).build()
        }
        DiskOp::Stat { stat, .. } => {
            let (flags, mask) = (AtFlags::EMPTY_PATH.bits() as i32, StatxFlags::SIZE.bits());
            let stat = stat.as_mut_ptr().cast::<types::statx>();
            opcode::Statx::new(fd, c"".as_ptr(), stat).flags(flags).mask(mask).build()
        }
        DiskOp::Read { data, offset, len, .. } => {
            let at = *offset + data.len() as u64;
            let left = (*len - data.len()).min(CHUNK);
            let room = data.spare_capacity_mut();
            let left = left.min(room.len()) as u32;
            opcode::Read::new(fd, room.as_mut_ptr().cast(), left).offset(at).build()
        }
        DiskOp::ReadBlocks { into, offset, read, .. } => {
            let (at, rest) = (*offset + *read as u64, &mut into[*read..]);
            let len = rest.len().min(CHUNK) as u32;
            opcode::Read::new(fd, rest.as_mut_ptr(), len).offset(at).build()
        }
        DiskOp::Write(Write { data, offset, written, .. }) => {
            let (at, rest) = (*offset + *written as u64, &data.bytes()[*written..]);
            let len = rest.len().min(CHUNK) as u32;
            opcode::Write::new(fd, rest.as_ptr(), len).offset(at).build()
        }
        DiskOp::SyncAfter => opcode::Fsync::new(fd).flags(FsyncFlags::DATASYNC).build(),
        DiskOp::Sync { data_only, .. } => {
            let flags = if *data_only { FsyncFlags::DATASYNC } else { FsyncFlags::empty() };
            opcode::Fsync::new(fd).flags(flags).build()
        }
        DiskOp::Truncate { len, .. } => opcode::Ftruncate::new(fd, *len).build(),
        DiskOp::Allocate { len, .. } => {
            let mode = FallocateFlags::KEEP_SIZE.bits() as i32;
            opcode::Fallocate::new(fd, *len).mode(mode).build()
        }
        DiskOp::Close(fd) => opcode::Close::new(Fd(*fd)).build(),
    }
}
