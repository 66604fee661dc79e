//! A client.

use std::io;
use std::net::SocketAddr;

use futures_util::future::join;
use greenroom::net::{ReadHalf, TcpStream, WriteHalf};

use crate::tests::reply;
use crate::tests::words::{wire, words};

/// One connection.
pub(super) struct Client {
    read: ReadHalf,
    write: WriteHalf,
    unread: Vec<u8>,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).await.unwrap()
    }

    /// Connects where that is possible.
    pub(super) async fn try_connect(address: SocketAddr) -> Option<Self> {
        let (read, write) = TcpStream::connect(address).await.ok()?.split();
        Some(Self { read, write, unread: Vec::new() })
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.write.send(bytes.as_ref().to_vec()).await.unwrap();
    }

    /// Sends to a server that may end the connection.
    pub(super) async fn try_send(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        self.write.send(bytes).await.map(drop)
    }

    /// Sends and, at the same time, receives that many replies: a client that sends without
    /// reading may have to wait for ever.
    pub(super) async fn exchange(&mut self, bytes: Vec<u8>, replies: usize) -> Vec<Vec<u8>> {
        let Self { read, write, unread } = self;
        let receiving = async {
            let mut received = Vec::new();
            while received.len() < replies {
                match reply::len(unread) {
                    Some(len) => received.push(unread.drain(..len).collect()),
                    None => {
                        let bytes = read.receive().await.unwrap();
                        assert!(!bytes.is_empty(), "closed after {} replies", received.len());
                        unread.extend_from_slice(&bytes);
                    }
                }
            }
            received
        };
        let (sent, received) = join(write.send(bytes), receiving).await;
        sent.unwrap();
        received
    }

    /// Sends one command and receives its reply.
    pub(super) async fn call(&mut self, line: &str) -> String {
        let replies = self.exchange(wire(&words(line)), 1).await;
        String::from_utf8(replies.concat()).unwrap()
    }

    /// Sends one command and receives its reply, unless the server has ended the connection.
    pub(super) async fn try_call(&mut self, line: &str) -> Option<String> {
        self.try_send(pipeline(line)).await.ok()?;
        loop {
            if let Some(len) = reply::len(&self.unread) {
                return Some(String::from_utf8(self.unread.drain(..len).collect()).unwrap());
            }
            if !self.receive().await.unwrap_or(false) {
                return None;
            }
        }
    }

    /// Receives one reply, or one message.
    pub(super) async fn receive_reply(&mut self) -> String {
        loop {
            if let Some(len) = reply::len(&self.unread) {
                return String::from_utf8(self.unread.drain(..len).collect()).unwrap();
            }
            assert!(self.receive().await.unwrap(), "closed");
        }
    }

    /// Receives until the server ends the connection.
    pub(super) async fn rest(&mut self) -> io::Result<String> {
        while self.receive().await? {}
        Ok(String::from_utf8(std::mem::take(&mut self.unread)).unwrap())
    }

    /// Sends and receives until the connection ends, however it does.
    pub(super) async fn until_end(mut self, bytes: Vec<u8>) -> String {
        let Self { read, write, unread } = &mut self;
        let receiving = async {
            while let Ok(bytes) = read.receive().await
                && !bytes.is_empty()
            {
                unread.extend_from_slice(&bytes);
            }
        };
        // That the server takes no more is one way to end.
        let (_sent, ()) = join(write.send(bytes), receiving).await;
        String::from_utf8(self.unread).unwrap()
    }

    async fn receive(&mut self) -> io::Result<bool> {
        let bytes = self.read.receive().await?;
        self.unread.extend_from_slice(&bytes);
        Ok(!bytes.is_empty())
    }
}

/// Commands, one a line, on the wire.
pub(super) fn pipeline(lines: &str) -> Vec<u8> {
    lines.lines().flat_map(|line| wire(&words(line))).collect()
}
