//! A ring as `shard/src/driver/uring` makes its own where the kernel has every feature.

use std::io;

use io_uring::IoUring;

/// Entries of the ring's queues, as many as the driver's has by default.
const SUBMISSIONS: u32 = 512;
const COMPLETIONS: u32 = 8 * SUBMISSIONS;

pub(crate) fn like_the_drivers() -> io::Result<IoUring> {
    IoUring::builder()
        .setup_clamp()
        .setup_cqsize(COMPLETIONS)
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_taskrun_flag()
        .setup_submit_all()
        .build(SUBMISSIONS)
}
