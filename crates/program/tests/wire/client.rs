//! The client's limits, its proxy and its TLS, over real sockets.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Method, Response};
use message_trace_net::http::{
    Client, ClientError, ClientOptions, Origin, Transport, TransportError, TransportFault,
};
use message_trace_remedy::Remedy;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::server::{Server, respond};

fn options() -> ClientOptions {
    ClientOptions {
        connect_timeout: Duration::from_secs(2),
        read_timeout: Duration::from_millis(300),
        total_timeout: Duration::from_secs(2),
        ..ClientOptions::default()
    }
}

fn get(options: ClientOptions, url: &str) -> Result<Response<Vec<u8>>, TransportError> {
    let link = Origin::parse(url).unwrap().link("").unwrap();
    Client::new(options)
        .unwrap()
        .send(link.request(Method::GET, Vec::new()))
}

fn fault(options: ClientOptions, url: &str) -> TransportFault {
    get(options, url).unwrap_err().fault()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn key(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/keys")
        .join(name)
}

#[test]
fn bodies_are_decompressed_and_every_status_is_an_answer() {
    let server = Server::start(|nth, received, stream| {
        assert_eq!(received.header("accept-encoding"), Some("gzip"));
        assert!(
            received
                .header("user-agent")
                .unwrap()
                .starts_with("message-trace/")
        );
        let status = [200, 404, 429, 503][nth];
        respond(
            stream,
            status,
            "Content-Encoding: gzip\r\nRetry-After: 7\r\n",
            &gzip(b"{\"value\":[]}"),
        );
    });
    for status in [200, 404, 429, 503] {
        let answer = get(options(), &server.url("/")).unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.body(), b"{\"value\":[]}");
        assert_eq!(answer.headers()["retry-after"], "7");
        assert!(!answer.headers().contains_key("content-encoding"));
    }
}

#[test]
fn bodies_are_bounded_after_decompression() {
    let server = Server::start(|_, received, stream| {
        let size = if received.line.contains("/fits") {
            1000
        } else {
            1001
        };
        if received.line.contains("gzip") {
            respond(
                stream,
                200,
                "Content-Encoding: gzip\r\n",
                &gzip(&vec![b'x'; size * 1000]),
            );
        } else {
            respond(stream, 200, "", &vec![b'x'; size]);
        }
    });
    let small = ClientOptions {
        max_body_bytes: 1000,
        ..options()
    };
    assert_eq!(
        get(small.clone(), &server.url("/fits")).unwrap().body().len(),
        1000
    );
    assert_eq!(
        fault(small.clone(), &server.url("/long")),
        TransportFault::TooLarge
    );
    assert_eq!(fault(small, &server.url("/gzip")), TransportFault::TooLarge);
    assert_eq!(
        get(options(), &server.url("/gzip")).unwrap().body().len(),
        1_001_000
    );
    assert_eq!(message_trace_net::http::MAX_BODY_BYTES, 33_554_432);
}

#[test]
fn an_endless_head_is_too_large() {
    let server = Server::start(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        for _ in 0..20_000 {
            if stream
                .write_all(b"X-Filler: xxxxxxxxxxxxxxxxxxxxxxxx\r\n")
                .is_err()
            {
                return;
            }
        }
    });
    let fault = fault(options(), &server.url("/"));
    assert!(
        matches!(fault, TransportFault::TooLarge | TransportFault::Protocol),
        "{fault:?}"
    );
}

#[test]
fn half_an_answer_is_none() {
    let compressed = gzip(&[b'x'; 5000]);
    let cases: [(&str, Vec<u8>); 5] = [
        (
            "length",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"value\":".to_vec(),
        ),
        (
            "chunk",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel".to_vec(),
        ),
        (
            "no-last-chunk",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec(),
        ),
        ("gzip", {
            let body = &compressed[..compressed.len() - 10];
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            [head.as_bytes(), body].concat()
        }),
        (
            "no-gzip",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello".to_vec(),
        ),
    ];
    for (name, bytes) in cases {
        let server = Server::start(move |_, _, stream| {
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Both);
        });
        let fault = fault(options(), &server.url("/"));
        assert!(
            matches!(fault, TransportFault::Truncated | TransportFault::Protocol),
            "{name}: {fault:?}"
        );
    }
}

#[test]
fn a_closed_connection_and_what_is_not_http_are_faults() {
    let closing = Server::start(|_, _, stream| stream.shutdown(Shutdown::Both).unwrap());
    let closed = fault(options(), &closing.url("/"));
    assert!(
        matches!(closed, TransportFault::Truncated | TransportFault::Reset),
        "{closed:?}"
    );
    let talking =
        Server::start(|_, _, stream| stream.write_all(b"220 mail.example.com ESMTP\r\n\r\n").unwrap());
    assert_eq!(fault(options(), &talking.url("/")), TransportFault::Protocol);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(
        fault(options(), &format!("http://{nobody}")),
        TransportFault::Connect
    );
}

#[test]
fn silence_and_a_trickle_end_by_their_deadlines() {
    let silent = Server::start(|_, _, _| std::thread::sleep(Duration::from_secs(20)));
    let began = Instant::now();
    assert_eq!(fault(options(), &silent.url("/")), TransportFault::Timeout);
    // Each read is in time, the whole is not.
    let trickling = Server::start(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(100));
            if stream.write_all(b"x").is_err() {
                return;
            }
        }
    });
    assert_eq!(fault(options(), &trickling.url("/")), TransportFault::Timeout);
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[test]
fn names_without_an_address_are_told_apart() {
    // `.invalid` has no addresses (RFC 6761); a machine without any resolver says so in its own way.
    let fault = fault(options(), "https://graph.invalid");
    assert!(
        matches!(
            fault,
            TransportFault::Dns | TransportFault::Connect | TransportFault::Timeout
        ),
        "{fault:?}"
    );
}

/// One TLS connection after another, each answered with an empty JSON object.
fn tls_server(address: &str) -> u16 {
    let certificates = CertificateDer::pem_file_iter(key("localhost.pem"))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let private = PrivateKeyDer::from_pem_file(key("localhost.key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind((address, 0)).unwrap());
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            let _ = stream
                .get_mut()
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
            let _ = stream.get_mut().flush();
        }
    });
    port
}

#[test]
fn a_certificate_counts_only_under_a_trusted_authority_and_for_its_host() {
    let port = tls_server("127.0.0.1");
    let untrusted = get(options(), &format!("https://localhost:{port}")).unwrap_err();
    assert_eq!(
        (untrusted.fault(), untrusted.remedy()),
        (TransportFault::Tls, Remedy::Configure)
    );
    assert!(untrusted.to_string().contains("ca-file"));
    let trusting = ClientOptions {
        ca_file: Some(key("ca.pem")),
        ..options()
    };
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(
            get(trusting.clone(), &format!("https://{host}:{port}"))
                .unwrap()
                .body(),
            b"{}"
        );
    }
    // Only Linux answers to all of 127.0.0.0/8 without being told to.
    if cfg!(target_os = "linux") {
        let port = tls_server("127.0.0.2");
        assert_eq!(
            fault(trusting, &format!("https://127.0.0.2:{port}")),
            TransportFault::Tls
        );
    }
}

#[test]
fn a_proxy_is_used_for_https_elsewhere_and_never_for_this_machine() {
    let (seen, asked) = mpsc::channel();
    let proxy = Server::start(move |_, received, stream| {
        let _ = seen.send((
            received.line.clone(),
            received.header("proxy-authorization").map(str::to_owned),
        ));
        respond(stream, 403, "", b"");
        let _ = stream.shutdown(Shutdown::Both);
    });
    let environment = |proxy: String, no_proxy: &'static str| {
        let variable = move |name: &str| match name {
            "HTTPS_PROXY" => Some(proxy.clone()),
            "NO_PROXY" => Some(no_proxy.to_owned()),
            _ => None,
        };
        options().with_proxy_of(variable)
    };
    let through = environment(format!("http://name:canary-password@{}", proxy.address), "");
    assert!(!format!("{through:?}").contains("canary"));
    let refused = get(through.clone(), "https://graph.example.com").unwrap_err();
    assert_eq!(
        (refused.fault(), refused.remedy()),
        (TransportFault::Proxy, Remedy::Configure)
    );
    let (line, authorization) = asked.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(line, "CONNECT graph.example.com:443 HTTP/1.1");
    assert!(authorization.unwrap().starts_with("Basic "));
    // This machine, and what NO_PROXY names, are reached directly.
    let direct = Server::ok();
    assert!(get(through, &direct.url("/")).is_ok());
    let excepted = environment(proxy.url(""), "example.org, .invalid");
    assert_ne!(fault(excepted, "https://graph.invalid"), TransportFault::Proxy);
    assert!(asked.try_recv().is_err());
}

#[test]
fn a_wrong_ca_file_or_proxy_is_said_at_the_start() {
    let new = |options| Client::new(options).unwrap_err();
    let missing = ClientOptions {
        ca_file: Some(key("missing.pem")),
        ..options()
    };
    assert_eq!(new(missing), ClientError::CaUnreadable(key("missing.pem")));
    let empty = ClientOptions {
        ca_file: Some(key("README.md")),
        ..options()
    };
    assert_eq!(new(empty), ClientError::CaEmpty(key("README.md")));
    let proxy = ClientOptions {
        proxy: Some("ftp://proxy.example.com".to_owned()),
        ..options()
    };
    assert_eq!(new(proxy), ClientError::Proxy);
}
