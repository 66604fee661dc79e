//! Which driver runs a system's shards.

use std::fmt;
use std::str::FromStr;

#[cfg(not(any(feature = "driver-glommio", feature = "driver-uring")))]
compile_error!("a driver is needed: enable the feature `driver-glommio` or `driver-uring`");

/// What runs the shards of a system, and what their I/O stands on. Both keep the same contract;
/// `docs/design/drivers.md` tells how they compare, and why the default is the default.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Driver {
    /// An executor of glommio for each shard: files on its rings, sockets on an epoll set.
    #[cfg(feature = "driver-glommio")]
    Glommio,
    /// One ring of io_uring for each shard, for everything.
    #[cfg(feature = "driver-uring")]
    Uring,
}

impl Driver {
    /// Every driver of this build.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "driver-glommio")]
        Self::Glommio,
        #[cfg(feature = "driver-uring")]
        Self::Uring,
    ];
}

impl Default for Driver {
    /// The ring, where it is built.
    #[cfg(feature = "driver-uring")]
    fn default() -> Self {
        Self::Uring
    }

    /// glommio, which is what is built.
    #[cfg(not(feature = "driver-uring"))]
    fn default() -> Self {
        Self::Glommio
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(feature = "driver-glommio")]
            Self::Glommio => "glommio",
            #[cfg(feature = "driver-uring")]
            Self::Uring => "uring",
        })
    }
}

/// The name of no driver of this build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownDriver(pub String);

impl fmt::Display for UnknownDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is none of the drivers", self.0)?;
        Driver::ALL.iter().try_for_each(|driver| write!(f, " `{driver}`"))
    }
}

impl std::error::Error for UnknownDriver {}

impl FromStr for Driver {
    type Err = UnknownDriver;

    fn from_str(name: &str) -> Result<Self, UnknownDriver> {
        let named = Self::ALL.iter().find(|driver| driver.to_string() == name);
        named.copied().ok_or_else(|| UnknownDriver(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_is_known_by_its_name() {
        for driver in Driver::ALL {
            assert_eq!(driver.to_string().parse(), Ok(*driver));
        }
        assert!(Driver::ALL.contains(&Driver::default()));
        let unknown = "epoll".parse::<Driver>().unwrap_err().to_string();
        assert!(unknown.starts_with("\"epoll\" is none of the drivers `"), "{unknown}");
    }
}
