//! compio on its ring, a task for each connection.

use super::BUFFER_BYTES;
use compio::BufResult;
use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::TcpStream;
use std::io;
use std::net::TcpListener;

pub(super) fn serve(listener: TcpListener) -> io::Result<()> {
    compio::runtime::Runtime::new()?.block_on(async {
        let listener = compio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            // A client that is gone is nobody's concern.
            compio::runtime::spawn(send_back(stream)).detach();
        }
    })
}

async fn send_back(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    loop {
        buffer.clear();
        let BufResult(read, bytes) = stream.read(buffer).await;
        if read? == 0 {
            return Ok(());
        }
        let BufResult(written, bytes) = stream.write_all(bytes).await;
        written?;
        buffer = bytes;
    }
}
