//! No secret leaves its origin.

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method};
use message_trace_net::http::{
    Bearer, Client, ClientOptions, LinkError, Origin, SecretHeader, Transport, TransportFault,
};

use crate::links::{PREFIX, hostile};
use crate::server::{Server, respond};

fn bearer() -> Bearer {
    Bearer::new("canary-secret".into()).unwrap()
}

fn client() -> Client {
    Client::new(ClientOptions::default()).unwrap()
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
