//! One file per command of `cargo x`.

mod bench;
mod ci;
mod show;
mod sim;
mod soak;
mod test;
mod tidy;

pub(crate) use bench::bench;
pub(crate) use ci::ci;
pub(crate) use show::show;
pub(crate) use sim::sim;
pub(crate) use soak::soak;
pub(crate) use test::test;
pub(crate) use tidy::tidy;
