//! Streams that are cut, broken, or torn off.

use std::time::Duration;

use greenroom::{sleep, timeout};

use super::client::{Client, pipeline};
use super::rig::campaign;
use crate::server::ServerLimits;
use crate::tests::words::wire;

#[test]
fn a_command_may_come_in_pieces() {
    campaign("partial::a_command_may_come_in_pieces", &ServerLimits::default(), |rig| {
        // Within the first command: a client that does not read what it was answered could not go
        // on sending.
        let cut = rig.sim.draw(33) as usize;
        rig.run(async move |address| {
            let mut client = Client::connect(address).await;
            let bytes = pipeline("SET key value\nGET key\nECHO end");
            let (head, tail) = bytes.split_at(cut);
            client.send(head).await;
            sleep(Duration::from_millis(cut as u64)).await;
            let replies = client.exchange(tail.to_vec(), 3).await;
            assert_eq!(replies.concat(), b"+OK\r\n$5\r\nvalue\r\n$3\r\nend\r\n");
        });
    });
}

#[test]
fn a_large_value_comes_back() {
    campaign("partial::a_large_value_comes_back", &ServerLimits::default(), |rig| {
        rig.run(async |address| {
            let mut client = Client::connect(address).await;
            for key in ["a", "b", "c"] {
                let value: Vec<u8> = (0..3000_u32).map(|number| (number % 251) as u8).collect();
                let set = wire(&[b"SET".to_vec(), key.into(), value.clone()]);
                assert_eq!(client.exchange(set, 1).await.concat(), b"+OK\r\n");
                let get = wire(&[b"GET".to_vec(), key.into()]);
                let expected = [b"$3000\r\n".as_slice(), &value, b"\r\n"].concat();
                assert!(client.exchange(get, 1).await.concat() == expected, "{key}");
            }
        });
    });
}

#[test]
fn a_protocol_error_is_answered_and_ends_the_connection() {
    let test = "partial::a_protocol_error_is_answered_and_ends_the_connection";
    campaign(test, &ServerLimits::default(), |rig| {
        rig.run(async |address| {
            let mut client = Client::connect(address).await;
            let mut bytes = pipeline("SET a 1\nGET a\nGET b");
            bytes.extend_from_slice(b"*1\r\nnonsense\r\n");
            bytes.extend_from_slice(&pipeline("SET a 2"));
            let replies = client.exchange(bytes, 4).await;
            let expected = "+OK\r\n$1\r\n1\r\n$-1\r\n\
                -ERR Protocol error: expected '$', got 'n'\r\n";
            assert_eq!(String::from_utf8(replies.concat()).unwrap(), expected);
            assert_eq!(client.rest().await.unwrap(), "");
            let mut client = Client::connect(address).await;
            assert_eq!(client.call("GET a").await, "$1\r\n1\r\n");
        });
    });
}

#[test]
fn quit_is_answered_and_ends_the_connection() {
    let test = "partial::quit_is_answered_and_ends_the_connection";
    campaign(test, &ServerLimits::default(), |rig| {
        rig.run(async |address| {
            let mut client = Client::connect(address).await;
            let bytes = pipeline("SET a 1\nSET b 1\nQUIT\nSET a 2\nSET b 2");
            let replies = client.exchange(bytes, 3).await;
            assert_eq!(replies.concat(), b"+OK\r\n+OK\r\n+OK\r\n");
            assert_eq!(client.rest().await.unwrap(), "");
            let mut client = Client::connect(address).await;
            assert_eq!(client.call("MGET a b").await, "*2\r\n$1\r\n1\r\n$1\r\n1\r\n");
        });
    });
}

#[test]
fn a_client_that_goes_away_in_the_middle_harms_nobody() {
    let test = "partial::a_client_that_goes_away_in_the_middle_harms_nobody";
    campaign(test, &ServerLimits::default(), |rig| {
        let cut = 1 + rig.sim.draw(400) as usize;
        let gone = rig.begin(async move |address| {
            let mut client = Client::connect(address).await;
            let bytes = pipeline(&"INCR a\nINCR b\nMGET a b\nGET c\n".repeat(10));
            // Does not read, so the server stops reading too; then it is dropped with replies on
            // their way or unread, and the server sees a reset.
            let sending = client.send(&bytes[..cut]);
            let _sent_or_not = timeout(Duration::from_millis(5), sending).await;
        });
        let steady = rig.begin(async |address| {
            let mut client = Client::connect(address).await;
            for number in 0..10 {
                let (set, get) = (format!("SET k{number} v"), format!("GET k{number}"));
                assert_eq!(client.call(&set).await, "+OK\r\n");
                assert_eq!(client.call(&get).await, "$1\r\nv\r\n");
            }
        });
        rig.sim.finish(gone);
        rig.sim.finish(steady);
    });
}
