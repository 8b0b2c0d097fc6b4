//! Where a stream is: `nats://HOST[:PORT][,HOST…]/NAME`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

const SCHEME: &str = "nats";
/// Where none is given.
const PORT: u16 = 4222;

/// A stream or subject at a service. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    servers: Vec<(String, u16)>,
    name: String,
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// It does not begin with the scheme.
    Scheme,
    /// A host or a port is none.
    Server,
    /// It holds a user or a password: those come from the environment or a private file.
    Secret,
    /// It names no stream or subject, or one with characters that none has.
    Name,
}

impl Address {
    /// The stream or subject.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The servers, `HOST:PORT` each, separated by commas.
    #[must_use]
    pub fn servers(&self) -> String {
        let servers: Vec<String> = self
            .servers
            .iter()
            .map(|(host, port)| format!("{host}:{port}"))
            .collect();
        servers.join(",")
    }

    /// Whether all servers are on this machine. Elsewhere the connection is encrypted.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.servers.iter().all(|(host, _)| {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        if scheme != SCHEME {
            return Err(AddressError::Scheme);
        }
        let (servers, name) = rest.split_once('/').ok_or(AddressError::Name)?;
        if servers.contains('@') {
            return Err(AddressError::Secret);
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty() || name.len() > 249 || !name.chars().all(is_name) {
            return Err(AddressError::Name);
        }
        let servers = servers
            .split(',')
            .map(server)
            .collect::<Option<Vec<_>>>()
            .ok_or(AddressError::Server)?;
        Ok(Self {
            servers,
            name: name.to_owned(),
        })
    }
}

/// A host with its port; an IPv6 address stands in brackets.
fn server(text: &str) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (text, PORT),
    };
    let is_v6 = host.starts_with('[') && host.ends_with(']');
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let is_host = if is_v6 {
        inner.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    (is_host && port != 0).then(|| (host.to_owned(), port))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}://{}/{}", self.servers(), self.name)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme | Self::Server => "expected nats://HOST/NAME",
            Self::Secret => {
                "expected an address without a user; a user and a password come from the environment or a private file"
            }
            Self::Name => {
                "expected a stream or subject after the host, of letters, digits, dots, hyphens and underscores"
            }
        })
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::{Address, AddressError};

    #[test]
    fn addresses_name_servers_and_stream() {
        let address: Address = "nats://127.0.0.1/events.m365".parse().unwrap();
        assert_eq!(address.name(), "events.m365");
        assert_eq!(address.servers(), "127.0.0.1:4222");
        assert!(address.is_loopback());
        let address: Address = "nats://a.example:4333,[::1]/rows".parse().unwrap();
        assert_eq!(address.servers(), "a.example:4333,[::1]:4222");
        assert!(!address.is_loopback());
        assert_eq!(address.to_string(), "nats://a.example:4333,[::1]:4222/rows");
        for loopback in ["nats://[::1]:1/x", "nats://localhost/x", "nats://127.9.9.9:1/x"] {
            assert!(loopback.parse::<Address>().unwrap().is_loopback());
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        for (text, error) in [
            ("http://a/b", AddressError::Scheme),
            ("rows", AddressError::Scheme),
            ("nats://host", AddressError::Name),
            ("nats://host/", AddressError::Name),
            ("nats://host/a b", AddressError::Name),
            ("nats://host/a>", AddressError::Name),
            ("nats://user:secret@host/a", AddressError::Secret),
            ("nats:///a", AddressError::Server),
            ("nats://h:0/a", AddressError::Server),
            ("nats://h:99999/a", AddressError::Server),
            ("nats://::1/a", AddressError::Server),
        ] {
            assert_eq!(text.parse::<Address>(), Err(error), "{text}");
        }
    }
}
