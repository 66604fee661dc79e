//! A test that has a result.

use std::fmt::Debug;

/// Fails the run in which a test gave an error. [`macro@crate::sim_test`] calls it.
///
/// # Panics
///
/// With the error, if there is one.
#[track_caller]
pub fn passed<T, E: Debug>(result: Result<T, E>) {
    if let Err(error) = result {
        panic!("the test gave an error: {error:?}");
    }
}
