//! IP addresses, by the standard library.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The canonical form: RFC 5952, IPv4-mapped as IPv4. Square brackets and a zone id are for IPv6 only.
pub(crate) fn canonical(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(address.to_string());
    }
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let inner = match inner.split_once('%') {
        Some((_, "")) => return None,
        Some((address, _zone)) => address,
        None => inner,
    };
    let address: Ipv6Addr = inner.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical().to_string())
}
