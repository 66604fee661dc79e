//! One client.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use greenroom::net::{Buffer, ShutdownSide, TcpStream};
use greenroom::timeout;

use super::clients::Client;
use super::input::Input;
use super::pipeline::{Pipeline, Stop, refuse};
use super::shard::Shard;
use crate::session::{Next, Session};

/// Memory for replies that a connection keeps between two batches.
const OUTPUT_BYTES_KEPT_MAX: usize = 64 * 1024;

/// Serves one client until either side has had enough. Errors are the client's: it is gone.
pub(super) async fn serve(shard: Rc<Shard>, mut stream: TcpStream, peer: SocketAddr) {
    // What fails here fails because the client is gone, and there is nobody to tell.
    drop(match shard.clients.admit() {
        Some(client) => Connection::new(&shard, client, stream, peer).run().await,
        None => {
            let mut out = Vec::new();
            refuse(&mut out);
            let farewell = async {
                stream.send(out).await?;
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
        let session = Session::new(id, peer, stream.local_addr(), shard.now_ms());
        let pipeline = Pipeline::new(shard, session);
        Self { shard, client, stream, input: Input::new(), pipeline }
    }

    /// Receives and answers, until the client ends the connection or the server wants to.
    async fn run(mut self) -> io::Result<()> {
        while let Some(received) = self.client.unless_closing(self.stream.receive()).await {
            let received = received?;
            if received.is_empty() {
                return Ok(());
            }
            if self.answer(received).await? == Next::Close {
                break;
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
        let Self { shard, stream, input, pipeline, .. } = self;
        input.push(received);
        loop {
            let (consumed, stop) = pipeline.run(shard, input.unread());
            input.consume(consumed);
            pipeline.ask(shard).await;
            if let Stop::Barrier(fanout) = stop {
                pipeline.scatter(shard, fanout);
                continue;
            }
            let replies = pipeline.take_batch();
            if !replies.is_empty() {
                let mut buffer = stream.send(replies).await?;
                buffer.shrink_to(OUTPUT_BYTES_KEPT_MAX);
                pipeline.reuse(buffer);
            }
            match stop {
                Stop::Full | Stop::Barrier(_) => {}
                Stop::Starved => {
                    input.settle();
                    return Ok(Next::Continue);
                }
                Stop::Close => return Ok(Next::Close),
            }
        }
    }
}

/// Ends the connection so that the client gets the last reply: a socket that is closed while
/// bytes wait in it to be read resets the connection, and the client may lose what was sent to it.
async fn take_leave(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown(ShutdownSide::Send).await?;
    while !stream.receive().await?.is_empty() {}
    Ok(())
}
