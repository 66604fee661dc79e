//! The server of `shard/examples/pong.rs`, on glommio alone: one task per connection.

use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};

macro_rules! pong {
    ($name:ident, $glommio:ident) => {
        pub fn $name(port: u16) {
            use $glommio::net::{TcpListener, TcpStream};
            use $glommio::{LocalExecutorBuilder, Placement, spawn_local};

            async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
                let (mut buffer, mut answer, mut left) = (vec![0; 16 * 1024], Vec::new(), 0);
                loop {
                    let read = stream.read(&mut buffer).await?;
                    if read == 0 {
                        return Ok(());
                    }
                    left += read;
                    answer.clear();
                    answer.extend(b"+PONG\r\n".iter().copied().cycle().take(left / 14 * 7));
                    left %= 14;
                    stream.write_all(&answer).await?;
                }
            }

            let executor = LocalExecutorBuilder::new(Placement::Fixed(0))
                .preempt_timer(Duration::from_millis(1))
                .make()
                .expect("an executor");
            executor.run(async move {
                let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
                loop {
                    let stream = listener.accept().await.expect("a connection");
                    stream.set_nodelay(true).expect("a TCP socket");
                    drop(spawn_local(serve(stream)).detach());
                }
            });
        }
    };
}

pong!(released, glommio);
pong!(ng, glommio_ng);
