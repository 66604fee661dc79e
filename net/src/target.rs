//! Where a connection goes.

use std::io;
use std::net::{IpAddr, SocketAddr};

use greenroom_core::io::resolve;

/// An address, or a host name and a port that are looked up when they are used.
///
/// Made from a [`SocketAddr`], an address and port, a host and port, or text such as
/// `"127.0.0.1:80"`, `"[::1]:80"` and `"host.example:80"`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target(Kind);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    Address(SocketAddr),
    Host(String, u16),
    /// Text that is neither; an error once somebody connects to it.
    Malformed(String),
}

impl Target {
    /// The addresses to try, in order; at least one.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for text that names no target; what the name service says.
    pub(crate) async fn addresses(self) -> io::Result<Vec<SocketAddr>> {
        match self.0 {
            Kind::Address(address) => Ok(vec![address]),
            Kind::Host(host, port) => resolve(&host, port).await,
            Kind::Malformed(text) => {
                let message = format!("{text:?} is neither an address nor host:port");
                Err(io::Error::new(io::ErrorKind::InvalidInput, message))
            }
        }
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Self(Kind::Address(address))
    }
}

impl<I: Into<IpAddr>> From<(I, u16)> for Target {
    fn from((address, port): (I, u16)) -> Self {
        Self(Kind::Address((address, port).into()))
    }
}

impl From<&str> for Target {
    fn from(text: &str) -> Self {
        if let Ok(address) = text.parse() {
            return Self(Kind::Address(address));
        }
        let host_and_port = text.rsplit_once(':').and_then(|(host, port)| {
            // A colon left in the host is an IPv6 address without brackets: ambiguous.
            let sound = !host.is_empty() && !host.contains([':', '[', ']', '/']);
            sound.then_some(host).zip(port.parse().ok())
        });
        Self(match host_and_port {
            Some((host, port)) => Kind::Host(host.to_owned(), port),
            None => Kind::Malformed(text.to_owned()),
        })
    }
}

impl From<&String> for Target {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for Target {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_an_address_or_a_host() {
        let v4: SocketAddr = ([127, 0, 0, 1], 80).into();
        assert_eq!(Target::from("127.0.0.1:80"), v4.into());
        assert_eq!(Target::from(([127, 0, 0, 1], 80)), v4.into());
        let v6: SocketAddr = "[::1]:80".parse().unwrap();
        assert_eq!(Target::from("[::1]:80"), v6.into());
        let host = Target(Kind::Host("host.example".into(), 6379));
        assert_eq!(Target::from("host.example:6379"), host);
    }

    #[test]
    fn text_that_names_nothing_is_kept_for_the_error() {
        for text in ["", "host", ":80", "host:", "host:65536", "::1:80", "http://host:80"] {
            assert!(matches!(Target::from(text).0, Kind::Malformed(_)), "{text:?}");
        }
    }
}
