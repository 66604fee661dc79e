//! One client.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use greenroom::net::{Buffer, ShutdownSide, TcpStream};
use greenroom::timeout;

use super::clients::{Client, Event};
use super::input::Input;
use super::pipeline::{Pipeline, Stop, refuse};
use super::shard::Shard;
use crate::pubsub::Subscriptions;
use crate::resp::Writer;
use crate::session::{Next, Session};

/// Memory for replies that a connection keeps between two batches.
const OUTPUT_BYTES_KEPT_MAX: usize = 64 * 1024;

/// Serves one client until either side has had enough. Errors are the client's: it is gone.
pub(super) async fn serve(shard: Rc<Shard>, mut stream: TcpStream, peer: SocketAddr) {
    // What fails here fails because the client is gone, and there is nobody to tell.
    drop(match shard.clients.admit() {
        Some(client) => Connection::new(&shard, client, stream, peer).run().await,
        None => {
            let mut out = Writer::default();
            refuse(&mut out);
            let farewell = async {
                stream.send(out.take()).await?;
                take_leave(&mut stream).await
            };
            timeout(shard.plan.limits.linger, farewell).await.unwrap_or(Ok(()))
        }
    });
}

struct Connection<'a> {
    shard: &'a Shard,
    client: Client,
    stream: TcpStream,
    input: Input,
    pipeline: Pipeline,
}

impl<'a> Connection<'a> {
    fn new(shard: &'a Shard, client: Client, stream: TcpStream, peer: SocketAddr) -> Self {
        let shards = u64::from(shard.plan.map.shards());
        let id = client.number * shards + u64::from(shard.number) + 1;
        let topics = shard.state.borrow().topics.clone();
        let subscriptions = Subscriptions::new(client.number, client.outbox.clone(), topics);
        let session = Session::new(id, (peer, stream.local_addr()), shard.now_ms(), subscriptions);
        let pipeline = Pipeline::new(shard, session);
        Self { shard, client, stream, input: Input::new(), pipeline }
    }

    /// Receives and answers, until the client ends the connection or the server wants to.
    async fn run(mut self) -> io::Result<()> {
        loop {
            match self.client.next(self.stream.receive()).await {
                Event::Done(received) => {
                    let received = received?;
                    if received.is_empty() {
                        return Ok(());
                    }
                    if self.answer(received).await? == Next::Close {
                        break;
                    }
                }
                Event::Messages => {
                    let messages = self.pipeline.take_batch();
                    self.send(messages).await?;
                }
                Event::Overflow => return Ok(()),
                Event::Closing => break,
            }
        }
        let limit = self.shard.plan.limits.linger;
        timeout(limit, take_leave(&mut self.stream)).await.unwrap_or(Ok(()))
    }

    /// Answers every command that is complete with these bytes, batch by batch.
    ///
    /// Sending waits for the runtime even where the socket has room, so between two batches every
    /// other task of the shard gets its turn.
    async fn answer(&mut self, received: Buffer) -> io::Result<Next> {
        self.input.push(received);
        loop {
            let (consumed, stop) = self.pipeline.run(self.shard, self.input.unread());
            self.input.consume(consumed);
            while !self.pipeline.ask(self.shard).await {
                let replies = self.pipeline.take_replies();
                self.send(replies).await?;
            }
            if let Stop::Barrier(fanout) = stop {
                self.pipeline.scatter(self.shard, fanout);
                continue;
            }
            let replies = self.pipeline.take_batch();
            self.send(replies).await?;
            match stop {
                Stop::Full | Stop::Barrier(_) => {}
                Stop::Starved => {
                    self.input.settle();
                    return Ok(Next::Continue);
                }
                Stop::Close => return Ok(Next::Close),
            }
        }
    }

    /// Sends replies, unless there are none; waits for as long as the client takes to read.
    async fn send(&mut self, replies: Vec<u8>) -> io::Result<()> {
        if replies.is_empty() {
            self.pipeline.reuse(replies);
            return Ok(());
        }
        let sent = self.client.unless_overflowing(self.stream.send(replies)).await;
        let mut buffer = sent.ok_or(io::ErrorKind::TimedOut)??;
        buffer.shrink_to(OUTPUT_BYTES_KEPT_MAX);
        self.pipeline.reuse(buffer);
        Ok(())
    }
}

/// Ends the connection so that the client gets the last reply: a socket that is closed while
/// bytes wait in it to be read resets the connection, and the client may lose what was sent to it.
async fn take_leave(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown(ShutdownSide::Send).await?;
    while !stream.receive().await?.is_empty() {}
    Ok(())
}
