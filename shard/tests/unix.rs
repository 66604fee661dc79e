//! Unix sockets: what their operations promise beside those of TCP, and that none leaks.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use greenroom_core::Result;
use greenroom_core::io::net;
use greenroom_core::runtime::{NetDone, NetRequest, SocketId, UnixAddress};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use greenroom_shard::Driver;

use crate::common::{alone, descriptors, driver_turn, on_each_driver, system};

on_each_driver! {
    a_full_backlog_is_told_at_once,
    a_peer_has_the_name_it_took,
    a_shard_answers_a_thread,
    dropped_operations_leak_no_descriptor,
}

/// A directory that is removed when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str, driver: Driver) -> Self {
        let name = format!("greenroom-{}-{test}-{driver}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> UnixAddress {
        UnixAddress::Path(self.0.join(name))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn listen(address: UnixAddress, backlog: u32) -> Result<SocketId> {
    match net(NetRequest::ListenUnix { address, backlog }).await? {
        NetDone::ListeningUnix { listener } => Ok(listener),
        other => Err(format!("{other:?}").into()),
    }
}

async fn accept(listener: SocketId) -> Result<(SocketId, UnixAddress)> {
    match net(NetRequest::Accept { listener }).await? {
        NetDone::AcceptedUnix { stream, peer } => Ok((stream, peer)),
        other => Err(format!("{other:?}").into()),
    }
}

async fn connect(address: UnixAddress) -> std::io::Result<SocketId> {
    match net(NetRequest::ConnectUnix { address }).await? {
        NetDone::ConnectedUnix { stream } => Ok(stream),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

async fn close(socket: SocketId) -> std::io::Result<()> {
    net(NetRequest::Close { socket }).await.map(drop)
}

fn a_full_backlog_is_told_at_once(driver: Driver) {
    let directory = Directory::new("backlog", driver);
    let at = directory.path("socket");
    let full = system(driver, 1).run(async move |_| {
        let listener = listen(at.clone(), 1).await?;
        for _ in 0..100 {
            if let Err(error) = connect(at.clone()).await {
                let waits = accept(listener).await?;
                close(waits.0).await?;
                connect(at).await?;
                return Ok(Some(error.kind()));
            }
        }
        Ok(None)
    });
    assert_eq!(full.unwrap(), Some(ErrorKind::WouldBlock));
}

/// Connects from a socket of that name.
fn client(name: &SocketAddrUnix, to: &Path) -> std::os::fd::OwnedFd {
    let flags = SocketFlags::CLOEXEC;
    let kind = SocketType::STREAM;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, kind, flags, None).unwrap();
    rustix::net::bind(&socket, name).unwrap();
    rustix::net::connect(&socket, &SocketAddrUnix::new(to).unwrap()).unwrap();
    socket
}

fn a_peer_has_the_name_it_took(driver: Driver) {
    let directory = Directory::new("names", driver);
    let (short, at) = (directory.0.join("peer"), directory.0.join("socket"));
    // As long as a path can be, with no room for the zero behind it.
    let mut long = directory.0.join("x").into_os_string();
    long.push("y".repeat(108 - long.len()));
    let secret = directory.0.as_os_str().as_encoded_bytes().to_vec();
    let clients = [
        (SocketAddrUnix::new(&short).unwrap(), UnixAddress::Path(short)),
        (SocketAddrUnix::new_abstract_name(&secret).unwrap(), UnixAddress::Abstract(secret)),
        (SocketAddrUnix::new(long.as_os_str()).unwrap(), UnixAddress::Unnamed),
    ];
    system(driver, 1)
        .run(async move |_| {
            let listener = listen(UnixAddress::Path(at.clone()), 8).await?;
            for (name, told) in clients {
                let socket = client(&name, &at);
                assert_eq!(accept(listener).await?.1, told);
                drop(socket);
            }
            Ok(())
        })
        .unwrap();
}

fn a_shard_answers_a_thread(driver: Driver) {
    let directory = Directory::new("thread", driver);
    let (at, path) = (directory.path("socket"), directory.0.join("socket"));
    let running = system(driver, 2).start().unwrap();
    let serve = async move |_| {
        let listener = listen(at, 8).await?;
        greenroom_core::spawn_local(async move {
            let (stream, _) = accept(listener).await?;
            let received = net(NetRequest::Receive { stream, max: 100 }).await?;
            let NetDone::Received(data) = received else {
                return Err(format!("{received:?}").into());
            };
            net(NetRequest::Send { stream, data: data.to_vec(), start: 0 }).await?;
            Result::Ok(close(stream).await?)
        });
        Ok::<_, greenroom_core::Error>(())
    };
    running.handle().run_on(greenroom_core::ShardId(1), serve).wait().unwrap().unwrap();
    let mut client = UnixStream::connect(path).unwrap();
    client.write_all(b"hello").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello");
}

fn dropped_operations_leak_no_descriptor(driver: Driver) {
    alone(&format!("unix::on_{driver}::dropped_operations_leak_no_descriptor"), || {
        let directory = Directory::new("dropped", driver);
        let at = directory.path("socket");
        let counts = system(driver, 1).run(async move |_| {
            let listener = listen(at.clone(), 64).await?;
            let mut counts = Vec::new();
            for _ in 0..4 {
                for step in 0..400 {
                    abandon(step, listener, &at).await?;
                }
                driver_turn().await;
                driver_turn().await;
                counts.push(descriptors());
            }
            Ok(counts)
        });
        let counts = counts.unwrap();
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    });
}

/// Drops an accept and a connect at some point of their way; what came of it is closed.
async fn abandon(step: usize, listener: SocketId, at: &UnixAddress) -> Result {
    let accepting = net(NetRequest::Accept { listener });
    if step.is_multiple_of(3) {
        driver_turn().await;
    }
    let connecting = net(NetRequest::ConnectUnix { address: at.clone() });
    if step.is_multiple_of(5) {
        driver_turn().await;
    }
    drop((accepting, connecting));
    // Takes what the accept that was given up did not.
    let stream = connect(at.clone()).await?;
    close(accept(listener).await?.0).await?;
    Ok(close(stream).await?)
}
