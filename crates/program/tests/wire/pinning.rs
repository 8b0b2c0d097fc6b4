//! No secret leaves its origin.

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method};
use message_trace_net::http::{
    Bearer, Client, ClientOptions, LinkError, Origin, SecretHeader, Transport, TransportFault,
};

use crate::server::{Server, respond};

const PREFIX: &str = "/v1.0/admin/exchange/tracing";

fn bearer() -> Bearer {
    Bearer::new("canary-secret".into()).unwrap()
}

fn client() -> Client {
    Client::new(ClientOptions::default()).unwrap()
}

/// Links that all lead out of `{scheme}://{host}:{port}{PREFIX}` or may be read so. `other` is another port.
#[expect(clippy::too_many_lines, reason = "a list, one link a line")]
fn hostile(scheme: &str, host: &str, port: u16, other: u16) -> Vec<String> {
    let mut links = Vec::new();
    let good = format!("{scheme}://{host}:{port}");
    let path = format!("{PREFIX}/messageTraces?$skiptoken=x");
    // Other authorities, or the right one in the wrong place.
    let authorities = [
        format!("{host}:{other}"),
        format!("localhost:{other}"),
        format!("127.0.0.2:{port}"),
        format!("127.1:{port}"),
        format!("127.0.1:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f000001:{port}"),
        format!("0x7f.0.0.1:{port}"),
        format!("0177.0.0.1:{port}"),
        format!("127.0.0.1.:{port}"),
        format!("127.0.0.01:{port}"),
        format!("[::1]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("[::ffff:7f00:1]:{port}"),
        format!("[0:0:0:0:0:0:0:1]:{port}"),
        format!("[::1%25lo]:{port}"),
        format!("{host}.evil.example:{port}"),
        format!("evil.example/{host}:{port}"),
        format!("evil.example?{host}:{port}"),
        format!("evil.example:{port}"),
        format!("evil.example#{host}:{port}"),
        format!("evil.example\\@{host}:{port}"),
        format!("evil.example%2f@{host}:{port}"),
        format!("{host}:{port}@evil.example"),
        format!("{host}:{port}@{host}:{other}"),
        format!("{host}@{host}:{other}"),
        format!("user@{host}:{port}"),
        format!("user:password@{host}:{port}"),
        format!(":@{host}:{port}"),
        format!("@{host}:{port}"),
        format!("{host}:{port}\\@evil.example"),
        format!("{host}:{port}%40evil.example"),
        format!("{host}:{port}%2eevil.example"),
        format!("{host}:{port}:{other}"),
        format!("{host}:0{other}"),
        format!("{host}:+{port}"),
        format!("{host}:-{port}"),
        format!("{host}: {port}"),
        format!("{host}:{port} "),
        format!("{host}:"),
        format!("{host}:0"),
        format!("{host}:65536"),
        format!("{host}:99999999999"),
        format!("{host}:x"),
        host.to_owned(),
        String::new(),
        ":".to_owned(),
        format!(":{port}"),
        format!("xn--grph-9ra.example:{port}"),
        format!("gräph.example:{port}"),
        format!("{host}%00.evil.example:{port}"),
        format!("{host}\0.evil.example:{port}"),
        format!("{host}\t:{port}"),
        format!("{host}\r\nHost: evil.example:{port}"),
        format!("{host},evil.example:{port}"),
        format!("{host};evil.example:{port}"),
        format!("[{host}]:{port}"),
        format!("{host}]:{port}"),
        format!("[{host}:{port}"),
        format!("evil.example&@{host}:{port}"),
        format!("１２７.0.0.1:{port}"),
        format!("127。0。0。1:{port}"),
        format!("ⓛocalhost:{port}"),
        format!(".{host}:{port}"),
        format!("-{host}:{port}"),
        format!("*.{host}:{port}"),
    ];
    links.extend(
        authorities
            .iter()
            .map(|authority| format!("{scheme}://{authority}{path}")),
    );
    // Other schemes, or none.
    let other_scheme = if scheme == "http" { "https" } else { "http" };
    for start in [
        format!("{other_scheme}://{host}:{port}"),
        format!("{other_scheme}://{host}"),
        format!("//{host}:{other}"),
        format!("//{host}:{port}"),
        format!("///{host}:{port}"),
        format!("{scheme}:/{host}:{port}"),
        format!("{scheme}:{host}:{port}"),
        format!("{scheme}:///{host}:{port}"),
        format!("{scheme}:\\\\{host}:{port}"),
        format!("{scheme}:/\\{host}:{port}"),
        format!(" {good}"),
        format!("\t{good}"),
        format!("\u{feff}{good}"),
        format!("\n{good}"),
        format!("{scheme}s://{host}:{port}"),
        format!("x{scheme}://{host}:{port}"),
        format!("ftp://{host}:{port}"),
        format!("file://{host}:{port}"),
        format!("ws://{host}:{port}"),
        format!("javascript://{host}:{port}"),
        format!("data://{host}:{port}"),
        format!("{scheme}%3a//{host}:{port}"),
        format!("{scheme}//{host}:{port}"),
        format!("{scheme}+unix://{host}:{port}"),
        String::new(),
        "..".to_owned(),
        "@evil.example".to_owned(),
    ] {
        links.push(format!("{start}{path}"));
    }
    // Out of the path, or readable as out of it.
    for path in [
        "",
        "/",
        "/v1.0",
        "/v1.0/",
        "/v1.0/admin/exchange/tracin",
        "/v1.0/admin/exchange/tracingx",
        "/v1.0/admin/exchange/tracing.evil",
        "/v1.0/admin/exchange/Tracing/messageTraces",
        "/V1.0/admin/exchange/tracing",
        "/beta/admin/exchange/tracing/messageTraces",
        "/v1.0/users",
        "/v1.0/me/messages",
        "/v1.0//admin/exchange/tracing",
        "//v1.0/admin/exchange/tracing",
        "/./v1.0/admin/exchange/tracing",
        "/x/../v1.0/admin/exchange/tracing",
        "/v1.0/admin/exchange/%74racing/messageTraces",
        "/v1.0/admin/exchange%2ftracing/messageTraces",
        "/v1.0%2fadmin/exchange/tracing/messageTraces",
        "/%76%31.0/admin/exchange/tracing",
        "v1.0/admin/exchange/tracing",
        "/;/v1.0/admin/exchange/tracing",
        "?/v1.0/admin/exchange/tracing",
        "/?/v1.0/admin/exchange/tracing",
        "#/v1.0/admin/exchange/tracing",
        "/v1.0/admin/exchange?tracing/messageTraces",
        "/v1.0/admin/exchange/tracing;/x",
    ] {
        links.push(format!("{good}{path}"));
    }
    for escape in [
        "..",
        "../",
        "../..",
        "../../../../v1.0/users",
        "./..",
        ".",
        "./",
        "x/..",
        "x/../..",
        "x/../../users",
        "..;",
        "..;/users",
        ".;/..;",
        ";/../..",
        "%2e%2e",
        "%2e%2e/",
        "%2E%2E/users",
        ".%2e",
        ".%2E/users",
        "%2e.",
        "%2e",
        "%2e/",
        "%2e%2e;x=1",
        "%2e%2e%2fusers",
        "..%2fusers",
        "..%2Fusers",
        "..%5cusers",
        "..%5Cusers",
        "..\\users",
        "\\..\\users",
        "x%2fy",
        "x%2Fy",
        "x%5cy",
        "x%5Cy",
        "x\\y",
        "%252e%252e/users",
        "%252e%252e%252fusers",
        "..%252fusers",
        "%25",
        "x%25y",
        "%c0%ae%c0%ae/users",
        "%c0%af",
        "%e0%80%ae",
        "..%c0%afusers",
        "%u002e%u002e",
        "%2",
        "%",
        "x%",
        "%zz",
        "x%0",
        "%-1",
        "%00",
        "x%00",
        "..%00/",
        "x%0d%0aAuthorization:%20x",
        "x%0ay",
        "x%0d",
        "x%09",
        "x%1f",
        "x%7f",
        "%3f",
        "x%23",
        "\r\nX: y",
        "x\ny",
        "x\0",
        "x y",
        " ",
        "\t..",
        "..\t",
        ".. ",
        "..%20",
        "%20..",
        ".%20",
        "%09..",
        "x#y",
        "#",
        "/",
        "//",
        "//x",
        "x//y",
        "///evil.example",
        "/\\evil.example",
        "\u{2025}",
        "．．",
        "%EF%BC%8E%EF%BC%8E/..",
        "\u{202e}x",
        "ä",
        "x\u{0}",
        "\u{7f}",
        "..//",
        "...//..",
        "%2f%2e%2e%2f",
        "%2f",
        "%5c",
        "..././..",
        "a/./b",
        "a/%2e/b",
        "a/%2e%2e/b",
        "a/.%2e/%2e./b",
        "messageTraces/..?x=1",
        "messageTraces/%2e%2e?x=1",
        "messageTraces/../../../users?$top=1",
        "messageTraces#?x",
        "messageTraces?x#y",
        "messageTraces?x y",
        "messageTraces?x\r\nHost: evil.example",
        "messageTraces?x\\y",
        "messageTraces?x\ty",
        "messageTraces?ä",
    ] {
        links.push(format!("{good}{PREFIX}/{escape}"));
    }
    links.push(format!("{good}{PREFIX}/messageTraces?{}", "x".repeat(20_000)));
    links
}

#[test]
fn every_hostile_link_is_refused_and_none_is_followed() {
    let (pinned, elsewhere) = (Server::ok(), Server::ok());
    let (port, other) = (pinned.address.port(), elsewhere.address.port());
    let origin = Origin::parse(&pinned.url("")).unwrap().under(PREFIX).unwrap();
    let links = hostile("http", "127.0.0.1", port, other);
    assert!(links.len() >= 200, "{}", links.len());
    let client = client();
    let mut admitted = Vec::new();
    for link in &links {
        if let Ok(inside) = origin.admit(link) {
            // Sent all the same: the servers tell where it went.
            let _ = client.send(inside.get(&bearer()).unwrap());
            admitted.push(link);
        }
    }
    assert!(admitted.is_empty(), "{admitted:#?}");
    assert!(pinned.received().is_empty() && elsewhere.received().is_empty());

    let secure = Origin::parse("https://graph.example.com:8443/")
        .unwrap()
        .under(PREFIX)
        .unwrap();
    let links = hostile("https", "graph.example.com", 8443, 9443);
    let admitted: Vec<_> = links.iter().filter(|link| secure.admit(link).is_ok()).collect();
    assert!(admitted.is_empty(), "{admitted:#?}");
}

#[test]
fn what_graph_itself_writes_is_followed_as_it_is() {
    let server = Server::ok();
    let origin = Origin::parse(&server.url("/")).unwrap().under(PREFIX).unwrap();
    let query = "$filter=receivedDateTime%20ge%202026-01-20T00:00:00Z&$top=5000&$skiptoken=a%2Fb%2e%2e%2f%2b'=!*()@:/?~,;";
    let links = [
        server.url(&format!("{PREFIX}/messageTraces?{query}")),
        server.url(&format!("{PREFIX}/messageTraces?{query}")).replacen("http", "HTTP", 1),
        server.url(&format!("{PREFIX}/messageTraces/4451a062-48cb/getDetailsByRecipient(recipientAddress='o''neil%40example.com')")),
        server.url(PREFIX),
        server.url(&format!("{PREFIX}/")),
    ];
    for link in &links {
        let answer = client()
            .send(origin.admit(link).unwrap().get(&bearer()).unwrap())
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
    let received = server.received();
    assert_eq!(received.len(), links.len());
    assert_eq!(
        received[0].line,
        format!("GET {PREFIX}/messageTraces?{query} HTTP/1.1")
    );
    assert!(
        received
            .iter()
            .all(|request| request.header("authorization") == Some("Bearer canary-secret"))
    );
    // The port may be left out where it is the scheme's own, and written where it is not.
    let graph = Origin::parse("https://graph.microsoft.com")
        .unwrap()
        .under(PREFIX)
        .unwrap();
    for link in ["https://graph.microsoft.com", "https://GRAPH.microsoft.com:443"] {
        let link = graph.admit(&format!("{link}{PREFIX}/messageTraces")).unwrap();
        assert_eq!(
            link.uri().to_string(),
            format!("https://graph.microsoft.com{PREFIX}/messageTraces")
        );
    }
    assert_eq!(graph.link("messageTraces"), Err(LinkError::Path));
    assert_eq!(graph.link("/../users"), Err(LinkError::Path));
    assert_eq!(graph.link("?$top=1").unwrap().uri().query(), Some("$top=1"));
}

#[test]
fn redirects_are_answers() {
    let elsewhere = Server::ok();
    let target = elsewhere.url("/v1.0/admin/exchange/tracing/x");
    for status in [300, 301, 302, 303, 307, 308] {
        let target = target.clone();
        let server = Server::start(move |_, _, stream| {
            respond(stream, status, &format!("Location: {target}\r\n"), b"");
        });
        let origin = Origin::parse(&server.url("")).unwrap();
        let link = origin.link("/x").unwrap();
        assert_eq!(
            client().send(link.get(&bearer()).unwrap()).unwrap().status(),
            status
        );
        let mut post = link.request(Method::POST, b"client_secret=canary-secret".to_vec());
        link.bear(&mut post, &bearer()).unwrap();
        assert_eq!(client().send(post).unwrap().status(), status);
        assert_eq!(server.received().len(), 2);
    }
    assert!(elsewhere.received().is_empty());
}

#[test]
fn a_secret_without_a_pin_is_not_sent() {
    let (server, elsewhere) = (Server::ok(), Server::ok());
    let link = Origin::parse(&server.url("")).unwrap().link("/x").unwrap();
    let unpinned = |request| client().send(request).unwrap_err().fault() == TransportFault::Unpinned;
    // Put together by hand.
    let mut by_hand = http::Request::get(server.url("/x")).body(Vec::new()).unwrap();
    by_hand
        .headers_mut()
        .insert(AUTHORIZATION, HeaderValue::from_static("Bearer canary-secret"));
    assert!(unpinned(by_hand));
    // Turned elsewhere after it was signed.
    let mut turned = link.get(&bearer()).unwrap();
    *turned.uri_mut() = elsewhere.url("/x").parse().unwrap();
    assert!(unpinned(turned));
    let mut turned = link.get(&bearer()).unwrap();
    *turned.uri_mut() = server.url("/y").parse().unwrap();
    assert!(unpinned(turned));
    // Turned elsewhere before it is signed.
    let mut turned = link.request(Method::GET, Vec::new());
    *turned.uri_mut() = elsewhere.url("/x").parse().unwrap();
    assert!(link.bear(&mut turned, &bearer()).is_err());
    let header = SecretHeader::new("x-api-key".parse().unwrap(), "canary-secret".into()).unwrap();
    assert!(link.sign(&mut turned, &header).is_err());
    // A secret header of any name counts.
    let mut signed = link.request(Method::POST, Vec::new());
    link.sign(&mut signed, &header).unwrap();
    *signed.uri_mut() = elsewhere.url("/x").parse().unwrap();
    assert!(unpinned(signed));
    // Plain http to another machine is not sent at all.
    assert!(unpinned(
        http::Request::get("http://collector.example.com/")
            .body(Vec::new())
            .unwrap()
    ));
    assert!(server.received().is_empty() && elsewhere.received().is_empty());
}

#[test]
fn origins_are_https_or_this_machine() {
    for good in [
        "https://graph.microsoft.com",
        "HTTPS://Graph.Microsoft.com:443/",
        "https://gateway.example.com/graph/",
        "http://localhost:8080",
        "http://127.0.0.1:1",
        "http://127.9.9.9",
        "http://[::1]:8080",
        "https://10.0.0.1",
        "https://[2001:db8::1]",
    ] {
        assert!(Origin::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "graph.microsoft.com",
        "http://graph.microsoft.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::]",
        "http://127.1",
        "http://[::ffff:127.0.0.1]",
        "http://localhost.example.com",
        "http://2130706433",
        "ftp://localhost",
        "https://",
        "https:///x",
        "https://a@graph.example.com",
        "https://graph.example.com?x",
        "https://graph.example.com/x?y",
        "https://graph.example.com/#x",
        "https://graph.example.com/../x",
        "https://graph.example.com/a//b",
        "https://graph.example.com//",
        "https://a..b",
        "https://a b",
        "https://graph.example.com:",
        "https://graph.example.com:0",
        "https://graph.example.com:99999",
        "https://gräph.example",
        "http://169.254.169.254",
    ] {
        assert!(Origin::parse(bad).is_err(), "{bad}");
    }
    for near in [
        "http://169.254.169.254",
        "http://172.16.0.5:8081/msi/token",
        "http://localhost:42356/msi/token",
        "http://[fe80::1]",
    ] {
        assert!(Origin::parse_local(near).is_ok(), "{near}");
    }
    for far in [
        "http://198.51.100.1",
        "http://metadata.example.com",
        "http://[2001:db8::1]",
    ] {
        assert!(Origin::parse_local(far).is_err(), "{far}");
    }
}
