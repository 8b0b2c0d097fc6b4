//! Beside the standard library, which reads and writes the same addresses.

use std::net::IpAddr;

use proptest::prelude::*;

use super::{Ip, is_dotted_decimal_by_table, octets};
use crate::lanes::Span;

fn ours(text: &str) -> Option<String> {
    let alone = Ip::parse(Span::alone(text.as_bytes()));
    // Among other text it reads the same.
    let among = format!("{text}1.2.3.4, and more");
    let among = Ip::parse(Span::new(among.as_bytes(), 0..text.len()));
    assert_eq!(alone, among);
    alone.map(|ip| String::from_utf8_lossy(ip.span().bytes()).into_owned())
}

/// The standard library's reading, an address that was mapped written as IPv4.
fn theirs(text: &str) -> Option<String> {
    text.parse::<IpAddr>().ok().map(|ip| match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        // The standard library writes the deprecated IPv4-compatible form in groups as well.
        IpAddr::V6(ip) => ip.to_string(),
    })
}

#[test]
fn reads_what_mail_servers_write() {
    for (text, ip) in [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%12]", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("::", "::"),
        ("2001:db8::", "2001:db8::"),
    ] {
        assert_eq!(ours(text).as_deref(), Some(ip), "{text}");
    }
}

#[test]
fn refuses_what_is_none() {
    for text in [
        "",
        "localhost",
        "192.0.2.256",
        "192.0.2.01",
        "192.0.2",
        "192.0.2.1.",
        "192.0.2.1:25",
        "[192.0.2.1]",
        "192.0.2.1%eth0",
        "1::2::3",
        ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8",
        "[::1",
        "::1%",
        "[::1]:25",
        "12345::",
        " 192.0.2.1",
    ] {
        assert_eq!(ours(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn agrees_with_the_standard_library(text in "[0-9a-fA-F:.]{0,40}") {
        prop_assert_eq!(ours(&text), theirs(&text));
    }

    #[test]
    fn the_table_agrees_with_the_numbers(text in "([0-9]{1,4}|[12][0-9]{2}|25[0-9]|[0.x:])(\\.([0-9]{1,4}|[12][0-9]{2}|25[0-9]|)){2,4}[.a]?") {
        prop_assert_eq!(is_dotted_decimal_by_table(text.as_bytes()), octets(text.as_bytes()).is_some());
    }

    #[test]
    fn agrees_on_every_v6(groups in proptest::array::uniform8(prop_oneof![Just(0_u16), any::<u16>()])) {
        let text = std::net::Ipv6Addr::from(groups).to_string();
        prop_assert_eq!(ours(&text), theirs(&text));
    }

    #[test]
    fn agrees_on_every_v4(octets in any::<[u8; 4]>()) {
        let text = std::net::Ipv4Addr::from(octets).to_string();
        prop_assert_eq!(ours(&text), theirs(&text));
    }
}
