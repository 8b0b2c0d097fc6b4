//! How a host and a path may be written, so that no two programs read them differently.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Printable ASCII without space, backslash and fragment: what no two parsers read differently.
pub(super) const fn is_link_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'\\' && byte != b'#'
}

/// Splits `host[:port]`; the host comes out in lower case, an IPv6 address in its shortest form. `None` for hosts that
/// resolvers read differently, such as `127.1`, `0x7f000001`, a trailing dot or percent signs.
pub(super) fn host_and_port(authority: &str, secure: bool) -> Option<(String, u16)> {
    let (host, port) = match authority.rfind(']') {
        Some(end) => authority.split_at(end + 1),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().ok().filter(|&port| port != 0)?
        }
        None if port.is_empty() => {
            if secure {
                443
            } else {
                80
            }
        }
        _ => return None,
    };
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some((format!("[{address}]"), port));
    }
    let host = host.to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let is_numeric = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    let is_host = host.len() <= 253
        && host.split('.').all(is_label)
        && (!is_numeric
            || host
                .parse::<Ipv4Addr>()
                .is_ok_and(|address| address.to_string() == host));
    is_host.then_some((host, port))
}

/// Whether a host is an address literal of which this is true.
pub(super) fn is_address(host: &str, v4: impl Fn(Ipv4Addr) -> bool, v6: impl Fn(Ipv6Addr) -> bool) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse().is_ok_and(v6),
        None => host.parse().is_ok_and(v4),
    }
}

/// Whether every server reads a path alike: slashes between non-empty segments, none of which is or decodes to a dot
/// segment or to anything with a slash, a backslash, a percent sign or a control character in it.
pub(super) fn is_plain_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else {
        return path.is_empty();
    };
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if segment.is_empty() && !is_last || !is_plain_segment(segment) {
            return false;
        }
    }
    true
}

fn is_plain_segment(segment: &str) -> bool {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let hex = |byte: Option<u8>| {
            byte.and_then(|b| char::from(b).to_digit(16))
                .and_then(|d| u8::try_from(d).ok())
        };
        let (Some(high), Some(low)) = (hex(bytes.next()), hex(bytes.next())) else {
            return false;
        };
        let byte = high << 4 | low;
        if matches!(byte, b'/' | b'\\' | b'%' | b'?' | b'#') || byte.is_ascii_control() {
            return false;
        }
        decoded.push(byte);
    }
    // Some servers cut parameters off a segment before they resolve dots.
    let name = decoded.split(|&b| b == b';').next().unwrap_or_default();
    !matches!(name.trim_ascii(), b"." | b"..") && std::str::from_utf8(&decoded).is_ok()
}
