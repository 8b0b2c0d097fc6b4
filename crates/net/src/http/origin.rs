//! Where a request may go.

use std::error::Error;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

use super::link::Link;
use super::spelling::{host_and_port, is_address, is_link_byte, is_plain_path};

/// The longest link that is read, in bytes.
pub const MAX_LINK_BYTES: usize = 16_384;

/// A scheme, host, port and path prefix. Links outside it are errors, not requests.
///
/// `https`, or `http` to this machine alone (`localhost`, `127.0.0.0/8`, `[::1]`): over anything else a token could be
/// read on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    secure: bool,
    host: String,
    port: u16,
    /// Without its last slash; empty for the root.
    prefix: String,
    /// Never through a proxy.
    direct: bool,
}

/// Why a text is no origin. Says what to change, and shows no part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginError {
    /// Not `https://host[:port][/path]`.
    Malformed,
    /// `http` to another machine.
    PlainHttp,
    /// A name or password before the host.
    UserInfo,
    /// A query or fragment.
    Query,
}

/// Why a link is not followed. Shows no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// Longer than [`MAX_LINK_BYTES`].
    TooLong,
    /// A space, a control character, a backslash, a fragment or anything beyond ASCII.
    Characters,
    /// Another scheme, or none.
    Scheme,
    /// A name or password before the host.
    UserInfo,
    /// Another host.
    Host,
    /// Another port.
    Port,
    /// Outside the path prefix, or written so that a server may read it as outside.
    Path,
}

impl Origin {
    /// Reads `https://host[:port][/path]`, or the same with `http` on this machine.
    ///
    /// # Errors
    ///
    /// What has to be changed about the text.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        Self::read(text, |host| {
            host == "localhost" || is_address(host, |ip| ip.is_loopback(), |ip| ip.is_loopback())
        })
    }

    /// Reads the address of a managed identity's endpoint: also `http` to an address literal that is link-local or
    /// private, where Azure's hosts put it. Requests to it never take a proxy.
    ///
    /// # Errors
    ///
    /// What has to be changed about the text.
    pub fn parse_local(text: &str) -> Result<Self, OriginError> {
        let is_near = |ip: Ipv4Addr| ip.is_loopback() || ip.is_link_local() || ip.is_private();
        let is_near_v6 =
            |ip: Ipv6Addr| ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unique_local();
        let origin = Self::read(text, |host| {
            host == "localhost" || is_address(host, is_near, is_near_v6)
        })?;
        Ok(Self {
            direct: true,
            ..origin
        })
    }

    fn read(text: &str, is_plain_allowed: impl Fn(&str) -> bool) -> Result<Self, OriginError> {
        if text.len() > MAX_LINK_BYTES || !text.bytes().all(is_link_byte) {
            return Err(OriginError::Malformed);
        }
        let (scheme, rest) = text.split_once("://").ok_or(OriginError::Malformed)?;
        let secure = match scheme {
            s if s.eq_ignore_ascii_case("https") => true,
            s if s.eq_ignore_ascii_case("http") => false,
            _ => return Err(OriginError::Malformed),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(OriginError::UserInfo);
        }
        if path.contains('?') {
            return Err(OriginError::Query);
        }
        let (host, port) = host_and_port(authority, secure).ok_or(OriginError::Malformed)?;
        if !secure && !is_plain_allowed(&host) {
            return Err(OriginError::PlainHttp);
        }
        let prefix = path.trim_end_matches('/');
        if !is_plain_path(path) || !is_plain_path(prefix) {
            return Err(OriginError::Malformed);
        }
        let direct = !secure;
        Ok(Self {
            secure,
            host,
            port,
            prefix: prefix.to_owned(),
            direct,
        })
    }

    /// The same origin, narrowed to a path below this one's, such as `/v1.0/admin/exchange/tracing`.
    ///
    /// # Errors
    ///
    /// [`LinkError::Path`] if the path does not start with a slash or could be read as leaving the prefix.
    pub fn under(&self, path: &str) -> Result<Self, LinkError> {
        let path = path.trim_end_matches('/');
        if path.is_empty() || path.contains('?') || !path.bytes().all(is_link_byte) || !is_plain_path(path) {
            return Err(LinkError::Path);
        }
        Ok(Self {
            prefix: format!("{}{path}", self.prefix),
            ..self.clone()
        })
    }

    /// The address of a path and query below this origin, such as `/messageTraces?$top=5000`. An empty text is the
    /// prefix itself.
    ///
    /// # Errors
    ///
    /// [`LinkError`] if the text does not start with a slash or a question mark, or fails the rules of
    /// [`Origin::admit`].
    pub fn link(&self, path_and_query: &str) -> Result<Link, LinkError> {
        if !path_and_query.is_empty() && !path_and_query.starts_with(['/', '?']) {
            return Err(LinkError::Path);
        }
        self.local(&format!("{}{path_and_query}", self.prefix))
    }

    /// Takes an absolute link that somebody else wrote, such as a next link, if it stays inside this origin.
    ///
    /// The address is put together from this origin's own scheme, host and port and the link's path and query.
    ///
    /// # Errors
    ///
    /// The rule it broke. Such a link is not to be followed.
    pub fn admit(&self, link: &str) -> Result<Link, LinkError> {
        if link.len() > MAX_LINK_BYTES {
            return Err(LinkError::TooLong);
        }
        if !link.bytes().all(is_link_byte) {
            return Err(LinkError::Characters);
        }
        let scheme = if self.secure { "https://" } else { "http://" };
        let rest = link
            .get(..scheme.len())
            .filter(|start| start.eq_ignore_ascii_case(scheme))
            .and_then(|_| link.get(scheme.len()..))
            .ok_or(LinkError::Scheme)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(LinkError::UserInfo);
        }
        let (host, port) = host_and_port(authority, self.secure).ok_or(LinkError::Host)?;
        if host != self.host {
            return Err(LinkError::Host);
        }
        if port != self.port {
            return Err(LinkError::Port);
        }
        self.local(path)
    }

    /// The link of a path and query on this host, if it is below the prefix.
    fn local(&self, path_and_query: &str) -> Result<Link, LinkError> {
        if path_and_query.len() > MAX_LINK_BYTES {
            return Err(LinkError::TooLong);
        }
        if !path_and_query.bytes().all(is_link_byte) {
            return Err(LinkError::Characters);
        }
        let path = path_and_query
            .split_once('?')
            .map_or(path_and_query, |(path, _)| path);
        let below = path.strip_prefix(self.prefix.as_str()).ok_or(LinkError::Path)?;
        if !(below.is_empty() || below.starts_with('/')) || !is_plain_path(path) {
            return Err(LinkError::Path);
        }
        let root = if path.is_empty() { "/" } else { "" };
        let uri =
            Uri::try_from(format!("{self}{root}{path_and_query}")).map_err(|_| LinkError::Characters)?;
        Ok(Link::new(uri, self.direct))
    }

    /// The scheme, host and port, without the prefix: what may be shown and logged.
    #[must_use]
    pub fn name(&self) -> String {
        self.to_string()
    }

    /// The path prefix, without its last slash; empty for the root.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for Origin {
    /// Scheme, host and port; the port only where it is not the scheme's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default) = if self.secure { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == default {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "expected https://HOST[:PORT][/PATH]",
            Self::PlainHttp => "http is for this machine only (localhost, 127.0.0.1, [::1]); use https",
            Self::UserInfo => "a URL holds no name or password; leave out what stands before the @",
            Self::Query => "expected no query; leave out what follows the question mark",
        })
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the link is longer than 16384 bytes",
            Self::Characters => "the link holds characters that no URL has",
            Self::Scheme => "the link has another scheme",
            Self::UserInfo => "the link holds a name or password",
            Self::Host => "the link leads to another host",
            Self::Port => "the link leads to another port",
            Self::Path => "the link leads out of the pinned path",
        })
    }
}

impl Error for OriginError {}
impl Error for LinkError {}
