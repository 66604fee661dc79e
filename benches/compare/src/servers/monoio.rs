//! monoio on its ring, a task for each connection.

use super::BUFFER_BYTES;
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;
use std::io;
use std::net::TcpListener;

pub(super) fn serve(listener: TcpListener) -> io::Result<()> {
    let mut runtime = monoio::RuntimeBuilder::<monoio::IoUringDriver>::new().build()?;
    runtime.block_on(async {
        let listener = monoio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            // A client that is gone is nobody's concern.
            drop(monoio::spawn(send_back(stream)));
        }
    })
}

async fn send_back(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    loop {
        buffer.clear();
        let (read, bytes) = stream.read(buffer).await;
        if read? == 0 {
            return Ok(());
        }
        let (written, bytes) = stream.write_all(bytes).await;
        written?;
        buffer = bytes;
    }
}
