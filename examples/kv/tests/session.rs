//! What a connection says about itself and its server; Redis's own words differ here.

use super::machine::{Machine, Way};

fn text(machine: &mut Machine, now_ms: u64, line: &str) -> String {
    String::from_utf8(machine.feed(now_ms, format!("{line}\r\n").as_bytes())).unwrap()
}

#[test]
fn a_client_describes_itself() {
    let mut machine = Machine::new(1, Way::Mixed);
    assert_eq!(text(&mut machine, 0, "CLIENT ID"), ":7\r\n");
    assert_eq!(text(&mut machine, 0, "CLIENT SETINFO lib-name lib(x)"), "+OK\r\n");
    assert_eq!(text(&mut machine, 0, "CLIENT SETINFO LIB-VER 1.2"), "+OK\r\n");
    assert_eq!(text(&mut machine, 0, "CLIENT SETNAME me"), "+OK\r\n");
    let expected = "id=7 addr=127.0.0.1:50000 laddr=127.0.0.1:6379 name=me age=12 idle=0 flags=N \
                    db=0 cmd=client|list user=default resp=2 lib-name=lib(x) lib-ver=1.2\n";
    let list = text(&mut machine, 12_500, "CLIENT LIST");
    assert_eq!(list, format!("${}\r\n{expected}\r\n", expected.len()));
    let info = text(&mut machine, 12_500, "CLIENT INFO");
    assert_eq!(info.replace("client|info", "client|list"), list);
    let refused = [
        ("CLIENT SETINFO color red", "-ERR Unrecognized option 'color'\r\n"),
        (
            "CLIENT SETINFO LIB-NAME 'a b'",
            "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n",
        ),
        ("CLIENT LIST TYPE normal", "-ERR syntax error\r\n"),
    ];
    for (line, reply) in refused {
        assert_eq!(text(&mut machine, 0, line), reply);
    }
}

#[test]
fn parameters_by_pattern() {
    let mut machine = Machine::new(1, Way::Mixed);
    let reply = text(&mut machine, 0, "CONFIG GET max* PORT maxmemory");
    let expected = "*6\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n$16\r\nmaxmemory-policy\r\n\
                    $10\r\nnoeviction\r\n$4\r\nPORT\r\n$4\r\n6379\r\n";
    assert_eq!(reply, expected);
    assert!(text(&mut machine, 0, "CONFIG GET *").starts_with("*20\r\n"));
}

#[test]
fn info_adds_up_the_shards() {
    let mut machine = Machine::new(4, Way::Mixed);
    for number in 0..100 {
        text(&mut machine, 1_000, &format!("SET key:{number} v"));
    }
    for number in 0..30 {
        text(&mut machine, 1_000, &format!("EXPIRE key:{number} 10"));
    }
    assert_eq!(text(&mut machine, 11_001, "EXISTS key:0 key:1"), ":0\r\n");
    let collected: usize = machine.states.iter_mut().map(|s| s.store.expire_some(11_001, 5)).sum();
    assert!(collected > 0);
    let info = text(&mut machine, 11_001, "INFO");
    let used: usize = machine.states.iter().map(|state| state.store.used_bytes()).sum();
    let (keys, expires) = (98 - collected, 28 - collected);
    for line in [
        "# Server".to_owned(),
        "redis_version:7.0.15".to_owned(),
        "tcp_port:6379".to_owned(),
        "greenroom_shards:4".to_owned(),
        "uptime_in_seconds:11".to_owned(),
        format!("used_memory:{used}"),
        format!("expired_keys:{}", collected + 2),
        format!("db0:keys={keys},expires={expires},avg_ttl=0"),
    ] {
        assert!(info.lines().any(|found| found == line), "{line} in {info}");
    }
    let keyspace = format!("# Keyspace\r\ndb0:keys={keys},expires={expires},avg_ttl=0\r\n");
    let reply = text(&mut machine, 11_001, "INFO keyspace nonsense");
    assert_eq!(reply, format!("${}\r\n{keyspace}\r\n", keyspace.len()));
    let two = text(&mut machine, 11_001, "INFO KEYSPACE stats");
    assert!(two.contains("# Stats\r\n") && two.contains("\r\n\r\n# Keyspace\r\n"));
    text(&mut machine, 11_001, "FLUSHALL");
    assert_eq!(text(&mut machine, 11_001, "INFO keyspace"), "$12\r\n# Keyspace\r\n\r\n");
}
