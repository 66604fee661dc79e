//! One operation on one file, with glommio's errors turned into the operating system's.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use glommio::GlommioError;
use glommio::io::{BufferedFile, OpenOptions};
use greenroom_core::runtime::{DiskDone, OpenMode};
use rustix::fs::{Mode, OFlags};

/// Most bytes of one read or write of the ring. glommio allocates a buffer for each read and panics
/// when it cannot, so what an actor asks for must not decide its size.
const CHUNK: usize = 1 << 20;

/// glommio's error as what the operating system said.
pub(super) fn edge<T>(result: Result<T, GlommioError<()>>) -> io::Result<T> {
    result.map_err(|error| match error {
        GlommioError::EnhancedIoError { source, .. } => source,
        other => other.into(),
    })
}

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) mode: OpenMode,
    pub(super) direct: bool,
    pub(super) durable: bool,
}

/// Opens a file, through the page cache; also tells its length.
pub(super) async fn open(path: &Path, way: Way) -> io::Result<(BufferedFile, u64)> {
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        // glommio panics at it.
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a path with a zero byte"));
    }
    let mut options = OpenOptions::new();
    options.read(true);
    if way.durable {
        options.custom_flags(OFlags::DSYNC.bits() as i32);
    }
    match way.mode {
        OpenMode::Read => {}
        OpenMode::ReadWrite => drop(options.write(true).create(true)),
        OpenMode::CreateNew => drop(options.write(true).create_new(true)),
    }
    let file = edge(options.buffered_open(path).await)?;
    match len(&file).await {
        Ok(len) => Ok((file, len)),
        Err(error) => {
            drop(file.close().await);
            Err(error)
        }
    }
}

pub(super) async fn read(file: &BufferedFile, offset: u64, len: usize) -> io::Result<DiskDone> {
    let mut data = Vec::with_capacity(len.min(CHUNK));
    while data.len() < len {
        let at = advanced(offset, data.len())?;
        let read = edge(file.read_at(at, (len - data.len()).min(CHUNK)).await)?;
        if read.is_empty() {
            break;
        }
        data.extend_from_slice(&read);
    }
    Ok(DiskDone::Read(data))
}

pub(super) async fn write(file: &BufferedFile, offset: u64, data: Vec<u8>) -> io::Result<DiskDone> {
    let mut written = 0;
    while written < data.len() {
        let end = data.len().min(written + CHUNK);
        let at = advanced(offset, written)?;
        match edge(file.write_at(data[written..end].to_vec(), at).await)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => written += count,
        }
    }
    Ok(DiskDone::Wrote(data))
}

fn advanced(offset: u64, by: usize) -> io::Result<u64> {
    // The kernel's offsets are signed, and one beyond them is an error of its own to it.
    let at = offset.checked_add(by as u64).filter(|at| i64::try_from(*at).is_ok());
    at.ok_or_else(|| io::ErrorKind::FileTooLarge.into())
}

/// Makes what was written durable.
pub(super) async fn sync(file: &BufferedFile) -> io::Result<DiskDone> {
    edge(file.fdatasync().await)?;
    Ok(DiskDone::Ended)
}

/// An open file as somebody who may outlive its descriptor can open it once more, see [`path_of`].
pub(super) fn place_of(file: &BufferedFile) -> io::Result<OwnedFd> {
    // The descriptor is open: who calls this holds it. Nothing of the file is opened by that.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
}

/// The name of such a place.
pub(super) fn path_of(place: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", place.as_raw_fd()).into()
}

pub(super) async fn set_len(file: &BufferedFile, len: u64) -> io::Result<DiskDone> {
    let len = advanced(len, 0)?;
    edge(file.truncate(len).await)?;
    Ok(DiskDone::Ended)
}

/// Reserves room without changing the file's length.
pub(super) async fn allocate(file: &BufferedFile, len: u64) -> io::Result<DiskDone> {
    let len = advanced(len, 0)?;
    if len > 0 {
        edge(file.pre_allocate(len, true).await)?;
    }
    Ok(DiskDone::Ended)
}

pub(super) async fn len(file: &BufferedFile) -> io::Result<u64> {
    edge(file.file_size().await)
}
