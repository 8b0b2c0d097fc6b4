//! Sinks: durable or accepted before acknowledged, whatever fails.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue};
use message_trace_net::http::{Client, ClientOptions, Origin, Pause, SecretHeader, Stop, Transport};
use message_trace_remedy::Remedy;
use message_trace_sinks::{
    Batch, BodyFormat, DeadLetter, Delivery, EventKey, FanOut, HttpOptions, HttpSink, Refused, RefusedReason,
    Sink, SinkError, WithDeadLetter,
};
use tempfile::TempDir;

use crate::server::{Received, Server, respond};

pub(crate) fn batch(numbers: std::ops::Range<u32>) -> Batch {
    let mut batch = Batch::default();
    for number in numbers {
        let key = EventKey {
            id: format!("id-{number}"),
            sequence: 0,
        };
        batch.push(key, format!("{{\"n\":{number}}}").as_bytes()).unwrap();
    }
    batch
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Waits that are counted, not waited; stops after so many.
struct Counted {
    waits: Mutex<Vec<Duration>>,
    stop_after: usize,
}

impl Counted {
    fn new(stop_after: usize) -> Arc<Self> {
        Arc::new(Self {
            waits: Mutex::default(),
            stop_after,
        })
    }
}

impl Pause for Counted {
    fn pause(&self, duration: Duration) -> bool {
        let mut waits = self.waits.lock().unwrap();
        waits.push(duration);
        waits.len() <= self.stop_after
    }
}

fn http_sink(server: &Server, options: HttpOptions, pause: &Arc<Counted>) -> HttpSink {
    let link = Origin::parse(&server.url(""))
        .unwrap()
        .link("/intake?canary-query")
        .unwrap();
    let transport: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    let pause: Arc<dyn Pause> = Arc::<Counted>::clone(pause);
    HttpSink::new(link, options, transport, pause)
}

fn plain() -> HttpOptions {
    HttpOptions {
        gzip: false,
        ..HttpOptions::default()
    }
}

fn bodies(server: &Server) -> Vec<String> {
    server.received().iter().map(Received::text).collect()
}

#[test]
fn batches_are_bounded_by_count_and_bytes() {
    let server = Server::ok();
    let options = HttpOptions {
        max_events: 3,
        max_bytes: 20,
        ..plain()
    };
    let mut sink = http_sink(&server, options, &Counted::new(0));
    let mut numbers = batch(0..2);
    numbers
        .push(
            EventKey {
                id: "large".to_owned(),
                sequence: 0,
            },
            &[b'7'; 30],
        )
        .unwrap();
    numbers
        .push(
            EventKey {
                id: "last".to_owned(),
                sequence: 0,
            },
            b"1",
        )
        .unwrap();
    let delivery = sink.deliver(&numbers).unwrap();
    assert_eq!(
        delivery.refused,
        [Refused {
            index: 2,
            reason: RefusedReason::TooLarge(20)
        }]
    );
    assert_eq!(bodies(&server), ["{\"n\":0}\n{\"n\":1}\n", "1\n"]);
    let few = Server::ok();
    http_sink(
        &few,
        HttpOptions {
            max_events: 3,
            ..plain()
        },
        &Counted::new(0),
    )
    .deliver(&batch(0..7))
    .unwrap();
    assert_eq!(
        bodies(&few)
            .iter()
            .map(|body| body.lines().count())
            .collect::<Vec<_>>(),
        [3, 3, 1]
    );
}

#[test]
fn bodies_are_compressed_and_headers_are_sent() {
    let server = Server::ok();
    let mut headers = HeaderMap::new();
    headers.insert("x-source", HeaderValue::from_static("message-trace"));
    let secret = SecretHeader::new("x-api-key".parse().unwrap(), "canary-secret".into()).unwrap();
    let options = HttpOptions {
        format: BodyFormat::JsonArray,
        headers,
        secret_headers: vec![secret],
        ..HttpOptions::default()
    };
    let mut sink = http_sink(&server, options, &Counted::new(0));
    sink.deliver(&batch(0..2)).unwrap();
    let received = &server.received()[0];
    assert_eq!(received.line, "POST /intake?canary-query HTTP/1.1");
    assert_eq!(received.header("content-encoding"), Some("gzip"));
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(received.header("x-source"), Some("message-trace"));
    assert_eq!(received.header("x-api-key"), Some("canary-secret"));
    let mut body = String::new();
    GzDecoder::new(received.body.as_slice())
        .read_to_string(&mut body)
        .unwrap();
    assert_eq!(body, "[{\"n\":0},{\"n\":1}]");
    assert_eq!(sink.name(), format!("http://{}", server.address));
    assert!(!format!("{sink:?}").contains("canary"));
}

#[test]
fn what_fails_for_now_is_tried_again_and_retry_after_is_never_undercut() {
    let server = Server::start(|nth, _, stream| {
        let answers = [
            (429, "Retry-After: 7\r\n"),
            (503, ""),
            (408, ""),
            (500, "Retry-After: soon\r\n"),
            (200, ""),
        ];
        let (status, headers) = answers[nth];
        respond(stream, status, headers, b"");
    });
    let pause = Counted::new(10);
    assert_eq!(
        http_sink(&server, plain(), &pause).deliver(&batch(0..1)),
        Ok(Delivery::default())
    );
    assert_eq!(server.received().len(), 5);
    let waits = pause.waits.lock().unwrap();
    // Counted from now, a moment after it was asked for.
    assert!(
        waits[0] > Duration::from_millis(6900) && waits[0] < Duration::from_secs(9),
        "{waits:?}"
    );
    assert!(
        waits[1..].iter().all(|wait| *wait <= Duration::from_secs(8)),
        "{waits:?}"
    );
}

#[test]
fn attempts_and_waits_are_bounded() {
    let failing = Server::start(|_, _, stream| respond(stream, 503, "", b""));
    let pause = Counted::new(100);
    let options = HttpOptions {
        max_attempts: 3,
        ..plain()
    };
    let error = http_sink(&failing, options, &pause)
        .deliver(&batch(0..1))
        .unwrap_err();
    assert_eq!(
        (error.remedy(), failing.received().len()),
        (Some(Remedy::Retry), 3)
    );
    // A wait too long to sit through is given back; the sink keeps silent until then all the same.
    let busy = Server::start(|_, _, stream| respond(stream, 429, "Retry-After: 1000000000000\r\n", b""));
    let pause = Counted::new(0);
    let mut sink = http_sink(&busy, plain(), &pause);
    let error = sink.deliver(&batch(0..1)).unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1_000_000_000_000)));
    assert_eq!(sink.deliver(&batch(0..1)), Err(SinkError::Stopped));
    assert_eq!(busy.received().len(), 1);
    assert!(pause.waits.lock().unwrap()[0] > Duration::from_secs(999_999_999_001));
}

#[test]
fn a_stop_ends_the_wait_and_acknowledges_nothing() {
    let server = Server::start(|_, _, stream| respond(stream, 429, "Retry-After: 60\r\n", b""));
    let stop = Stop::default();
    let link = Origin::parse(&server.url("")).unwrap().link("/").unwrap();
    let transport: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    let mut sink = HttpSink::new(link, plain(), transport, Arc::new(stop.clone()));
    let waiting = std::thread::spawn(move || sink.deliver(&batch(0..1)));
    std::thread::sleep(Duration::from_millis(100));
    stop.request();
    assert_eq!(waiting.join().unwrap(), Err(SinkError::Stopped));
    assert_eq!(SinkError::Stopped.remedy(), None);
}

#[test]
fn the_guilty_events_are_found_and_the_others_delivered_once() {
    let guilty = |body: &str| body.contains("\"n\":3}") || body.contains("\"n\":17}");
    let server = Server::start(move |_, received, stream| {
        let status = if guilty(&received.text()) { 400 } else { 202 };
        respond(stream, status, "", b"");
    });
    let mut sink = http_sink(&server, plain(), &Counted::new(0));
    let delivery = sink.deliver(&batch(0..20)).unwrap();
    let refused: Vec<_> = delivery.refused.iter().map(|refused| refused.index).collect();
    assert_eq!(refused, [3, 17]);
    let mut accepted: Vec<String> = bodies(&server)
        .iter()
        .filter(|body| !guilty(body))
        .flat_map(|body| body.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    accepted.sort();
    let mut expected: Vec<_> = (0..20)
        .filter(|n| ![3, 17].contains(n))
        .map(|n| format!("{{\"n\":{n}}}"))
        .collect();
    expected.sort();
    assert_eq!(accepted, expected);
    assert!(server.received().len() <= 40);
}

#[test]
fn a_request_too_large_for_the_service_is_halved() {
    let server = Server::start(|_, received, stream| {
        let status = if received.body.len() > 20 { 413 } else { 200 };
        respond(stream, status, "", b"");
    });
    let delivery = http_sink(&server, plain(), &Counted::new(0))
        .deliver(&batch(0..8))
        .unwrap();
    assert_eq!(delivery, Delivery::default());
}

#[test]
fn what_is_wrong_with_the_sink_refuses_no_event() {
    for status in [301, 302, 307, 401, 403, 404, 405, 407, 410, 415] {
        let server = Server::start(move |_, _, stream| respond(stream, status, "Location: /other\r\n", b""));
        let error = http_sink(&server, plain(), &Counted::new(0))
            .deliver(&batch(0..20))
            .unwrap_err();
        assert_eq!(
            (&error, server.received().len()),
            (&SinkError::Denied { status }, 1)
        );
        assert_eq!(error.remedy(), Some(Remedy::Configure));
    }
    // Each single event refused, none ever accepted: the events are not all at fault.
    let server = Server::start(|_, _, stream| respond(stream, 400, "", b""));
    let mut sink = http_sink(&server, plain(), &Counted::new(0));
    assert_eq!(
        sink.deliver(&batch(0..10)),
        Err(SinkError::RefusesAll { status: 400 })
    );
}

#[test]
fn a_batch_delivered_again_goes_on_where_it_stopped() {
    let server = Server::start(|nth, _, stream| respond(stream, if nth == 2 { 401 } else { 200 }, "", b""));
    let mut sink = http_sink(
        &server,
        HttpOptions {
            max_events: 2,
            ..plain()
        },
        &Counted::new(0),
    );
    let numbers = batch(0..8);
    assert!(sink.deliver(&numbers).is_err());
    assert_eq!(sink.deliver(&numbers), Ok(Delivery::default()));
    let firsts: Vec<_> = bodies(&server)
        .iter()
        .map(|body| body.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(
        firsts,
        ["{\"n\":0}", "{\"n\":2}", "{\"n\":4}", "{\"n\":4}", "{\"n\":6}"]
    );
    // The same batch on purpose, after it was acknowledged, is delivered whole.
    sink.deliver(&numbers).unwrap();
    assert_eq!(server.received().len(), 9);
}

/// A sink that judges as it is told.
struct Judge {
    verdicts: Vec<Result<Delivery, SinkError>>,
    delivered: Arc<Mutex<usize>>,
}

impl Sink for Judge {
    fn name(&self) -> &'static str {
        "judge"
    }

    fn deliver(&mut self, _batch: &Batch) -> Result<Delivery, SinkError> {
        *self.delivered.lock().unwrap() += 1;
        self.verdicts.remove(0)
    }
}

fn judge(verdicts: Vec<Result<Delivery, SinkError>>) -> (Judge, Arc<Mutex<usize>>) {
    let delivered = Arc::default();
    (
        Judge {
            verdicts,
            delivered: Arc::clone(&delivered),
        },
        delivered,
    )
}

fn refusing(indexes: &[usize]) -> Delivery {
    let refused = |&index| Refused {
        index,
        reason: RefusedReason::Status(400),
    };
    Delivery {
        refused: indexes.iter().map(refused).collect(),
    }
}

#[test]
fn a_refused_event_is_on_disk_before_the_batch_is_acknowledged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("dead.ndjson");
    let (sink, _) = judge(vec![Ok(refusing(&[1, 2])), Ok(Delivery::default())]);
    let mut sink = WithDeadLetter::new(sink, DeadLetter::new(path.clone()));
    let mut numbers = batch(0..2);
    numbers
        .push(
            EventKey {
                id: "quoted\"".to_owned(),
                sequence: 4,
            },
            b"no json \"\xff",
        )
        .unwrap();
    assert_eq!(sink.deliver(&numbers).unwrap(), refusing(&[1, 2]));
    sink.deliver(&numbers).unwrap();
    let lines: Vec<serde_json::Value> = read(&path)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["event"], &lines[0]["id"]),
        (&serde_json::json!({"n": 1}), &serde_json::json!("id-1"))
    );
    assert_eq!(
        (&lines[0]["sink"], &lines[0]["reason"]),
        (&"judge".into(), &"status 400".into())
    );
    assert_eq!(
        (&lines[1]["event"], &lines[1]["sequence"]),
        (&"no json \"\u{fffd}".into(), &4.into())
    );
    // If it cannot be kept, the batch is not acknowledged.
    let (sink, _) = judge(vec![Ok(refusing(&[0]))]);
    let mut sink = WithDeadLetter::new(sink, DeadLetter::new(folder.path().join("no/dead.ndjson")));
    assert!(matches!(sink.deliver(&numbers), Err(SinkError::Storage { .. })));
}

#[test]
fn all_sinks_acknowledge_and_none_gets_a_batch_twice_for_anothers_failure() {
    let down = || {
        Err(SinkError::Unavailable {
            status: 503,
            retry_after: None,
        })
    };
    let (steady, steady_count) = judge(vec![Ok(refusing(&[1])), Ok(Delivery::default())]);
    let (shaky, shaky_count) = judge(vec![down(), Ok(Delivery::default()), Ok(Delivery::default())]);
    let mut sinks = FanOut::new(vec![Box::new(steady), Box::new(shaky)]);
    let numbers = batch(0..3);
    assert!(sinks.deliver(&numbers).is_err());
    assert_eq!(sinks.deliver(&numbers).unwrap(), refusing(&[1]));
    assert_eq!(
        (*steady_count.lock().unwrap(), *shaky_count.lock().unwrap()),
        (1, 2)
    );
    sinks.deliver(&numbers).unwrap();
    assert_eq!(
        (*steady_count.lock().unwrap(), *shaky_count.lock().unwrap()),
        (2, 3)
    );
}

#[test]
fn a_reset_connection_is_tried_again() {
    let server = Server::start(|nth, _, stream| {
        if nth < 2 {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
            let _ = stream.shutdown(std::net::Shutdown::Both);
        } else {
            respond(stream, 200, "", b"");
        }
    });
    let pause = Counted::new(9);
    assert_eq!(
        http_sink(&server, plain(), &pause).deliver(&batch(0..1)),
        Ok(Delivery::default())
    );
    assert_eq!(pause.waits.lock().unwrap().len(), 2);
}
