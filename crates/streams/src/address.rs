//! Where a stream is: `nats://HOST[:PORT][,HOST…]/NAME`, or the same with `kafka://`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// What kind of service an address is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// NATS `JetStream`: `nats://HOST/STREAM`, `nats://HOST/SUBJECT`; port 4222.
    Nats,
    /// Kafka, and what speaks its protocol: `kafka://HOST/TOPIC`; port 9092.
    Kafka,
}

impl Service {
    const ALL: [Self; 2] = [Self::Nats, Self::Kafka];

    const fn scheme(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Kafka => "kafka",
        }
    }

    /// The port where an address names none.
    const fn port(self) -> u16 {
        match self {
            Self::Nats => 4222,
            Self::Kafka => 9092,
        }
    }
}

/// A stream, subject or topic at a service. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    service: Service,
    servers: Vec<(String, u16)>,
    name: String,
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// It does not begin with a scheme that there is.
    Scheme,
    /// A host or a port is none.
    Server,
    /// It holds a user or a password: those come from the environment or a private file.
    Secret,
    /// It names no stream, subject or topic, or one with characters that none has.
    Name,
}

impl Address {
    /// The kind of service.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// The stream, subject or topic.
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
        let service = Service::ALL
            .into_iter()
            .find(|service| service.scheme() == scheme)
            .ok_or(AddressError::Scheme)?;
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
            .map(|text| server(text, service.port()))
            .collect::<Option<Vec<_>>>()
            .ok_or(AddressError::Server)?;
        Ok(Self {
            service,
            servers,
            name: name.to_owned(),
        })
    }
}

/// A host with its port; an IPv6 address stands in brackets.
fn server(text: &str, default_port: u16) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (text, default_port),
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
        write!(f, "{}://{}/{}", self.service.scheme(), self.servers(), self.name)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme | Self::Server => "expected nats://HOST/NAME or kafka://HOST/NAME",
            Self::Secret => {
                "expected an address without a user; a user and a password come from the environment or a private file"
            }
            Self::Name => {
                "expected a stream, subject or topic after the host, of letters, digits, dots, hyphens and underscores"
            }
        })
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::{Address, AddressError, Service};

    #[test]
    fn addresses_name_servers_and_stream() {
        let address: Address = "nats://127.0.0.1/events.m365".parse().unwrap();
        assert_eq!(address.name(), "events.m365");
        assert_eq!(address.servers(), "127.0.0.1:4222");
        assert!(address.is_loopback());
        let address: Address = "nats://a.example:4333,[::1]/rows".parse().unwrap();
        assert_eq!(address.servers(), "a.example:4333,[::1]:4222");
        assert!(!address.is_loopback());
        assert_eq!(address.service(), Service::Nats);
        assert_eq!(address.to_string(), "nats://a.example:4333,[::1]:4222/rows");
        let address: Address = "kafka://a.example,b.example:9093/events".parse().unwrap();
        assert_eq!(address.service(), Service::Kafka);
        assert_eq!(address.servers(), "a.example:9092,b.example:9093");
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
