//! The workloads Greenroom measures itself by.
fn main() {}
