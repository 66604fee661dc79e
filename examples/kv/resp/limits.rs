//! What a client may ask the decoder to hold.

/// Longest line (an inline command, or the header of an array or of a bulk string) in bytes,
/// without its line end. Redis calls it `PROTO_INLINE_MAX_SIZE`.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024;

/// Limits on one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most arguments of one command. Redis allowed 1,048,576 up to 6.2; 7.0 allows 2,147,483,647,
    /// which no client needs.
    pub(crate) args_max: u32,
    /// Longest argument in bytes (`proto-max-bulk-len`). At most [`Self::command_bytes_max`], or
    /// it never takes effect.
    pub(crate) bulk_bytes_max: u32,
    /// Most bytes of one command, headers included (`client-query-buffer-limit`).
    pub(crate) command_bytes_max: u32,
}

impl Default for Limits {
    /// 1,048,576 arguments, 512 MiB for one argument, 1 GiB for one command: Redis's own defaults.
    fn default() -> Self {
        Self { args_max: 1 << 20, bulk_bytes_max: 512 << 20, command_bytes_max: 1 << 30 }
    }
}
