//! What the machine must give, what it gives, and what to do about the difference.
//!
//! The runtime stands on io_uring, which old kernels lack, administrators and container profiles
//! switch off, and small limits on locked memory starve. Each of these shows as an error that names
//! none of it. [`doctor()`] looks at all of them and says for each what is wrong and the command that
//! mends it; a system looks at the cheap ones before it starts.

mod facts;
mod report;

pub(crate) use facts::Facts;
pub use report::{Finding, Report, Severity, doctor};
