//! Opens and drops connections at random points, for as long as is wished for, and prints what the
//! process holds after each round.
//!
//! ```sh
//! cargo run --release -p greenroom-shard --example churn -- uring 10 10000
//! ```
//!
//! runs ten rounds of ten thousand connections on the driver of that name. It fails when
//! descriptors have grown since the second round, or memory by more than 16 MiB.

#![expect(clippy::print_stdout, reason = "what it finds is what it is for")]

use std::error::Error;

use greenroom_shard::Driver;

#[path = "../tests/churn_body.rs"]
mod churn_body;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let driver: Driver = words.next().map_or_else(|| Ok(Driver::default()), |name| name.parse())?;
    let mut number = |default| words.next().map_or(Ok(default), |number| number.parse());
    let (rounds, connections) = (number(10)?, number(10_000)?);
    let usages = churn_body::churn(driver, rounds as usize, connections);
    for (round, usage) in usages.iter().enumerate() {
        let kib = usage.resident_bytes / 1024;
        println!("round {round}: {} descriptors, {kib} KiB resident", usage.descriptors);
    }
    let (first, last) = (usages.get(1).or_else(|| usages.first()), usages.last());
    if let (Some(first), Some(last)) = (first, last) {
        let grown = last.resident_bytes.saturating_sub(first.resident_bytes);
        if last.descriptors > first.descriptors || grown > 16 << 20 {
            return Err("what the process holds has grown".into());
        }
    }
    Ok(())
}
