//! Sinks: durable or accepted before acknowledged, whatever fails.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue};
use message_trace_net::http::{Client, ClientOptions, Origin, SecretHeader, Transport};
use message_trace_remedy::Remedy;
use message_trace_sinks::{
    Batch, BodyFormat, Delivery, EventKey, FanOut, HttpOptions, HttpSink, Member, Refusal, Refused,
    RefusedReason, Sink, SinkError,
};

use crate::server::{Received, Server, respond};

pub(crate) fn batch(numbers: std::ops::Range<u32>) -> Batch {
    let mut batch = Batch::default();
    for number in numbers {
        let key = EventKey::new(format!("id-{number}"), 0);
        batch.push(key, format!("{{\"n\":{number}}}").as_bytes()).unwrap();
    }
    batch
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn http_sink(server: &Server, options: HttpOptions) -> HttpSink {
    let link = Origin::parse(&server.url(""))
        .unwrap()
        .link("/intake?canary-query")
        .unwrap();
    let transport: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    HttpSink::new(link, options, transport)
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
    let mut sink = http_sink(&server, options);
    let mut numbers = batch(0..2);
    numbers.push(EventKey::new("large", 0), &[b'7'; 30]).unwrap();
    numbers.push(EventKey::new("last", 0), b"1").unwrap();
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
    let mut sink = http_sink(&server, options);
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
fn what_fails_for_now_is_given_back_at_once_with_the_wait_that_was_asked_for() {
    let answers = [
        (429, "Retry-After: 7\r\n", Some(7)),
        (503, "Retry-After: 1000000000000\r\n", Some(1_000_000_000_000)),
        (408, "", None),
        (500, "Retry-After: soon\r\n", None),
    ];
    let server = Server::start(move |nth, _, stream| {
        let (status, headers, _) = answers.get(nth).copied().unwrap_or((200, "", None));
        respond(stream, status, headers, b"");
    });
    let mut sink = http_sink(&server, plain());
    for (status, _, seconds) in answers {
        let error = sink.deliver(&batch(0..1)).unwrap_err();
        let retry_after = seconds.map(Duration::from_secs);
        assert_eq!(error, SinkError::Unavailable { status, retry_after });
        assert_eq!(
            (error.remedy(), error.retry_after()),
            (Remedy::Retry, retry_after)
        );
    }
    assert_eq!(sink.deliver(&batch(0..1)), Ok(Delivery::default()));
    assert_eq!(server.received().len(), 5);
}

#[test]
fn a_success_that_acknowledges_nothing_is_no_acknowledgement() {
    let page = b"<!DOCTYPE html><title>Sign in</title>";
    let html = "Content-Type: Text/HTML; charset=utf-8\r\n";
    let json = "Content-Type: application/json\r\n";
    let only = |expect_status: &[u16], accept_html| HttpOptions {
        expect_status: expect_status.to_vec(),
        accept_html,
        ..plain()
    };
    for (status, headers, body, options, is_accepted) in [
        (200, json, &b"{}"[..], plain(), true),
        (200, "", b"", plain(), true),
        (202, json, b"", plain(), true),
        (204, "", b"", plain(), true),
        (200, html, page, plain(), false),
        (200, html, b"", plain(), false),
        (200, "", page, plain(), false),
        (207, json, b"{}", plain(), false),
        (207, json, b"{}", only(&[207], false), true),
        (200, json, b"{}", only(&[202], false), false),
        (202, json, b"{}", only(&[200, 202], false), true),
        (200, html, page, only(&[200], false), false),
        (200, html, page, only(&[], true), true),
    ] {
        let server = Server::start(move |_, _, stream| respond(stream, status, headers, body));
        let delivered = http_sink(&server, options).deliver(&batch(0..20));
        if is_accepted {
            assert_eq!(delivered, Ok(Delivery::default()), "{status} {headers}");
            continue;
        }
        let error = delivered.unwrap_err();
        assert!(matches!(error, SinkError::NotAcknowledged { .. }), "{error}");
        assert_eq!((error.remedy(), server.received().len()), (Remedy::Configure, 1));
        assert!(
            error.to_string().contains("acknowledges nothing; check"),
            "{error}"
        );
    }
}

#[test]
fn nothing_is_refused_for_good_before_the_sink_has_accepted_an_event() {
    for status in [400, 413, 422] {
        // A sink that is not ready: it refuses its first requests, whatever is in them.
        let server = Server::start(move |nth, _, stream| {
            respond(stream, if nth < 8 { status } else { 200 }, "", b"");
        });
        let mut sink = http_sink(&server, plain());
        let first = sink.deliver(&batch(0..3));
        assert_eq!(first, Err(SinkError::RefusesAll(RefusedReason::Status(status))));
        assert_eq!(sink.has_accepted(), Some(false));
        let second = sink.deliver(&batch(0..3));
        assert_eq!(second, Ok(Delivery::default()));
        let all: Vec<String> = bodies(&server).split_off(8);
        let mut accepted: Vec<&str> = all.iter().flat_map(|body| body.lines()).collect();
        accepted.sort_unstable();
        assert_eq!(accepted, ["{\"n\":0}", "{\"n\":1}", "{\"n\":2}"]);
    }
    // From the first acceptance on, a guilty event is one; in a new program too, if it is told.
    let server = Server::start(|_, received, stream| {
        let status = if received.text().contains("\"n\":1}") {
            400
        } else {
            200
        };
        respond(stream, status, "", b"");
    });
    let mut sink = http_sink(&server, plain());
    assert!(sink.deliver(&batch(1..2)).is_err());
    assert_eq!(sink.deliver(&batch(0..2)), Ok(refusing(&[1])));
    let mut next = http_sink(&server, plain());
    next.note_accepted();
    assert_eq!(next.deliver(&batch(1..2)), Ok(refusing(&[0])));
}

#[test]
fn a_sink_that_refuses_everything_costs_few_requests() {
    let server = Server::start(|_, _, stream| respond(stream, 400, "", b""));
    let error = http_sink(&server, plain()).deliver(&batch(0..5_000)).unwrap_err();
    assert_eq!(error, SinkError::RefusesAll(RefusedReason::Status(400)));
    assert!(error.to_string().contains("has accepted no event yet"), "{error}");
    assert!(server.received().len() < 150, "{}", server.received().len());
}

#[test]
fn the_guilty_events_are_found_and_the_others_delivered_once() {
    let guilty = |body: &str| body.contains("\"n\":3}") || body.contains("\"n\":17}");
    let server = Server::start(move |_, received, stream| {
        let status = if guilty(&received.text()) { 400 } else { 202 };
        respond(stream, status, "", b"");
    });
    let mut sink = http_sink(&server, plain());
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
    let delivery = http_sink(&server, plain()).deliver(&batch(0..8)).unwrap();
    assert_eq!(delivery, Delivery::default());
}

#[test]
fn what_is_wrong_with_the_sink_refuses_no_event() {
    for status in [301, 302, 307, 401, 403, 404, 405, 407, 410, 415] {
        let server = Server::start(move |_, _, stream| respond(stream, status, "Location: /other\r\n", b""));
        let error = http_sink(&server, plain()).deliver(&batch(0..20)).unwrap_err();
        assert_eq!(
            (&error, server.received().len()),
            (&SinkError::Denied { status }, 1)
        );
        assert_eq!(error.remedy(), Remedy::Configure);
    }
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
fn all_sinks_acknowledge_and_none_gets_a_batch_twice_for_anothers_failure() {
    let down = || {
        Err(SinkError::Unavailable {
            status: 503,
            retry_after: None,
        })
    };
    let (steady, steady_count) = judge(vec![Ok(refusing(&[1])), Ok(Delivery::default())]);
    let (shaky, shaky_count) = judge(vec![down(), Ok(refusing(&[0])), Ok(Delivery::default())]);
    let member = |sink: Judge| Member {
        key: String::new(),
        sink: Box::new(sink),
    };
    let mut sinks = FanOut::new(vec![member(steady), member(shaky)]);
    let numbers = batch(0..3);
    let failure = sinks.deliver(&numbers, None).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "judge: the sink answers 503 for now; nothing is lost"
    );
    let refusal = |index| Refusal {
        sink: "judge".to_owned(),
        refused: refusing(&[index]).refused.remove(0),
    };
    assert_eq!(sinks.deliver(&numbers, None).unwrap(), [refusal(0), refusal(1)]);
    assert_eq!(
        (*steady_count.lock().unwrap(), *shaky_count.lock().unwrap()),
        (1, 2)
    );
    sinks.deliver(&numbers, None).unwrap();
    assert_eq!(
        (*steady_count.lock().unwrap(), *shaky_count.lock().unwrap()),
        (2, 3)
    );
    assert_eq!(sinks.deliver(&numbers, Some("another")).unwrap(), []);
    assert_eq!(*steady_count.lock().unwrap(), 2);
}

#[test]
fn a_reset_connection_is_given_back() {
    let server = Server::start(|nth, _, stream| {
        if nth < 2 {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
            let _ = stream.shutdown(std::net::Shutdown::Both);
        } else {
            respond(stream, 200, "", b"");
        }
    });
    let mut sink = http_sink(&server, plain());
    for _ in 0..2 {
        let error = sink.deliver(&batch(0..1)).unwrap_err();
        assert!(matches!(error, SinkError::Unreachable(_)), "{error}");
        assert_eq!(error.remedy(), Remedy::Retry);
    }
    assert_eq!(sink.deliver(&batch(0..1)), Ok(Delivery::default()));
}
