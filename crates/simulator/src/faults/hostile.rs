//! Next links that lead a bearer token astray, for tests that none of them is followed.

/// A next link nobody may follow with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hostile {
    /// What is wrong with it, with words joined by hyphens; unique.
    pub name: String,
    /// The link as it would stand in `@odata.nextLink`.
    pub url: String,
}

const PATH: &str = "/v1.0/admin/exchange/tracing/messageTraces?$skiptoken=x";

/// Hosts an attacker may own; every one is a documentation name or address.
const FOREIGN: [(&str, &str); 14] = [
    ("name", "attacker.example"),
    ("other-name", "collector.test"),
    ("ipv4", "192.0.2.66"),
    ("ipv4-decimal", "3221226050"),
    ("ipv4-hex", "0xC0000242"),
    ("ipv4-octal", "0300.0.02.0102"),
    ("ipv6", "[2001:db8::66]"),
    ("ipv6-mapped", "[::ffff:192.0.2.66]"),
    ("punycode", "xn--ttacker-4ya.example"),
    ("trailing-dot", "attacker.example."),
    ("upper-case", "ATTACKER.EXAMPLE"),
    ("full-width", "ａｔｔａｃｋｅｒ.example"),
    ("percent", "%61ttacker.example"),
    ("link-local", "169.254.169.254"),
];

/// Every hostile next link for a service at an origin (`https://graph.microsoft.com`, or `http://127.0.0.1:8080`):
/// more than 200, no two alike, none of them within the origin and the path of the trace API.
#[must_use]
pub fn next_links(origin: &str) -> Vec<Hostile> {
    let origin = origin.trim_end_matches('/');
    let (scheme, authority) = origin.split_once("://").unwrap_or(("https", origin));
    let host = host_of(authority);
    let mut links = Vec::new();
    let mut add = |name: String, url: String| links.push(Hostile { name, url });
    for (kind, foreign) in FOREIGN {
        for (how, url) in [
            ("host", format!("{scheme}://{foreign}{PATH}")),
            ("no-scheme", format!("//{foreign}{PATH}")),
            ("userinfo", format!("{scheme}://{authority}@{foreign}{PATH}")),
            (
                "userinfo-password",
                format!("{scheme}://{host}:443@{foreign}{PATH}"),
            ),
            (
                "userinfo-encoded",
                format!("{scheme}://{host}%2F@{foreign}{PATH}"),
            ),
            (
                "backslash-at",
                format!("{scheme}://{foreign}\\@{authority}{PATH}"),
            ),
            (
                "at-backslash",
                format!("{scheme}://{authority}\\@{foreign}{PATH}"),
            ),
            ("backslashes", format!("{scheme}:\\\\{foreign}{PATH}")),
            ("three-slashes", format!("{scheme}:///{foreign}{PATH}")),
            ("one-slash", format!("{scheme}:/{foreign}{PATH}")),
            ("no-slash", format!("{scheme}:{foreign}{PATH}")),
            ("hash-at", format!("{scheme}://{foreign}#@{authority}{PATH}")),
            ("question-at", format!("{scheme}://{foreign}?@{authority}{PATH}")),
            ("port", format!("{scheme}://{foreign}:8443{PATH}")),
        ] {
            add(format!("{how}-{kind}"), url);
        }
    }
    near_misses(origin, &mut links);
    links
}

/// Links that differ from a good one in something small.
#[expect(clippy::too_many_lines, reason = "a table")]
fn near_misses(origin: &str, links: &mut Vec<Hostile>) {
    let (scheme, authority) = origin.split_once("://").unwrap_or(("https", origin));
    let host = host_of(authority);
    let mut add = |name: String, url: String| links.push(Hostile { name, url });
    for (how, url) in [
        (
            "sub-domain-of-attacker",
            format!("{scheme}://{host}.attacker.example{PATH}"),
        ),
        (
            "prefix-of-attacker",
            format!("{scheme}://{host}attacker.example{PATH}"),
        ),
        (
            "hyphen-of-attacker",
            format!("{scheme}://{host}-attacker.example{PATH}"),
        ),
        ("sub-domain-of-host", format!("{scheme}://evil.{authority}{PATH}")),
        ("trailing-dot-of-host", format!("{scheme}://{host}.{PATH}")),
        ("other-port", format!("{scheme}://{host}:8443{PATH}")),
        ("port-zero", format!("{scheme}://{host}:0{PATH}")),
        ("port-too-large", format!("{scheme}://{host}:65536{PATH}")),
        ("port-not-a-number", format!("{scheme}://{host}:https{PATH}")),
        ("userinfo-same-host", format!("{scheme}://user@{authority}{PATH}")),
        (
            "password-same-host",
            format!("{scheme}://user:word@{authority}{PATH}"),
        ),
        ("empty-userinfo", format!("{scheme}://@{authority}{PATH}")),
        (
            "other-scheme",
            format!(
                "{}://{authority}{PATH}",
                if scheme == "https" { "http" } else { "https" }
            ),
        ),
        ("ftp", format!("ftp://{authority}{PATH}")),
        ("file", "file:///etc/passwd".to_owned()),
        ("javascript", "javascript:alert(1)".to_owned()),
        ("data", "data:application/json,{}".to_owned()),
        ("gopher", format!("gopher://{authority}{PATH}")),
        ("websocket", format!("wss://{authority}{PATH}")),
        ("empty", String::new()),
        ("blank", " ".to_owned()),
        ("path-only", PATH.to_owned()),
        ("query-only", "?$skiptoken=x".to_owned()),
        ("relative", "../messageTraces?$skiptoken=x".to_owned()),
        ("leading-space", format!(" {origin}{PATH}")),
        ("leading-tab", format!("\t{origin}{PATH}")),
        (
            "crlf-in-path",
            format!("{origin}/v1.0/admin\r\nX-Injected: 1{PATH}"),
        ),
        (
            "crlf-in-query",
            format!("{origin}{PATH}\r\nHost: attacker.example\r\n\r\n"),
        ),
        ("lf-in-query", format!("{origin}{PATH}\nHost: attacker.example")),
        ("nul", format!("{origin}{PATH}\0")),
        (
            "tab-in-host",
            format!("{scheme}://{}\t{}{PATH}", &authority[..1], &authority[1..]),
        ),
        ("newline-in-scheme", format!("ht\ntp://{authority}{PATH}")),
        (
            "encoded-crlf-in-host",
            format!("{scheme}://{authority}%0d%0a.attacker.example{PATH}"),
        ),
        (
            "encoded-slash-in-host",
            format!("{scheme}://{authority}%2fattacker.example{PATH}"),
        ),
        (
            "encoded-hash-in-host",
            format!("{scheme}://{authority}%23.attacker.example{PATH}"),
        ),
        (
            "encoded-nul-in-host",
            format!("{scheme}://{authority}%00.attacker.example{PATH}"),
        ),
        ("other-path", format!("{origin}/v1.0/users")),
        (
            "other-version",
            format!("{origin}/v9.9/admin/exchange/tracing/messageTraces?$skiptoken=x"),
        ),
        (
            "dot-segments",
            format!("{origin}/v1.0/admin/exchange/tracing/messageTraces/../../../../users"),
        ),
        (
            "encoded-dot-segments",
            format!("{origin}/v1.0/admin/exchange/tracing/messageTraces/%2e%2e/%2e%2e/users"),
        ),
        (
            "half-encoded-dots",
            format!("{origin}/v1.0/admin/exchange/tracing/.%2e/.%2e/users"),
        ),
        (
            "encoded-slashes",
            format!("{origin}/v1.0/admin/exchange/tracing/messageTraces%2f..%2f..%2fusers"),
        ),
        (
            "backslash-path",
            format!("{origin}/v1.0/admin/exchange/tracing/messageTraces\\..\\..\\users"),
        ),
        ("double-slash-path", format!("{origin}//attacker.example{PATH}")),
        (
            "semicolon-path",
            format!("{origin}/v1.0/admin;/exchange/tracing/messageTraces"),
        ),
        (
            "longer-path",
            format!("{origin}/v1.0/admin/exchange/tracing/messageTracesEvil?$skiptoken=x"),
        ),
        ("batch", format!("{origin}/v1.0/$batch")),
        ("send-mail", format!("{origin}/v1.0/me/sendMail")),
        ("fragment", format!("{origin}{PATH}#@attacker.example")),
        ("not-a-url", "next".to_owned()),
        ("very-long", format!("{origin}{PATH}{}", "A".repeat(70_000))),
    ] {
        add(how.to_owned(), url);
    }
}

fn host_of(authority: &str) -> &str {
    match authority.rfind(':') {
        Some(at) if !authority[at..].contains(']') => &authority[..at],
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_over_200_and_no_two_alike() {
        for origin in [
            "https://graph.microsoft.com",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            let links = next_links(origin);
            assert!(links.len() >= 200, "{}", links.len());
            assert_eq!(
                links.iter().map(|link| &link.name).collect::<HashSet<_>>().len(),
                links.len()
            );
            assert_eq!(
                links.iter().map(|link| &link.url).collect::<HashSet<_>>().len(),
                links.len()
            );
        }
    }
}
