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

#[cfg(feature = "driver-uring")]
#[test]
fn a_process_that_is_stopped_and_continued_loses_nothing() {
    alone("churn::a_process_that_is_stopped_and_continued_loses_nothing", || {
        // Each continue ends a sleep in the kernel early, with `EINTR`.
        let script = "for _ in $(seq 40); do kill -STOP $0; kill -CONT $0; done";
        let me = std::process::id().to_string();
        let mut child = std::process::Command::new("sh").args(["-c", script, &me]).spawn().unwrap();
        let usages = churn(Driver::Uring, 2, 400);
        assert!(child.wait().unwrap().success());
        assert_eq!(usages.len(), 2);
    });
}
