//! The files of all nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use greenroom_core::runtime::{Blocks, DiskDone, DiskRequest, FileId, OpId, OpenMode};

use super::content::{Change, Content, Fate};
use super::form::Form;
use super::names::Names;
use crate::slots::Slots;

/// A file operation under way.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(super) shard: u32,
    pub(super) node: u16,
    pub(super) op: OpId,
    pub(super) request: DiskRequest,
    pub(super) form: Form,
    /// It has come to a disk that stands still.
    pub(super) stalled: bool,
}

/// All disks, and the operations that have not had their effect.
#[derive(Debug)]
pub(crate) struct Disks {
    nodes: Vec<Files>,
    /// Nodes whose disks are damaged.
    pub(super) bad: BTreeSet<u16>,
    pub(super) operations: Slots<Operation>,
    /// Operations by their shard and name, for cancelling.
    pub(super) by_op: BTreeMap<(u32, u64), u32>,
}

/// One node's files. A file lives as long as it has a name or is open.
#[derive(Default, Debug)]
struct Files {
    names: Names,
    contents: BTreeMap<u64, Content>,
    open: BTreeMap<u64, Open>,
    file_next: u64,
    open_next: u64,
    /// Until when the device stands still, in nanoseconds.
    stalled_until: u64,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    file: u64,
    writable: bool,
    direct: bool,
    /// A write is durable when it completes.
    durable: bool,
}

impl Disks {
    pub(crate) fn new(nodes: usize) -> Self {
        let nodes = (0..nodes).map(|_| Files::default()).collect();
        Self { nodes, bad: BTreeSet::new(), operations: Slots::default(), by_op: BTreeMap::new() }
    }

    /// Lets a request have its effect.
    pub(super) fn apply(&mut self, node: u16, request: DiskRequest) -> io::Result<DiskDone> {
        self.nodes[usize::from(node)].apply(request)
    }

    /// The names on a node's disk and how long the files are.
    pub(crate) fn list(&self, node: u16) -> Vec<(PathBuf, u64)> {
        let files = &self.nodes[usize::from(node)];
        let named = files.names.view().iter();
        named.map(|(path, file)| (path.clone(), files.contents[file].view().len() as u64)).collect()
    }

    /// Whether a node's disk has a file of that name.
    pub(crate) fn has(&self, node: u16, path: &Path) -> bool {
        self.nodes[usize::from(node)].names.view().contains_key(path)
    }

    /// Takes everything off a disk.
    pub(crate) fn wipe(&mut self, node: u16) {
        self.nodes[usize::from(node)] = Files::default();
        self.bad.insert(node);
    }

    /// Lets a disk stand still until then.
    pub(crate) fn stall(&mut self, node: u16, until: u64) {
        let files = &mut self.nodes[usize::from(node)];
        files.stalled_until = files.stalled_until.max(until);
    }

    /// Ends every stall. Returns the events of operations that waited for one.
    pub(crate) fn unstall(&mut self) -> BTreeSet<u32> {
        self.nodes.iter_mut().for_each(|files| files.stalled_until = 0);
        let stalled = self.operations.iter().filter(|(_, operation)| operation.stalled);
        stalled.map(|(slot, _)| slot).collect()
    }

    /// An open file's content.
    pub(super) fn content(&mut self, node: u16, file: FileId) -> io::Result<&mut Content> {
        let number = self.number_of(node, file)?;
        self.contents_mut(node).get_mut(&number).ok_or_else(not_open)
    }

    /// The same, of a file that may be written to.
    pub(super) fn content_mut(&mut self, node: u16, file: FileId) -> io::Result<&mut Content> {
        self.nodes[usize::from(node)].content_mut(file)
    }

    /// The number of an open file on its disk.
    pub(super) fn number_of(&self, node: u16, file: FileId) -> io::Result<u64> {
        let open = self.nodes[usize::from(node)].open.get(&file.0);
        open.map(|open| open.file).ok_or_else(not_open)
    }

    /// All files of a node by number.
    pub(super) fn contents(&self, node: u16) -> &BTreeMap<u64, Content> {
        &self.nodes[usize::from(node)].contents
    }

    pub(super) fn contents_mut(&mut self, node: u16) -> &mut BTreeMap<u64, Content> {
        &mut self.nodes[usize::from(node)].contents
    }

    /// The file of a name.
    pub(super) fn named(&mut self, node: u16, path: &Path) -> Option<&mut Content> {
        let files = &mut self.nodes[usize::from(node)];
        files.contents.get_mut(files.names.view().get(path)?)
    }

    pub(super) fn stalled_until(&self, node: u16) -> u64 {
        self.nodes[usize::from(node)].stalled_until
    }

    /// Whether a file takes what lies at this offset in blocks, or what does not.
    pub(super) fn check_form(
        &self,
        node: u16,
        request: &DiskRequest,
        blocks: bool,
    ) -> io::Result<()> {
        let (DiskRequest::ReadAt { file, offset, .. } | DiskRequest::WriteAt { file, offset, .. }) =
            request
        else {
            return Ok(());
        };
        let open = self.nodes[usize::from(node)].open.get(&file.0).ok_or_else(not_open)?;
        let fits = blocks && offset.is_multiple_of(Blocks::BYTES as u64);
        if open.direct && !fits {
            let what = "a file opened for direct I/O takes whole blocks";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        Ok(())
    }

    /// Whether every write of a file is durable when it completes.
    pub(super) fn is_durable(&self, node: u16, file: FileId) -> bool {
        self.nodes[usize::from(node)].open.get(&file.0).is_some_and(|open| open.durable)
    }

    /// Whether a request needs more room on the device.
    pub(super) fn grows(&self, node: u16, request: &DiskRequest) -> bool {
        let (file, end) = match request {
            DiskRequest::WriteAt { file, offset, data } => {
                (file, offset.saturating_add(data.len() as u64))
            }
            DiskRequest::SetLen { file, len } | DiskRequest::Allocate { file, len } => (file, *len),
            _ => return false,
        };
        let content = self.nodes[usize::from(node)].content(*file);
        content.is_ok_and(|content| (content.len() as u64) < end)
    }

    /// Forgets what a file's sync should have made durable; says how many changes.
    pub(super) fn drop_unsynced(&mut self, node: u16, file: FileId) -> io::Result<usize> {
        let files = &mut self.nodes[usize::from(node)];
        let open = *files.open.get(&file.0).ok_or_else(not_open)?;
        Ok(files.contents.get_mut(&open.file).map_or(0, Content::drop_unsynced))
    }

    /// Closes all files of a node.
    pub(super) fn close_all(&mut self, node: u16) {
        let files = &mut self.nodes[usize::from(node)];
        files.open.clear();
        files.forget_unreachable();
    }

    /// Takes a node's disk back to what its device has.
    pub(super) fn lose_power(
        &mut self,
        node: u16,
        mut fate: impl FnMut(&Change) -> Fate,
        is_lost: impl FnMut() -> bool,
    ) {
        let files = &mut self.nodes[usize::from(node)];
        for content in files.contents.values_mut() {
            content.lose_power(&mut fate);
        }
        files.names.lose_power(is_lost);
        files.forget_unreachable();
    }
}

fn not_open() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no such open file")
}

impl Files {
    fn apply(&mut self, request: DiskRequest) -> io::Result<DiskDone> {
        match request {
            DiskRequest::Open { path, mode } => self.open(path, mode, false, false),
            DiskRequest::OpenWith { path, mode, direct, durable } => {
                self.open(path, mode, direct, durable)
            }
            DiskRequest::ReadAt { file, offset, len } => {
                let content = self.content(file)?;
                let from = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
                let to = from.saturating_add(len).min(content.len());
                Ok(DiskDone::Read(content[from..to].to_vec()))
            }
            DiskRequest::WriteAt { file, offset, data } => {
                let durable = self.open.get(&file.0).is_some_and(|open| open.durable);
                let content = self.content_mut(file)?;
                let from = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
                from.checked_add(data.len()).ok_or(io::ErrorKind::FileTooLarge)?;
                let change = Change::Write(from, data.clone());
                if durable {
                    content.change_durably(change);
                } else {
                    content.change(change);
                }
                Ok(DiskDone::Wrote(data))
            }
            DiskRequest::WriteAndSync { .. }
            | DiskRequest::ReadBlocks { .. }
            | DiskRequest::WriteBlocks { .. } => {
                unreachable!("taken apart when they are submitted")
            }
            DiskRequest::SetLen { file, len } => {
                let len = usize::try_from(len).map_err(|_| io::ErrorKind::FileTooLarge)?;
                self.content_mut(file)?.change(Change::Len(len));
                Ok(DiskDone::Ended)
            }
            DiskRequest::Allocate { file, .. } => {
                self.content_mut(file)?;
                Ok(DiskDone::Ended)
            }
            DiskRequest::Sync { file, .. } => {
                let open = *self.open.get(&file.0).ok_or_else(not_open)?;
                self.contents.get_mut(&open.file).into_iter().for_each(Content::sync);
                Ok(DiskDone::Ended)
            }
            DiskRequest::Len { file } => Ok(DiskDone::Len(self.content(file)?.len() as u64)),
            DiskRequest::Rename { from, to } => {
                if !self.names.rename(from, to) {
                    return Err(io::ErrorKind::NotFound.into());
                }
                self.forget_unreachable();
                Ok(DiskDone::Ended)
            }
            DiskRequest::Remove { path } => {
                if !self.names.unlink(path) {
                    return Err(io::ErrorKind::NotFound.into());
                }
                self.forget_unreachable();
                Ok(DiskDone::Ended)
            }
            // Directories are there when they are named.
            DiskRequest::SyncDir { path } => {
                self.names.sync(&path);
                self.forget_unreachable();
                Ok(DiskDone::Ended)
            }
            DiskRequest::Close { file } => {
                self.open.remove(&file.0).ok_or_else(not_open)?;
                self.forget_unreachable();
                Ok(DiskDone::Ended)
            }
        }
    }

    fn open(
        &mut self,
        path: PathBuf,
        mode: OpenMode,
        direct: bool,
        durable: bool,
    ) -> io::Result<DiskDone> {
        let file = match (self.names.view().get(&path), mode) {
            (Some(_), OpenMode::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (None, OpenMode::Read) => return Err(io::ErrorKind::NotFound.into()),
            (Some(&file), _) => file,
            (None, _) => {
                let file = self.file_next;
                self.file_next += 1;
                self.names.link(path, file);
                self.contents.insert(file, Content::default());
                file
            }
        };
        self.open_next += 1;
        let id = self.open_next;
        self.open.insert(id, Open { file, writable: mode != OpenMode::Read, direct, durable });
        let len = self.contents[&file].view().len() as u64;
        Ok(DiskDone::Opened { file: FileId(id), len })
    }

    fn content(&self, file: FileId) -> io::Result<&[u8]> {
        let open = self.open.get(&file.0).ok_or_else(not_open)?;
        Ok(self.contents[&open.file].view())
    }

    fn content_mut(&mut self, file: FileId) -> io::Result<&mut Content> {
        let open = *self.open.get(&file.0).ok_or_else(not_open)?;
        if !open.writable {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "opened for reading"));
        }
        self.contents.get_mut(&open.file).ok_or_else(not_open)
    }

    /// Drops the content of files that have no name, would have none after a loss of power, and
    /// are not open.
    fn forget_unreachable(&mut self) {
        let mut reachable: BTreeSet<u64> = self.names.files().collect();
        reachable.extend(self.open.values().map(|open| open.file));
        self.contents.retain(|file, _| reachable.contains(file));
    }
}
