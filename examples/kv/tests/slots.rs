//! Slots of keys, as Redis Cluster computes them.

use super::Rng;
use super::redis::{Redis, free_port};
use super::words::wire;
use crate::route::slot;

#[test]
fn slots_are_those_of_redis_cluster() {
    let bus = free_port().to_string();
    let redis = Redis::start(&["--cluster-enabled", "yes", "--cluster-port", &bus]);
    let mut client = redis.connect();
    let mut rng = Rng::new(1);
    // Braces are frequent, so that every case of the tag rule comes up.
    let alphabet: Vec<&[u8]> = vec![b"{", b"}", b"a", b"b", b"7", b"\0", b"\xff"];
    for _ in 0..2_000 {
        let len = rng.below(20);
        let key: Vec<u8> = (0..len).flat_map(|_| rng.pick(&alphabet).to_vec()).collect();
        let command = wire(&[b"CLUSTER".to_vec(), b"KEYSLOT".to_vec(), key.clone()]);
        let reply = client.replies(&command, 1).remove(0);
        let ours = format!(":{}\r\n", slot(&key)).into_bytes();
        assert_eq!(ours, reply, "{}", key.escape_ascii());
    }
}
