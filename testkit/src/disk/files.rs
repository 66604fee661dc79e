//! The files of all nodes.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use greenroom_core::runtime::{DiskDone, DiskRequest, FileId, OpId, OpenMode};

use crate::slots::Slots;

/// A file operation under way.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(super) shard: u32,
    pub(super) node: u16,
    pub(super) op: OpId,
    pub(super) request: DiskRequest,
}

/// All disks, and the operations that have not had their effect.
#[derive(Debug)]
pub(crate) struct Disks {
    nodes: Vec<Files>,
    pub(super) operations: Slots<Operation>,
    /// Operations by their shard and name, for cancelling.
    pub(super) by_op: BTreeMap<(u32, u64), u32>,
}

/// One node's files. A file lives as long as it has a name or is open.
#[derive(Default, Debug)]
struct Files {
    names: BTreeMap<PathBuf, u64>,
    contents: BTreeMap<u64, Vec<u8>>,
    open: BTreeMap<u64, Open>,
    file_next: u64,
    open_next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    file: u64,
    writable: bool,
}

impl Disks {
    pub(crate) fn new(nodes: usize) -> Self {
        let nodes = (0..nodes).map(|_| Files::default()).collect();
        Self { nodes, operations: Slots::default(), by_op: BTreeMap::new() }
    }

    /// Lets a request have its effect.
    pub(super) fn apply(&mut self, node: u16, request: DiskRequest) -> io::Result<DiskDone> {
        self.nodes[usize::from(node)].apply(request)
    }

    /// The names on a node's disk and how long the files are.
    pub(crate) fn list(&self, node: u16) -> Vec<(PathBuf, u64)> {
        let files = &self.nodes[usize::from(node)];
        let named = files.names.iter();
        named.map(|(path, file)| (path.clone(), files.contents[file].len() as u64)).collect()
    }
}

fn not_open() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no such open file")
}

impl Files {
    fn apply(&mut self, request: DiskRequest) -> io::Result<DiskDone> {
        match request {
            DiskRequest::Open { path, mode } => self.open(path, mode),
            DiskRequest::ReadAt { file, offset, len } => {
                let content = self.content(file)?;
                let from = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
                let to = from.saturating_add(len).min(content.len());
                Ok(DiskDone::Read(content[from..to].to_vec()))
            }
            DiskRequest::WriteAt { file, offset, data } => {
                let content = self.content_mut(file)?;
                let from = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
                let to = from.checked_add(data.len()).ok_or(io::ErrorKind::FileTooLarge)?;
                if content.len() < to {
                    content.resize(to, 0);
                }
                content[from..to].copy_from_slice(&data);
                Ok(DiskDone::Wrote(data))
            }
            DiskRequest::SetLen { file, len } => {
                let len = usize::try_from(len).map_err(|_| io::ErrorKind::FileTooLarge)?;
                self.content_mut(file)?.resize(len, 0);
                Ok(DiskDone::Ended)
            }
            DiskRequest::Allocate { file, .. } => {
                self.content_mut(file)?;
                Ok(DiskDone::Ended)
            }
            DiskRequest::Sync { file, .. } => {
                self.content(file)?;
                Ok(DiskDone::Ended)
            }
            DiskRequest::Len { file } => Ok(DiskDone::Len(self.content(file)?.len() as u64)),
            DiskRequest::Rename { from, to } => {
                let file = self.names.remove(&from).ok_or(io::ErrorKind::NotFound)?;
                let replaced = self.names.insert(to, file);
                replaced.into_iter().for_each(|file| self.forget(file));
                Ok(DiskDone::Ended)
            }
            DiskRequest::Remove { path } => {
                let file = self.names.remove(&path).ok_or(io::ErrorKind::NotFound)?;
                self.forget(file);
                Ok(DiskDone::Ended)
            }
            // Directories are there when they are named.
            DiskRequest::SyncDir { .. } => Ok(DiskDone::Ended),
            DiskRequest::Close { file } => {
                let open = self.open.remove(&file.0).ok_or_else(not_open)?;
                self.forget(open.file);
                Ok(DiskDone::Ended)
            }
        }
    }

    fn open(&mut self, path: PathBuf, mode: OpenMode) -> io::Result<DiskDone> {
        let file = match (self.names.get(&path), mode) {
            (Some(_), OpenMode::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (None, OpenMode::Read) => return Err(io::ErrorKind::NotFound.into()),
            (Some(&file), _) => file,
            (None, _) => {
                let file = self.file_next;
                self.file_next += 1;
                self.names.insert(path, file);
                self.contents.insert(file, Vec::new());
                file
            }
        };
        self.open_next += 1;
        let id = self.open_next;
        self.open.insert(id, Open { file, writable: mode != OpenMode::Read });
        let len = self.contents[&file].len() as u64;
        Ok(DiskDone::Opened { file: FileId(id), len })
    }

    fn content(&self, file: FileId) -> io::Result<&Vec<u8>> {
        let open = self.open.get(&file.0).ok_or_else(not_open)?;
        Ok(&self.contents[&open.file])
    }

    fn content_mut(&mut self, file: FileId) -> io::Result<&mut Vec<u8>> {
        let open = *self.open.get(&file.0).ok_or_else(not_open)?;
        if !open.writable {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "opened for reading"));
        }
        self.contents.get_mut(&open.file).ok_or_else(not_open)
    }

    /// Drops a file's content once it has no name and is not open.
    fn forget(&mut self, file: u64) {
        let named = self.names.values().any(|&named| named == file);
        if !named && !self.open.values().any(|open| open.file == file) {
            self.contents.remove(&file);
        }
    }
}
