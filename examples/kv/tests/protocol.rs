//! Raw bytes: framing, quoting and protocol errors.

use super::machine::{Machine, Way};
use super::redis::Redis;

/// Streams, each for a connection of its own. Long ones end where they are refused: bytes that a
/// closing server has not read may cost us its answer.
fn streams() -> Vec<Vec<u8>> {
    let mut streams: Vec<Vec<u8>> = [
        b"*1\r\n$4\r\nPING\r\n".as_slice(),
        b"PING\r\nPING\nPING\r\n",
        b"\r\n\r\nPING\r\n \r\nECHO a\r\n",
        b"*0\r\n*-1\r\n*-5\r\nPING\r\n",
        b"*1\rx$4\ryPINGzzPING\r\n",
        b"*2\r\n$4\r\nECHO\r\n$6\r\na\r\nb\r\n\r\n",
        b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
        b"ECHO \"a b\"\r\nECHO 'a b'\r\nECHO \"\\x41\\n\\q\\\"\"\r\nECHO '\\n\\''\r\n",
        b"ECHO a\"b c\"\r\nECHO \"\"\r\n\tECHO\ta\x0bb \r\n",
        b"ECHO \"a\r\nPING\r\n",
        b"ECHO 'a\r\nPING\r\n",
        b"PING\r\nECHO \"a\"b\r\nPING\r\n",
        b"ECHO 'a'b\r\n",
        b"PING\r\n*x\r\nPING\r\n",
        b"*\r\n",
        b"*01\r\n",
        b"*+1\r\n",
        b"*-0\r\n",
        b"* 1\r\n",
        b"*1 \r\n",
        b"*99999999999999999999\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$-2\r\n",
        b"*1\r\n$x\r\n",
        b"*1\r\n$\r\n",
        b"*1\r\n$04\r\nPING\r\n",
        b"*1\r\n$+4\r\nPING\r\n",
        b"*1\r\n$536870913\r\n",
        b"*1\r\n$99999999999999999999\r\n",
        b"*1\r\n:4\r\nPING\r\n",
        b"*1\r\nPING\r\n",
        b"*1\r\n\r\r\n",
        b"*1\r\n\n\r\n",
        b"*2\r\n$4\r\nECHO\r\n+a\r\n",
        b"*2\r\n$4\r\nECHO\r\n*1\r\n$1\r\na\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhal",
        b"QUIT\r\nPING\r\n",
        b"SET k v\r\nGET k\r\nDEL k\r\n",
        b"GET\r\n",
        b"PoSt / HTTP/1.1\r\nSET k v\r\nGET k\r\n",
        b"*1\r\n$5\r\nhost:\r\nPING\r\n",
    ]
    .map(<[u8]>::to_vec)
    .into();
    streams.push(vec![b'a'; 64 * 1024 + 1]);
    streams.push([b"*".to_vec(), vec![b'1'; 64 * 1024]].concat());
    streams.push([b"*1\r\n$".to_vec(), vec![b'1'; 64 * 1024]].concat());
    streams
}

#[test]
fn streams_are_answered_as_by_redis() {
    let redis = Redis::start(&[]);
    for stream in streams() {
        let theirs = redis.exchange(&stream).escape_ascii().to_string();
        let shown = &stream[..stream.len().min(60)].escape_ascii();
        for size in [stream.len(), 1] {
            let mut machine = Machine::new(1, Way::Mixed);
            let ours: Vec<u8> =
                stream.chunks(size).flat_map(|read| machine.feed(0, read)).collect();
            assert_eq!(ours.escape_ascii().to_string(), theirs, "{shown} by {size}");
        }
    }
}

#[test]
fn a_broken_stream_and_a_quit_end_the_connection() {
    let cases = [
        ("PING\r\n", false),
        ("*x\r\n", true),
        ("QUIT\r\n", true),
        ("POST / HTTP/1.1\r\n", true),
        ("GET / HTTP/1.1\r\nHost: localhost:6379\r\n", true),
        ("posts\r\nhost\r\n", false),
    ];
    for (stream, closes) in cases {
        let mut machine = Machine::new(1, Way::Mixed);
        machine.feed(0, stream.as_bytes());
        assert_eq!(machine.is_closed(), closes, "{stream:?}");
        let after = machine.feed(0, b"PING\r\n");
        assert_eq!(after.is_empty(), closes);
    }
}
