//! Nobody inside a turn asks the machine.

#![cfg(target_os = "linux")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use greenroom_testkit::TestRuntime;

/// Runs `body` and returns what the run said when it failed.
fn said(body: impl AsyncFnOnce() + 'static) -> String {
    let mut sim = TestRuntime::new_with_seed(3);
    let run = catch_unwind(AssertUnwindSafe(|| sim.run(async move |_| body().await)));
    let payload = run.expect_err("the guard did not bark");
    payload.downcast_ref::<String>().expect("a message").clone()
}

#[expect(clippy::disallowed_methods, reason = "it is what the guard must find")]
#[inline(never)]
fn reads_the_clock() {
    assert!(std::time::Instant::now().elapsed().as_secs() < 1);
}

#[test]
fn a_clock_read_is_reported_with_its_place() {
    let said = said(async || reads_the_clock());
    let first = said.lines().next().unwrap_or_default();
    assert!(first.starts_with("real clock read inside a turn: "), "{first}");
    // With line tables the file and line of the read, without them the function's name.
    assert!(first.contains("guards"), "{first}");
}

#[expect(clippy::disallowed_methods, reason = "it is what the guard must find")]
#[inline(never)]
fn reads_the_wall_clock() {
    assert!(std::time::SystemTime::now() > std::time::UNIX_EPOCH);
}

#[test]
fn a_wall_clock_read_is_reported() {
    let said = said(async || reads_the_wall_clock());
    assert!(said.contains("reads_the_wall_clock"), "{said}");
}

#[expect(clippy::disallowed_methods, reason = "it is what the guard must find")]
#[inline(never)]
fn starts_a_thread() {
    std::thread::spawn(|| ()).join().unwrap();
}

#[test]
fn a_thread_is_reported() {
    let said = said(async || starts_a_thread());
    assert!(said.starts_with("thread started inside a turn: "), "{said}");
    assert!(said.contains("starts_a_thread"), "{said}");
}

#[inline(never)]
fn opens_a_socket() {
    drop(std::net::UdpSocket::bind("127.0.0.1:0"));
}

#[test]
fn a_socket_of_the_operating_system_is_reported() {
    let said = said(async || opens_a_socket());
    assert!(said.starts_with("socket of the operating system opened inside a turn: "), "{said}");
    assert!(said.contains("opens_a_socket"), "{said}");
}

#[expect(clippy::disallowed_methods, reason = "it is what the guard must find")]
#[inline(never)]
fn sleeps() {
    std::thread::sleep(std::time::Duration::from_nanos(1));
    // Or the call would be this function's last act, and its frame gone.
    std::hint::black_box(());
}

#[test]
fn a_thread_that_is_put_to_sleep_is_reported() {
    let said = said(async || sleeps());
    assert!(said.starts_with("thread put to sleep inside a turn: "), "{said}");
    assert!(said.contains("sleeps"), "{said}");
}

#[test]
#[expect(clippy::disallowed_types, reason = "libraries use them, and that is fine")]
fn the_standard_librarys_maps_are_let_through() {
    // On a thread of its own: this one may have drawn its keys before.
    let sum = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            TestRuntime::new_with_seed(3).run(async |_| {
                let map: std::collections::HashMap<u32, u32> = (0..9).map(|n| (n, n)).collect();
                map.values().sum::<u32>()
            })
        });
        run.join().unwrap()
    });
    assert_eq!(sum, 36);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "outside of turns the clock is the real one")]
fn outside_of_turns_the_clock_goes_on() {
    let before = std::time::Instant::now();
    let mut sim = TestRuntime::new_with_seed(3);
    sim.run(async |_| greenroom_core::sleep(std::time::Duration::from_secs(9)).await);
    while before.elapsed().is_zero() {
        std::hint::spin_loop();
    }
}
