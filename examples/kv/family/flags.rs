//! Redis's flags of commands and of keys, as the rows of the families have them.

// Of commands.
pub(super) const FAST_READ: &[&str] = &["readonly", "fast"];
pub(super) const SLOW_READ: &[&str] = &["readonly"];
pub(super) const FAST_WRITE: &[&str] = &["write", "denyoom", "fast"];
pub(super) const SLOW_WRITE: &[&str] = &["write", "denyoom"];
pub(super) const FAST_REMOVE: &[&str] = &["write", "fast"];
pub(super) const SLOW_REMOVE: &[&str] = &["write"];

// Of keys: what is read or written of their values.
pub(super) const META: &[&str] = &["RO"];
pub(super) const READ: &[&str] = &["RO", "access"];
pub(super) const READ_WRITE: &[&str] = &["RW", "access", "update"];
pub(super) const READ_REMOVE: &[&str] = &["RW", "access", "delete"];
pub(super) const INSERT: &[&str] = &["RW", "insert"];
pub(super) const UPDATE: &[&str] = &["RW", "update"];
pub(super) const REMOVE: &[&str] = &["RW", "delete"];
pub(super) const OVERWRITE: &[&str] = &["OW", "update"];
