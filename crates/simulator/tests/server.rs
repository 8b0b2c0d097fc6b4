//! The server: what the model says, over a real socket, in the way it travels.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration as Wait, Instant};

use chrono::{DateTime, Duration, Utc};
use message_trace_simulator::{Clock, Endpoint, Fault, Injection, Server, Settings, Simulator, When};

const PATH: &str = "/v1.0/admin/exchange/tracing/messageTraces?$top=200";

fn start(fault: Option<Fault>) -> (Server, String) {
    let from = DateTime::<Utc>::from_timestamp(1_772_409_600, 0).unwrap();
    let mut simulator = Simulator::new(Settings::new(5, from));
    let now = from + Duration::days(1);
    let token = simulator.token(now);
    if let Some(fault) = fault {
        simulator.inject(Injection {
            endpoint: Endpoint::List,
            when: When::Nth(1),
            fault,
        });
    }
    (Server::start(simulator, Clock::from(now, 1.0), 0).unwrap(), token)
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Wait::from_secs(20))).unwrap();
    stream
}

fn request(token: &str, extra: &str) -> String {
    format!("GET {PATH} HTTP/1.1\r\nHost: localhost:1\r\nAuthorization: Bearer {token}\r\n{extra}\r\n")
}

/// Reads one answer: its head, and its body as far as it comes.
fn read(stream: &mut TcpStream) -> (String, Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16_384];
    loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap();
            if bytes.len() - at - 4 >= length.parse().unwrap() {
                return (head, bytes[at + 4..].to_vec(), None);
            }
        }
        let (read, error) = match stream.read(&mut chunk) {
            Ok(read) => (read, None),
            Err(error) => (0, Some(error.kind())),
        };
        if read == 0 {
            let at = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            let head = at.map_or(String::new(), |at| {
                String::from_utf8_lossy(&bytes[..at]).into_owned()
            });
            return (head, at.map_or(Vec::new(), |at| bytes[at + 4..].to_vec()), error);
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}

#[test]
fn a_connection_serves_many_requests_and_links_lead_back_to_it() {
    let (server, token) = start(None);
    let mut stream = connect(&server);
    for _ in 0..3 {
        stream.write_all(request(&token, "").as_bytes()).unwrap();
        let (head, body, _) = read(&mut stream);
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        let page: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(page["value"].as_array().unwrap().len(), 200);
        assert!(
            page["@odata.nextLink"]
                .as_str()
                .unwrap()
                .starts_with("http://localhost:1/v1.0/admin/")
        );
    }
    assert_eq!(server.with(|simulator| simulator.statistics().pages), 3);
    assert!(server.base_url().starts_with("http://127.0.0.1:"));
}

#[test]
fn gzip_is_for_clients_that_ask() {
    let (server, token) = start(None);
    let mut stream = connect(&server);
    stream
        .write_all(request(&token, "Accept-Encoding: gzip\r\n").as_bytes())
        .unwrap();
    let (head, body, _) = read(&mut stream);
    assert!(head.contains("content-encoding: gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(body.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    let page: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(page["value"].as_array().unwrap().len(), 200);
}

#[test]
fn connections_are_reset_before_and_within() {
    for (fault, has_head) in [(Fault::ResetBefore, false), (Fault::ResetWithin(300), true)] {
        let (server, token) = start(Some(fault));
        let mut stream = connect(&server);
        stream.write_all(request(&token, "").as_bytes()).unwrap();
        let (head, _, error) = read(&mut stream);
        assert_eq!(error, Some(ErrorKind::ConnectionReset));
        // What was sent before a reset may be lost with it.
        assert!(has_head || head.is_empty());
    }
}

#[test]
fn bodies_end_early_in_good_order() {
    let (server, token) = start(Some(Fault::Truncated(500)));
    let mut stream = connect(&server);
    stream.write_all(request(&token, "").as_bytes()).unwrap();
    let (head, body, error) = read(&mut stream);
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    assert_eq!(error, None);
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
}

#[test]
fn bodies_trickle() {
    let (server, token) = start(Some(Fault::Slow(200_000)));
    let mut stream = connect(&server);
    let begin = Instant::now();
    stream.write_all(request(&token, "").as_bytes()).unwrap();
    let (_, body, _) = read(&mut stream);
    let least = Wait::from_millis(u64::try_from(body.len()).unwrap() * 1_000 / 200_000 * 8 / 10);
    assert!(
        begin.elapsed() >= least,
        "{:?} for {}",
        begin.elapsed(),
        body.len()
    );
    serde_json::from_slice::<serde_json::Value>(&body).unwrap();
}

#[test]
fn silence_ends_with_the_client_and_the_server_with_its_value() {
    let (server, token) = start(Some(Fault::Silent));
    let mut stream = connect(&server);
    stream.set_read_timeout(Some(Wait::from_millis(300))).unwrap();
    stream.write_all(request(&token, "").as_bytes()).unwrap();
    let (head, _, error) = read(&mut stream);
    assert!(head.is_empty() && matches!(error, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut)));
    let address = server.address();
    let begin = Instant::now();
    drop(server);
    assert!(begin.elapsed() < Wait::from_secs(5));
    assert!(TcpStream::connect_timeout(&address, Wait::from_millis(200)).is_err());
}

#[test]
fn nonsense_closes_the_connection_and_the_server_goes_on() {
    let (server, token) = start(None);
    for nonsense in [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
    ] {
        let mut stream = connect(&server);
        stream.write_all(nonsense.as_bytes()).unwrap();
        let (head, _, _) = read(&mut stream);
        assert!(head.is_empty());
    }
    let mut stream = connect(&server);
    stream
        .write_all(request(&token, "Connection: close\r\n").as_bytes())
        .unwrap();
    assert!(read(&mut stream).0.starts_with("HTTP/1.1 200"));
}

#[test]
fn clocks_go_as_fast_as_told() {
    let from = DateTime::<Utc>::from_timestamp(1_772_409_600, 0).unwrap();
    let clock = Clock::from(from, 3_600.0);
    std::thread::sleep(Wait::from_millis(50));
    let passed = clock.now() - from;
    assert!(passed >= Duration::seconds(180), "{passed}");
    assert_eq!(Clock::from(from, 0.0).now(), from);
    assert!((Clock::wall().now() - Utc::now()).abs() < Duration::seconds(5));
}
