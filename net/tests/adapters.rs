//! The poll-style adapters, used as protocol crates use them.

use std::io;
use std::time::Duration;

use futures_lite::io::copy;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use greenroom_core::{System, sleep, spawn_local, timeout};
use greenroom_net::limits::POLL_LINGER;

use crate::loopback::Rig;
use crate::streams::pair;

#[test]
fn a_copy_loop_echoes() {
    for seed in 0..20 {
        Rig::new(seed).run(async |_: System| {
            let (client, server) = pair().await;
            let echo = spawn_local(async move {
                let (reader, mut writer) = server.into_poll().split();
                let copied = copy(reader, &mut writer).await?;
                writer.close().await?;
                io::Result::Ok(copied)
            });
            let mut stream = client.into_poll();
            let mut line = String::new();
            for text in ["one\n", "two and more\n"] {
                stream.write_all(text.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                line.clear();
                stream.read_line(&mut line).await.unwrap();
                assert_eq!(line, text);
            }
            stream.write_all(b"the end").await.unwrap();
            stream.close().await.unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, b"the end");
            assert_eq!(echo.await.unwrap().unwrap(), 24);
        });
    }
}

#[test]
fn an_empty_slice_reads_and_writes_nothing() {
    Rig::new(1).run(async |_: System| {
        let (client, _server) = pair().await;
        let mut stream = client.into_poll();
        assert_eq!(stream.read(&mut []).await.unwrap(), 0);
        assert_eq!(stream.write(&[]).await.unwrap(), 0);
        stream.flush().await.unwrap();
    });
}

/// A write succeeds before its bytes have left; what becomes of them is told later, not never.
#[test]
fn a_send_that_fails_behind_a_write_is_reported() {
    Rig::new(2).run(async |_: System| {
        let (client, server) = pair().await;
        server.close().await.unwrap();
        let mut stream = client.into_poll();
        assert_eq!(stream.write(b"into the void").await.unwrap(), 13);
        assert_eq!(stream.flush().await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(stream.write(b"more").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn what_was_received_and_not_read_is_given_back() {
    for seed in 0..20 {
        Rig::new(seed).run(async |_: System| {
            let (mut client, server) = pair().await;
            client.send(b"head and body".to_vec()).await.unwrap();
            client.close().await.unwrap();
            let (read, _write) = server.split();
            let mut reader = read.into_poll();
            let mut head = [0; 5];
            reader.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"head ");
            let (mut read, mut body) = reader.into_parts();
            loop {
                let chunk = read.receive().await.unwrap();
                if chunk.is_empty() {
                    break;
                }
                body.extend_from_slice(&chunk);
            }
            assert_eq!(body, b"and body");
        });
    }
}

/// A program that waits for an answer has no reason to look at its writer again.
#[test]
fn what_is_written_is_sent_without_a_flush() {
    for seed in 0..20 {
        Rig::new(seed).run(async |_: System| {
            let (client, mut server) = pair().await;
            let mut stream = client.into_poll();
            stream.write_all(&[7; 10_000]).await.unwrap();
            let answer = spawn_local(async move {
                let mut count = 0;
                while count < 10_000 {
                    count += server.receive().await.unwrap().len();
                }
                server.send(b"done".to_vec()).await.unwrap();
                server
            });
            let mut text = [0; 4];
            stream.read_exact(&mut text).await.unwrap();
            assert_eq!(&text, b"done");
            answer.await.unwrap();
        });
    }
}

#[test]
fn what_is_written_is_sent_although_the_writer_was_dropped() {
    for seed in 0..20 {
        Rig::new(seed).run(async |_: System| {
            let (client, mut server) = pair().await;
            let mut stream = client.into_poll();
            stream.write_all(&[7; 20_000]).await.unwrap();
            drop(stream);
            let mut count = 0;
            loop {
                match server.receive().await.unwrap().len() {
                    0 => break,
                    more => count += more,
                }
            }
            assert_eq!(count, 20_000);
        });
    }
}

/// A peer that takes nothing does not keep a connection that its owner has dropped.
#[test]
fn a_dropped_writer_does_not_linger_for_ever() {
    Rig::new(1).run(async |_: System| {
        let (client, mut server) = pair().await;
        let mut stream = client.into_poll();
        let mut written = 0;
        let fill = async {
            while let Ok(count) = stream.write(&[7; 50_000]).await {
                written += count;
            }
        };
        assert!(timeout(Duration::from_secs(1), fill).await.is_err(), "a peer that takes nothing");
        drop(stream);
        sleep(POLL_LINGER + Duration::from_secs(1)).await;
        let mut received = 0;
        while let Ok(chunk) = server.receive().await {
            if chunk.is_empty() {
                break;
            }
            received += chunk.len();
        }
        assert!(received < written, "sent although nobody took it in time");
    });
}
