//! What all fakes share: a call, a reply, what arrived, and a way to them that fails by a seed.

use std::collections::HashSet;
use std::io::Read as _;
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use http::{Request, Response};
use message_trace_net::http::{Transport, TransportError, TransportFault};
use message_trace_sinks::{Batch, EventKey};
use serde_json::Value;

use crate::server::{Server, respond};

/// A request, its body decompressed.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// An answer: status, `Retry-After`, body.
pub(super) type Reply = (u16, Option<u32>, String);

/// What arrived at a fake, in order: an event's id and its sequence.
pub(super) type Arrived = Vec<(String, u64)>;

/// A service.
pub(super) trait Fake: Send {
    fn answer(&mut self, call: &Call, random: &mut fastrand::Rng) -> Reply;

    /// Every event that it has for good, each time that it took it.
    fn arrived(&self) -> Arrived;
}

/// Faults on the way, drawn from a seed.
pub(super) struct Faulty<F> {
    inner: Mutex<(F, fastrand::Rng, u64)>,
    /// How often in a hundred a request meets a fault.
    percent: u8,
}

impl<F: Fake> Faulty<F> {
    pub(super) fn new(fake: F, seed: u64, percent: u8) -> Arc<Self> {
        let inner = Mutex::new((fake, fastrand::Rng::with_seed(seed), 0));
        Arc::new(Self { inner, percent })
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&mut F) -> T) -> T {
        look(&mut self.inner.lock().unwrap().0)
    }

    /// How many faults there were.
    pub(super) fn faults(&self) -> u64 {
        self.inner.lock().unwrap().2
    }
}

impl<F: Fake> Transport for Faulty<F> {
    fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let mut inner = self.inner.lock().unwrap();
        let (fake, random, faults) = &mut *inner;
        let failed = |fault| Err(TransportError::new(fault));
        let call = call(&request);
        if random.u8(0..100) >= self.percent {
            return Ok(response(fake.answer(&call, random)));
        }
        *faults += 1;
        match random.u8(0..9) {
            // Before the body.
            0 => failed(TransportFault::Connect),
            1 => failed(TransportFault::Tls),
            2 => failed(TransportFault::Reset),
            3 => Ok(response((429, Some(1), "slow down".to_owned()))),
            4 => Ok(response((503, None, String::new()))),
            5 => Ok(response((200, None, "<!DOCTYPE html><p>Sign in".to_owned()))),
            // After it.
            6 => {
                fake.answer(&call, random);
                failed(TransportFault::Reset)
            }
            7 => {
                fake.answer(&call, random);
                failed(TransportFault::Timeout)
            }
            _ => {
                let (status, wait, mut body) = fake.answer(&call, random);
                body.truncate(body.len() / 2);
                let is_cut = !body.is_empty();
                if is_cut {
                    Ok(response((status, wait, body)))
                } else {
                    failed(TransportFault::Truncated)
                }
            }
        }
    }
}

fn call(request: &Request<Vec<u8>>) -> Call {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| {
        (
            name.to_string(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    let headers: Vec<_> = headers.collect();
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let body = request.body().clone();
    plain(request.method().to_string(), path, headers, body)
}

fn plain(method: String, path: String, headers: Vec<(String, String)>, body: Vec<u8>) -> Call {
    let mut call = Call {
        method,
        path,
        headers,
        body,
    };
    if call.header("content-encoding") == Some("gzip") {
        let mut body = Vec::new();
        GzDecoder::new(call.body.as_slice())
            .read_to_end(&mut body)
            .unwrap();
        call.body = body;
    }
    call
}

fn response((status, wait, body): Reply) -> Response<Vec<u8>> {
    let mut response = Response::builder().status(status);
    if let Some(wait) = wait {
        response = response.header("retry-after", wait);
    }
    response.body(body.into_bytes()).unwrap()
}

/// A fake that is served, and its calls.
pub(super) type Served<F> = Arc<Mutex<(F, Vec<Call>)>>;

/// Serves a fake on loopback, and keeps the calls.
pub(super) fn serve<F: Fake + 'static>(fake: F) -> (Server, Served<F>) {
    let shared = Arc::new(Mutex::new((fake, Vec::new())));
    let inner = Arc::clone(&shared);
    let random = Mutex::new(fastrand::Rng::with_seed(1));
    let server = Server::start(move |_, received, stream| {
        let mut words = received.line.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let call = plain(method, path, received.headers.clone(), received.body.clone());
        let (status, wait, body) = {
            let mut inner = inner.lock().unwrap();
            let reply = inner.0.answer(&call, &mut random.lock().unwrap());
            inner.1.push(call);
            reply
        };
        let wait = wait.map_or_else(String::new, |wait| format!("Retry-After: {wait}\r\n"));
        respond(stream, status, &wait, body.as_bytes());
    });
    (server, shared)
}

/// An event of a row, in the shape of target `ecs`.
pub(super) fn event(row: u32, sequence: u32, status: &str, extra: &str) -> (EventKey, Vec<u8>) {
    let id = format!("trace-{row}/user{row}@example.com/{status}");
    let json = format!(
        r#"{{"@timestamp":"2025-06-13T10:30:00Z","email":{{"subject":"S {row}","to":{{"address":["user{row}@example.com"]}}}},"event":{{"action":"{status}","id":"{id}","sequence":{sequence}}}{extra}}}"#
    );
    (EventKey::new(id, sequence), json.into_bytes())
}

pub(super) fn batch(events: &[(EventKey, Vec<u8>)]) -> Batch {
    let mut batch = Batch::default();
    for (key, json) in events {
        batch.push(key.clone(), json).unwrap();
    }
    batch
}

/// An event's id and sequence as it says them itself.
pub(super) fn identity(event: &Value) -> (String, u64) {
    let event = &event["event"];
    (
        event["id"].as_str().unwrap().to_owned(),
        event["sequence"].as_u64().unwrap(),
    )
}

pub(super) fn is_poison(text: &str) -> bool {
    text.contains("poison")
}

pub(super) fn distinct(arrived: &Arrived) -> HashSet<(String, u64)> {
    arrived.iter().cloned().collect()
}
