//! Descriptors for as many clients as may come.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::settings::Settings;

/// Descriptors that each shard has beside those of its clients: rings, bells and a listener, and
/// connections that are not served, because they wait to be or are being refused.
const SHARD: u64 = 128;

/// Descriptors of the process itself, as in Redis.
const PROCESS: u64 = 32;

/// Lets the process have a descriptor for each client, as far as its hard limit goes. Systems start
/// programs with a soft limit of 1,024, with which the other clients would wait for ever. Says what
/// is lacking.
pub(crate) fn make(settings: &Settings) -> Option<String> {
    let limit = getrlimit(Resource::Nofile);
    let clients = u64::try_from(settings.limits.clients_max).unwrap_or(u64::MAX);
    let others = PROCESS + SHARD * u64::from(settings.shards.get());
    let wanted = clients.saturating_add(others);
    let (soft, lacks) = limits(limit.current, limit.maximum, wanted);
    // A limit that cannot be raised is the one there is.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: soft, ..limit }).is_ok();
    let has = if raised { soft } else { limit.current }?;
    let room = has.saturating_sub(others);
    (lacks || has < wanted).then(|| {
        format!(
            "{clients} clients need {wanted} descriptors and this process may have {has}, so with \
             {room} or more of them others will wait: raise `ulimit -Hn` or lower --max-clients"
        )
    })
}

/// The soft limit to have, and whether it is less than wanted. `None` is no limit.
fn limits(soft: Option<u64>, hard: Option<u64>, wanted: u64) -> (Option<u64>, bool) {
    let Some(soft) = soft else { return (None, false) };
    let least = hard.map_or(wanted, |hard| wanted.min(hard));
    (Some(soft.max(least)), soft < wanted && least < wanted)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_be_and_never_lowered() {
        let some = Some;
        assert_eq!(limits(some(1024), some(4096), 2000), (some(2000), false));
        assert_eq!(limits(some(1024), some(4096), 9000), (some(4096), true));
        assert_eq!(limits(some(1024), None, 9000), (some(9000), false));
        assert_eq!(limits(some(1024), some(4096), 100), (some(1024), false));
        assert_eq!(limits(None, None, 9000), (None, false));
    }

    /// Runs itself once more, with the limits that most systems set.
    #[test]
    fn a_process_with_few_descriptors_makes_room_for_its_clients() {
        const ROLE: &str = "KV_TEST_ROOM";
        let mut settings = Settings::new(NonZeroU16::MIN);
        settings.limits.clients_max = 500;
        if std::env::var_os(ROLE).is_some() {
            assert_eq!(make(&settings), None);
            assert!(getrlimit(Resource::Nofile).current.is_none_or(|soft| soft >= 500));
            settings.limits.clients_max = 5000;
            assert!(make(&settings).is_some_and(|lack| lack.contains("5000 clients need")));
            return;
        }
        let name = "room::tests::a_process_with_few_descriptors_makes_room_for_its_clients";
        let run = Command::new("sh")
            .args(["-c", "ulimit -Sn 64; ulimit -Hn 2000; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args([name, "--exact"])
            .env(ROLE, "")
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains("1 passed"), "{said}");
    }
}
