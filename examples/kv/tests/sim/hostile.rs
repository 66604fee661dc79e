//! Clients that mean harm, beside one that does not.

use std::net::SocketAddr;
use std::time::Duration;

use greenroom::net::TcpStream;
use greenroom::{sleep, timeout};

use super::client::{Client, pipeline};
use super::rig::{Rig, campaign};
use crate::resp::Limits;
use crate::server::ServerLimits;

/// Small enough for a test to go beyond.
fn small() -> ServerLimits {
    let command = Limits { args_max: 20, bulk_bytes_max: 1_000, command_bytes_max: 2_000 };
    ServerLimits { command, ..ServerLimits::default() }
}

/// What an honest client asks meanwhile, and is answered.
async fn honest(address: SocketAddr) {
    let mut client = Client::connect(address).await;
    for number in 0..10 {
        assert_eq!(client.call(&format!("SET mine{number} {number}")).await, "+OK\r\n");
        assert_eq!(client.call(&format!("GET mine{number}")).await, format!("$1\r\n{number}\r\n"));
    }
}

/// Runs `hostile` beside an honest client.
fn beside<T: 'static>(
    rig: &mut Rig<'_>,
    hostile: impl AsyncFnOnce(SocketAddr) -> T + 'static,
) -> T {
    let hostile = rig.begin(hostile);
    let honest = rig.begin(honest);
    rig.sim.finish(honest);
    rig.sim.finish(hostile)
}

#[test]
fn what_is_not_resp_is_answered_with_an_error_and_a_close() {
    let test = "hostile::what_is_not_resp_is_answered_with_an_error_and_a_close";
    campaign(test, &small(), |rig| {
        let streams = [
            (b"*1\r\nGET / HTTP/1.1\r\n".to_vec(), "expected '$', got 'G'"),
            (b"*99999999999\r\n".to_vec(), "invalid multibulk length"),
            (b"*21\r\n".to_vec(), "invalid multibulk length"),
            (b"*1\r\n$1001\r\n".to_vec(), "invalid bulk length"),
            (b"*1\r\n$-1\r\n".to_vec(), "invalid bulk length"),
            (b"*3\r\n$900\r\n".to_vec(), ""),
            (
                [
                    b"*3\r\n$900\r\n".to_vec(),
                    vec![b'x'; 902],
                    b"$900\r\n".to_vec(),
                    vec![b'x'; 902],
                    b"$900\r\n".to_vec(),
                ]
                .concat(),
                "too big command",
            ),
            (vec![b'x'; 3_000], "too big command"),
            (b"\"unbalanced\r\n".to_vec(), "unbalanced quotes"),
        ];
        let (stream, error) = streams[rig.sim.draw(streams.len() as u64) as usize].clone();
        let said = beside(rig, async move |address| {
            let client = Client::connect(address).await;
            // A stream that is only short is no error: the client has to end it.
            timeout(Duration::from_secs(30), client.until_end(stream)).await.unwrap_or_default()
        });
        let expected = if error.is_empty() { "" } else { "-ERR Protocol error: " };
        assert!(said.starts_with(expected) && said.contains(error), "{said:?} {error}");
    });
}

#[test]
fn a_frame_may_end_at_every_byte() {
    campaign("hostile::a_frame_may_end_at_every_byte", &small(), |rig| {
        beside(rig, async |address| {
            let frame = pipeline("LPUSH theirs a b\nZADD z 1 a");
            for cut in 0..frame.len() {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.send(frame[..cut].to_vec()).await.unwrap();
                drop(stream);
            }
        });
        rig.run(async |address| {
            let mut client = Client::connect(address).await;
            assert_eq!(client.call("ZCARD z").await, ":0\r\n", "that command never came whole");
        });
    });
}

#[test]
fn a_client_that_never_reads_is_held_back_and_harms_nobody() {
    let limits = ServerLimits { batch_bytes_max: 2_000, ..ServerLimits::default() };
    let test = "hostile::a_client_that_never_reads_is_held_back_and_harms_nobody";
    campaign(test, &limits, |rig| {
        let held_back = beside(rig, async |address| {
            let mut client = Client::connect(address).await;
            let value = "x".repeat(1_000);
            assert_eq!(client.call(&format!("SET big {value}")).await, "+OK\r\n");
            // 40 times what is sent is asked for; what is not taken is not made, and not read either.
            for _ in 0..100 {
                let asking = client.try_send(pipeline(&"GET big\n".repeat(1_000)));
                if timeout(Duration::from_secs(60), asking).await.is_err() {
                    return true;
                }
            }
            false
        });
        assert!(held_back, "the server went on reading");
    });
}

#[test]
fn a_slow_reader_gets_all_of_it() {
    let limits = ServerLimits { batch_bytes_max: 2_000, ..ServerLimits::default() };
    campaign("hostile::a_slow_reader_gets_all_of_it", &limits, |rig| {
        beside(rig, async |address| {
            let mut client = Client::connect(address).await;
            let value = "x".repeat(500);
            assert_eq!(client.call(&format!("SET big {value}")).await, "+OK\r\n");
            client.send(pipeline(&"GET big\n".repeat(20))).await;
            for _ in 0..20 {
                sleep(Duration::from_millis(50)).await;
                assert_eq!(client.receive_reply().await, format!("$500\r\n{value}\r\n"));
            }
        });
    });
}

#[test]
fn a_flood_of_connections_leaves_room_afterwards() {
    let limits = ServerLimits { clients_max: 4, ..ServerLimits::default() };
    campaign("hostile::a_flood_of_connections_leaves_room_afterwards", &limits, |rig| {
        rig.run(async |address| {
            let mut flood = Vec::new();
            for _ in 0..60 {
                flood.push(TcpStream::connect(address).await.unwrap());
            }
            drop(flood);
            let mut served = false;
            for _ in 0..1_000 {
                let mut client = Client::connect(address).await;
                // Refused while the server has not seen the others go.
                if client.try_call("PING").await.as_deref() == Some("+PONG\r\n") {
                    served = true;
                    break;
                }
                sleep(Duration::from_millis(20)).await;
            }
            assert!(served);
        });
    });
}

#[test]
fn a_transaction_is_bounded() {
    campaign("hostile::a_transaction_is_bounded", &small(), |rig| {
        beside(rig, async |address| {
            let mut client = Client::connect(address).await;
            assert_eq!(client.call("MULTI").await, "+OK\r\n");
            let mut refused = String::new();
            for _ in 0..100 {
                refused = client.call(&format!("SET key {}", "x".repeat(200))).await;
                if refused != "+QUEUED\r\n" {
                    break;
                }
            }
            assert_eq!(refused, "-ERR the transaction is too long\r\n");
            assert!(client.call("EXEC").await.starts_with("-EXECABORT "));
            assert_eq!(client.call("EXISTS key").await, ":0\r\n");
        });
    });
}
