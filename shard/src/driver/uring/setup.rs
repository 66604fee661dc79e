//! How a ring is made: with the best that the kernel has.

use std::io;

use io_uring::IoUring;

use super::features::{Feature, Features};
use super::ring::Ring;
use crate::driver::RingLimits;
use crate::kernel;

/// Entries of the completion queue for each of the submission queue. The kernel keeps what does not
/// fit, at the price of an allocation each.
const COMPLETIONS_PER_SUBMISSION: u32 = 8;

/// Fewer entries than this are not tried: a kernel that refuses so little has no ring for us.
const SUBMISSIONS_MIN: u32 = 32;

impl Ring {
    /// A ring with the best of the allowed features that the kernel has, and fewer entries than
    /// were wished for where memory is scarce.
    ///
    /// # Errors
    ///
    /// What the kernel says of the plainest of rings.
    pub(super) fn new(limits: RingLimits) -> io::Result<Self> {
        let mut submissions = limits.submissions;
        loop {
            match Self::with_entries(Features(limits.features), submissions) {
                // Kernels before 5.12 count a ring's memory as locked.
                Err(error)
                    if error.kind() == io::ErrorKind::OutOfMemory
                        && submissions > SUBMISSIONS_MIN =>
                {
                    submissions /= 2;
                }
                made => return made,
            }
        }
    }

    fn with_entries(allowed: Features, submissions: u32) -> io::Result<Self> {
        let none = Features::NONE;
        let coop = none.with(Feature::CoopTaskrun, true);
        let single = coop.with(Feature::SingleIssuer, true);
        let defer = single.with(Feature::DeferTaskrun, true);
        let mut refused = None;
        for flags in [defer, single, coop, none] {
            if flags.and(allowed) != flags {
                continue;
            }
            let mut builder = IoUring::builder();
            builder.setup_clamp().setup_cqsize(submissions * COMPLETIONS_PER_SUBMISSION);
            if flags.has(Feature::DeferTaskrun) {
                builder.setup_defer_taskrun();
            } else if flags.has(Feature::CoopTaskrun) {
                builder.setup_coop_taskrun();
            }
            if flags.has(Feature::SingleIssuer) {
                builder.setup_single_issuer();
            }
            if flags.has(Feature::CoopTaskrun) {
                // Come with it, or before.
                builder.setup_taskrun_flag().setup_submit_all();
            }
            match builder.build(submissions) {
                Ok(ring) => {
                    // A ring that defers has no use for the other, and no lack of it.
                    let features = Features(flags.0 | Features::of(&ring).0).and(allowed);
                    let features = features.sound(kernel::version());
                    return Ok(Self::over(ring, features));
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| io::ErrorKind::Unsupported.into()))
    }
}
