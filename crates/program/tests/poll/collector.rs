//! A collector that answers as it is told, and a relay that spoils rows on their way from the service.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;

/// A request's head and body.
struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What a collector answers: a status and more header lines, each with its end.
pub(crate) type Answer = (u16, &'static str);

/// Answers each request, and counts how often each event of those that it accepted came.
#[derive(Clone)]
pub(crate) struct Collector {
    port: u16,
    accepted: Arc<Mutex<BTreeMap<String, u32>>>,
    requests: Arc<Mutex<usize>>,
}

impl Collector {
    /// `answer` is given the number of the request from 0, and the events' ids.
    pub(crate) fn start(answer: impl Fn(usize, &[String]) -> Answer + Send + Sync + 'static) -> Self {
        let (listener, port) = listen();
        let collector = Self {
            port,
            accepted: Arc::default(),
            requests: Arc::default(),
        };
        let shared = collector.clone();
        serve(listener, move |request, stream| {
            let mut body = String::new();
            GzDecoder::new(request.body.as_slice())
                .read_to_string(&mut body)
                .unwrap();
            let id = |line: &str| {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                event["event"]["id"].as_str().unwrap().to_owned()
            };
            let ids: Vec<String> = body.lines().map(id).collect();
            let nth = {
                let mut requests = shared.requests.lock().unwrap();
                *requests += 1;
                *requests - 1
            };
            let (status, headers) = answer(nth, &ids);
            if (200..=299).contains(&status) && status != 207 && !headers.contains("html") {
                let mut accepted = shared.accepted.lock().unwrap();
                for id in ids {
                    *accepted.entry(id).or_default() += 1;
                }
            }
            respond(stream, status, headers, b"");
        });
        collector
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/ingest", self.port)
    }

    /// The ids of all accepted events.
    pub(crate) fn ids(&self) -> BTreeSet<String> {
        self.accepted.lock().unwrap().keys().cloned().collect()
    }

    /// Events that came more than once.
    pub(crate) fn repeats(&self) -> usize {
        self.accepted
            .lock()
            .unwrap()
            .values()
            .filter(|&&times| times > 1)
            .count()
    }

    pub(crate) fn requests(&self) -> usize {
        *self.requests.lock().unwrap()
    }

    /// Waits until so many requests came; a minute at the most.
    pub(crate) fn wait_for(&self, requests: usize) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.requests() < requests {
            assert!(Instant::now() < deadline, "no request came");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Passes requests on to a service and its answers back, and makes the time of some rows unreadable: of every row whose
/// trace id ends with the digit.
pub(crate) fn spoiling(upstream: &str, digit: char) -> String {
    let (listener, port) = listen();
    let upstream = upstream
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    serve(listener, move |request, stream| {
        let mut service = TcpStream::connect(&upstream).unwrap();
        let mut head = format!("{}\r\n", request.line);
        for (name, value) in &request.headers {
            if !["accept-encoding", "connection"].contains(&name.as_str()) {
                write!(head, "{name}: {value}\r\n").unwrap();
            }
        }
        head.push_str("connection: close\r\n\r\n");
        service.write_all(head.as_bytes()).unwrap();
        service.write_all(&request.body).unwrap();
        let mut reader = BufReader::new(service);
        let Some(answer) = read(&mut reader) else { return };
        let status = answer.line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = String::from_utf8(answer.body).unwrap();
        spoil(&mut body, digit);
        let mut headers = String::new();
        for (name, value) in &answer.headers {
            if !["content-length", "connection", "transfer-encoding"].contains(&name.as_str()) {
                write!(headers, "{name}: {value}\r\n").unwrap();
            }
        }
        respond(stream, status, &headers, body.as_bytes());
    });
    format!("http://127.0.0.1:{port}/")
}

fn spoil(body: &mut String, digit: char) {
    let (id, time) = ("\"id\":\"", "\"receivedDateTime\":\"");
    let mut at = 0;
    while let Some(found) = body[at..].find(id) {
        let end = at + found + id.len() + 36;
        at = end;
        if body.as_bytes().get(end - 1) == Some(&(digit as u8)) {
            let Some(found) = body[at..].find(time) else {
                return;
            };
            let start = at + found + time.len();
            body.replace_range(start..start + 4, "year");
        }
    }
}

fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn serve(listener: TcpListener, answer: impl Fn(Request, &mut TcpStream) + Send + Sync + 'static) {
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while let Some(request) = read(&mut reader) {
                    answer(request, &mut stream);
                }
            });
        }
    });
}

/// Reads a request or an answer; `None` at the end of the connection.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&read| read > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|&read| read > 0)?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let line = line.trim_end().to_owned();
    Some(Request { line, headers, body })
}

fn respond(stream: &mut TcpStream, status: u16, headers: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    // The program may have been killed meanwhile.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
}
