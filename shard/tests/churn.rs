//! What is held does not grow with the connections there have been.
//!
//! `cargo run --release -p greenroom-shard --example churn` does the same for longer.

use greenroom_shard::Driver;

use crate::churn_body::churn;
use crate::common::{alone, on_each_driver};

on_each_driver! {
    connections_that_come_and_go_leave_nothing,
}

fn connections_that_come_and_go_leave_nothing(driver: Driver) {
    alone(&format!("churn::on_{driver}::connections_that_come_and_go_leave_nothing"), || {
        let usages = churn(driver, 5, 1000);
        // The first round fills pools and tables.
        let (first, last) = (usages[1], usages[4]);
        assert_eq!(last.descriptors, first.descriptors, "{usages:?}");
        let grown = last.resident_bytes.saturating_sub(first.resident_bytes);
        assert!(grown < 4 << 20, "{usages:?}");
    });
}
