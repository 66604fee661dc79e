//! TLS in the simulator: a library that nobody told of simulators, over a simulated network.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use greenroom::net::{TcpListener, TcpStream};
use greenroom::{ShardId, System};
use greenroom_testkit::{Campaign, Faults, TestRuntime};
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig};

/// The shard's wall clock.
#[derive(Debug)]
struct ShardClock;

impl TimeProvider for ShardClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(System::current()?.wall().0))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Keys and certificates, made anew.
struct Identity {
    root: CertificateDer<'static>,
    server: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    fn new() -> Self {
        let valid = |mut params: CertificateParams| {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2100, 1, 1);
            params
        };
        let mut root = valid(CertificateParams::default());
        root.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = CertificateParams::new(["server.test".to_owned()]).unwrap();
        let server = valid(names).signed_by(&key, &root).unwrap();
        Self { root: root.der().clone(), server: server.into(), key: key.serialize_der().into() }
    }
}

/// One side of a connection. The library takes bytes and gives bytes; the stream carries them.
struct Secured {
    tls: Connection,
    stream: TcpStream,
}

impl Secured {
    fn server(stream: TcpStream, identity: &Identity) -> Self {
        let config = ServerConfig::builder_with_details(provider(), Arc::new(ShardClock))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.server.clone()], identity.key.clone_key().into());
        let tls = rustls::ServerConnection::new(Arc::new(config.unwrap())).unwrap();
        Self { tls: tls.into(), stream }
    }

    fn client(stream: TcpStream, root: CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(root).unwrap();
        let config = ClientConfig::builder_with_details(provider(), Arc::new(ShardClock))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "server.test".try_into().unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        Self { tls: tls.into(), stream }
    }

    async fn send(&mut self, plain: &[u8]) -> io::Result<()> {
        self.tls.writer().write_all(plain)?;
        self.flush().await
    }

    async fn flush(&mut self) -> io::Result<()> {
        let mut sealed = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut sealed)?;
        }
        if !sealed.is_empty() {
            self.stream.send(sealed).await?;
        }
        Ok(())
    }

    /// What comes next, at least a byte.
    async fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        while plain.is_empty() {
            self.flush().await?;
            let sealed = self.stream.receive().await?;
            if sealed.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut rest = &sealed[..];
            while !rest.is_empty() {
                self.tls.read_tls(&mut rest)?;
                let opened = self.tls.process_new_packets().map_err(io::Error::other);
                // What the other side is to be told of an error goes first.
                if opened.is_err() {
                    self.flush().await?;
                }
                let start = plain.len();
                plain.resize(start + opened?.plaintext_bytes_to_read(), 0);
                self.tls.reader().read_exact(&mut plain[start..])?;
            }
        }
        Ok(plain)
    }
}

const QUESTION: &[u8] = b"how many keys does a lock have?";

/// A server on shard 0 that answers one question, and a client on shard 1 that trusts its root or
/// another.
async fn converse(system: System, trusted: bool) -> io::Result<Vec<u8>> {
    let identity = Identity::new();
    let root = if trusted { identity.root.clone() } else { Identity::new().root };
    let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address: SocketAddr = listener.local_addr();
    let client = system.handle().run_on(ShardId(1), async move |_| {
        let mut client = Secured::client(TcpStream::connect(address).await?, root);
        client.send(QUESTION).await?;
        let mut answer = Vec::new();
        while answer.len() < QUESTION.len() {
            answer.extend(client.receive().await?);
        }
        Ok(answer)
    });
    let mut server = Secured::server(listener.accept().await?.0, &identity);
    let mut heard = Vec::new();
    while heard.len() < QUESTION.len() {
        match server.receive().await {
            Ok(more) => heard.extend(more),
            // The client tells why.
            Err(_) => return client.await.expect("its shard is there"),
        }
    }
    heard.reverse();
    server.send(&heard).await?;
    client.await.expect("its shard is there")
}

#[test]
fn sim_secured_connections_are_runs_of_their_seed() {
    let faults = Faults::none().shard_stall_probability(0.02);
    let campaign = Campaign::new("tls::sim_secured_connections_are_runs_of_their_seed");
    // Every seed twice: a byte that is not the seed's shows in the hash.
    campaign
        .seeds(30)
        .repeat_every(1)
        .runtime(move |builder, _| builder.shards(2).faults(faults).seeded_randomness(true))
        .run(|sim| {
            let answer = sim.run(async |system| converse(system, true).await).unwrap();
            assert!(answer.iter().eq(QUESTION.iter().rev()));
        });
}

#[test]
fn sim_a_server_that_nobody_vouches_for_is_refused() {
    let mut sim = TestRuntime::builder().shards(2).seed(4).seeded_randomness(true).build();
    let refused = sim.run(async |system| converse(system, false).await).unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[test]
#[cfg(target_os = "linux")]
fn sim_randomness_that_is_not_let_through_is_found() {
    let found = std::panic::catch_unwind(|| {
        TestRuntime::new_with_seed(4).run(async |system| converse(system, true).await)
    });
    let said = found.expect_err("the guard barks");
    let said = said.downcast_ref::<String>().expect("a message");
    assert!(said.starts_with("operating system's randomness drawn inside a turn"), "{said}");
}
