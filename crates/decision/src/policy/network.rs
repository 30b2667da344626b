//! Networks in CIDR form, IPv4 and IPv6.

use super::hours::excerpt;
use alloc::string::String;
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;
use ipnet::{IpNet, Ipv4Net};

/// One network, or one address. IPv4 inside IPv6 (`::ffff:10.0.0.1`) is IPv4, in networks and in the
/// addresses compared with them; apart from that `::/0` holds no IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

/// Why a text is no network. The fault is the text's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Neither an address nor address/length.
    #[error("{0:?} is no network: write 10.0.0.0/8, 2001:db8::/32 or one address")]
    Form(String),
    /// The address has bits beyond the network's length.
    #[error("{text:?} has bits beyond its length: the network is {meant}")]
    HostBits {
        /// What was written.
        text: String,
        /// What was probably meant.
        meant: Network,
    },
}

impl Network {
    /// Whether an address belongs to the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let net = match text.parse::<IpNet>() {
            Ok(net) => unmapped(net),
            Err(_) => match text.parse::<IpAddr>() {
                Ok(address) => IpNet::from(address.to_canonical()),
                Err(_) => return Err(NetworkError::Form(excerpt(text))),
            },
        };
        if net.trunc() != net {
            return Err(NetworkError::HostBits { text: excerpt(text), meant: Self(net.trunc()) });
        }
        Ok(Self(net))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

fn unmapped(net: IpNet) -> IpNet {
    let (IpNet::V6(v6), IpAddr::V4(v4)) = (net, net.addr().to_canonical()) else {
        return net;
    };
    // ::ffff:0:0/96 is where IPv4 begins; a shorter length is an IPv6 network.
    v6.prefix_len().checked_sub(96).and_then(|len| Ipv4Net::new(v4, len).ok()).map_or(net, IpNet::V4)
}
