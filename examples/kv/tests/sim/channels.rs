//! Channels, transactions, and whole replies, across shards.

use std::time::Duration;

use greenroom::sleep;

use super::client::{Client, pipeline};
use super::rig::campaign;
use crate::server::ServerLimits;

#[test]
fn messages_reach_every_subscriber_in_order() {
    let test = "channels::messages_reach_every_subscriber_in_order";
    campaign(test, &ServerLimits::default(), |rig| {
        const MESSAGES: usize = 30;
        let subscribers: Vec<_> = (0..4)
            .map(|number| {
                let patterns = number % 2 == 1;
                let (kind, name) =
                    if patterns { ("psubscribe", "n*s") } else { ("subscribe", "news") };
                let mut subscriber = rig.run(async move |address| Client::connect(address).await);
                let mut subscriber = rig.run(async move |_| {
                    let reply = subscriber.call(&format!("{kind} {name}")).await;
                    let expected = format!(
                        "*3\r\n${}\r\n{kind}\r\n${}\r\n{name}\r\n:1\r\n",
                        kind.len(),
                        name.len()
                    );
                    assert_eq!(reply, expected);
                    subscriber
                });
                rig.begin(async move |_| {
                    for number in 0..MESSAGES {
                        let message = subscriber.receive_reply().await;
                        let end = format!("news\r\n${}\r\n{number}\r\n", number.to_string().len());
                        assert!(message.ends_with(&end), "{message:?} {end:?}");
                        assert_eq!(message.contains("pmessage"), patterns);
                    }
                })
            })
            .collect();
        rig.run(async |address| {
            let mut publisher = Client::connect(address).await;
            for number in 0..MESSAGES {
                assert_eq!(publisher.call(&format!("PUBLISH news {number}")).await, ":4\r\n");
                assert_eq!(publisher.call("PUBLISH other x").await, ":0\r\n");
            }
        });
        for subscriber in subscribers {
            rig.sim.finish(subscriber);
        }
        // They are gone, and so are their subscriptions.
        rig.run(async |address| {
            let mut publisher = Client::connect(address).await;
            while publisher.call("PUBLISH news late").await != ":0\r\n" {
                sleep(Duration::from_millis(10)).await;
            }
        });
    });
}

#[test]
fn a_subscriber_that_does_not_read_is_ended_alone() {
    let limits = ServerLimits { message_bytes_max: 10_000, ..ServerLimits::default() };
    let test = "channels::a_subscriber_that_does_not_read_is_ended_alone";
    campaign(test, &limits, |rig| {
        let deaf = rig.run(async |address| {
            let mut deaf = Client::connect(address).await;
            deaf.call("SUBSCRIBE news").await;
            deaf
        });
        let mut steady = rig.run(async |address| {
            let mut steady = Client::connect(address).await;
            steady.call("SUBSCRIBE news").await;
            steady
        });
        rig.run(async move |address| {
            let mut publisher = Client::connect(address).await;
            let message = "x".repeat(2_000);
            // More than windows and outbox hold, and then it is gone.
            let mut count = String::new();
            for _ in 0..400 {
                count = publisher.call(&format!("PUBLISH news {message}")).await;
                let received = steady.receive_reply().await;
                assert!(received.ends_with(&format!("{message}\r\n")));
                if count == ":1\r\n" {
                    break;
                }
            }
            assert_eq!(count, ":1\r\n", "the one that reads");
            drop(steady);
        });
        rig.run(async move |_| drop(deaf));
    });
}

#[test]
fn a_transaction_is_never_seen_half_done() {
    let test = "channels::a_transaction_is_never_seen_half_done";
    campaign(test, &ServerLimits::default(), |rig| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                rig.begin(async move |address| {
                    let mut client = Client::connect(address).await;
                    for _ in 0..8 {
                        let lines =
                            format!("MULTI\nSET {{k}}1 {writer}\nSET {{k}}2 {writer}\nEXEC");
                        let replies = client.exchange(pipeline(&lines), 4).await.concat();
                        let expected = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n";
                        assert_eq!(String::from_utf8(replies).unwrap(), expected);
                    }
                })
            })
            .collect();
        let reader = rig.begin(async |address| {
            let mut client = Client::connect(address).await;
            for _ in 0..20 {
                let lines = "MULTI\nGET {k}1\nGET {k}2\nEXEC";
                let reply = client.exchange(pipeline(lines), 4).await.pop().unwrap();
                let reply = String::from_utf8(reply).unwrap();
                let values = reply.strip_prefix("*2\r\n").unwrap();
                let (first, second) = values.split_at(values.len() / 2);
                assert_eq!(first, second);
            }
        });
        writers.into_iter().for_each(|writer| rig.sim.finish(writer));
        rig.sim.finish(reader);
        let several = rig.shards() > 1;
        rig.run(async move |address| {
            let mut client = Client::connect(address).await;
            let lines = "MULTI\nSET a 1\nSET b 1\nSET c 1\nSET d 1\nSET foo 1\nEXEC";
            let replies = client.exchange(pipeline(lines), 7).await;
            let refused = replies.iter().any(|reply| reply.starts_with(b"-CROSSSLOT "));
            let aborted = replies[6].starts_with(b"-EXECABORT ");
            assert_eq!((refused, aborted), (several, several));
            let expected = if several { ":0\r\n" } else { ":5\r\n" };
            assert_eq!(client.call("EXISTS a b c d foo").await, expected);
        });
    });
}

#[test]
fn replies_too_large_for_a_batch_come_in_order() {
    let limits = ServerLimits { batch_bytes_max: 500, ..ServerLimits::default() };
    campaign("channels::replies_too_large_for_a_batch_come_in_order", &limits, |rig| {
        rig.run(async |address| {
            let mut client = Client::connect(address).await;
            let value = |number: usize| format!("{number}").repeat(100);
            let (mut lines, mut expected) = (String::new(), String::new());
            for number in 0..10 {
                let set = format!("SET key{number} {}", value(number));
                assert_eq!(client.call(&set).await, "+OK\r\n");
            }
            for number in 0..30 {
                let number = number % 10;
                lines += &format!("GET key{number}\nPING\nMGET key{number} key{}\n", 9 - number);
                let bulk = |number| format!("$100\r\n{}\r\n", value(number));
                expected +=
                    &format!("{}+PONG\r\n*2\r\n{}{}", bulk(number), bulk(number), bulk(9 - number));
            }
            let replies = client.exchange(pipeline(&lines), 90).await;
            assert_eq!(String::from_utf8(replies.concat()).unwrap(), expected);
        });
    });
}
