//! Why a request got no answer.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use message_trace_remedy::Remedy;

/// The kind of a failure between the request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportFault {
    /// The host's name has no address.
    Dns,
    /// No connection came about: refused, unreachable, or the socket failed.
    Connect,
    /// The proxy is mis-set, or refused the connection.
    Proxy,
    /// The TLS handshake failed; the certificate is not trusted, not for this host, or out of its time.
    Tls,
    /// A deadline passed: connecting, waiting for the answer, a stalled read, or the whole request.
    Timeout,
    /// The peer closed or reset the connection.
    Reset,
    /// The answer ended before its announced end, or its compression is broken.
    Truncated,
    /// The answer's head or body is larger than the cap.
    TooLarge,
    /// What came back is not HTTP.
    Protocol,
    /// The request holds a secret that is not pinned to its address. A fault of this program; nothing was sent.
    Unpinned,
}

/// A request that got no answer. Holds no part of the request or the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportError {
    fault: TransportFault,
}

impl TransportError {
    /// An error of that kind.
    #[must_use]
    pub const fn new(fault: TransportFault) -> Self {
        Self { fault }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn fault(self) -> TransportFault {
        self.fault
    }

    /// What has to be done. An untrusted certificate and a wrong proxy do not heal by waiting.
    #[must_use]
    pub const fn remedy(self) -> Remedy {
        match self.fault {
            TransportFault::Tls | TransportFault::Proxy => Remedy::Configure,
            TransportFault::Unpinned => Remedy::Report,
            _ => Remedy::Retry,
        }
    }

    /// One word for logs and counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.fault {
            TransportFault::Dns => "dns",
            TransportFault::Connect => "connect",
            TransportFault::Proxy => "proxy",
            TransportFault::Tls => "tls",
            TransportFault::Timeout => "timeout",
            TransportFault::Reset => "reset",
            TransportFault::Truncated => "truncated",
            TransportFault::TooLarge => "too-large",
            TransportFault::Protocol => "protocol",
            TransportFault::Unpinned => "unpinned",
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.fault {
            TransportFault::Dns => "the host's name cannot be resolved; check the name and the network's DNS",
            TransportFault::Connect => "no connection to the host; check that it runs and that a firewall lets it through",
            TransportFault::Proxy => "the proxy refused the connection or is mis-set; check HTTPS_PROXY and NO_PROXY",
            TransportFault::Tls => {
                "the host's certificate is not trusted; if a proxy inspects TLS, name its CA file with ca-file"
            }
            TransportFault::Timeout => "the host did not answer in time",
            TransportFault::Reset => "the connection was closed before the answer",
            TransportFault::Truncated => "the answer ended before its end",
            TransportFault::TooLarge => "the answer is larger than the program accepts",
            TransportFault::Protocol => "the answer is not HTTP; check the URL and what listens there",
            TransportFault::Unpinned => "a secret was about to be sent outside its origin; nothing was sent",
        })
    }
}

impl Error for TransportError {}

impl From<ureq::Error> for TransportError {
    /// Keeps the kind alone: the library's texts may hold the link with its query.
    fn from(error: ureq::Error) -> Self {
        use ureq::Error as E;
        Self::new(match error {
            E::HostNotFound => TransportFault::Dns,
            E::Timeout(_) => TransportFault::Timeout,
            E::InvalidProxyUrl | E::ConnectProxyFailed(_) => TransportFault::Proxy,
            E::ConnectionFailed => TransportFault::Connect,
            E::Tls(_) | E::Rustls(_) | E::TlsRequired | E::Pem(_) => TransportFault::Tls,
            E::BodyExceedsLimit(_) | E::LargeResponseHeader(..) => TransportFault::TooLarge,
            E::Decompress(..) | E::BodyStalled => TransportFault::Truncated,
            E::Io(error) => return Self::from(error),
            _ => TransportFault::Protocol,
        })
    }
}

impl From<io::Error> for TransportError {
    fn from(error: io::Error) -> Self {
        let kind = error.kind();
        if let Some(inner) = error.into_inner() {
            match inner.downcast::<ureq::Error>() {
                Ok(error) => return Self::from(*error),
                Err(inner) if inner.is::<rustls::Error>() => return Self::new(TransportFault::Tls),
                Err(_) => {}
            }
        }
        Self::new(match kind {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => TransportFault::Timeout,
            ErrorKind::UnexpectedEof => TransportFault::Truncated,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                TransportFault::Reset
            }
            ErrorKind::InvalidData | ErrorKind::InvalidInput => TransportFault::Protocol,
            _ => TransportFault::Connect,
        })
    }
}
