//! HTTP: NDJSON or a JSON array, to any collector.

use std::fmt;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};

use super::{Batch, Delivery, Refused, RefusedReason, Sink, SinkError};
use crate::http::{Link, SecretHeader, Transport, retry_after};

/// How events are put into a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyFormat {
    /// A line each; `application/x-ndjson`.
    #[default]
    Ndjson,
    /// One array; `application/json`.
    JsonArray,
}

/// How events are sent.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// How events are put into a body. Default: NDJSON.
    pub format: BodyFormat,
    /// Whether bodies are compressed. Default: true.
    pub gzip: bool,
    /// Most events in a request. Default: 1,000.
    pub max_events: usize,
    /// Most bytes in a request, before compression. Default: 4 MiB. An event that alone is larger is refused.
    pub max_bytes: usize,
    /// Headers to send.
    pub headers: HeaderMap,
    /// Headers to send that are secrets.
    pub secret_headers: Vec<SecretHeader>,
    /// The statuses that acknowledge all events of a request. Default: none named, which is every 2xx but 207.
    pub expect_status: Vec<u16>,
    /// Whether a web page (HTML) acknowledges too. Default: no, for it is a gateway's more often than a collector's.
    pub accept_html: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            format: BodyFormat::Ndjson,
            gzip: true,
            max_events: 1000,
            max_bytes: 4 * 1024 * 1024,
            headers: HeaderMap::new(),
            secret_headers: Vec::new(),
            expect_status: Vec::new(),
            accept_html: false,
        }
    }
}

/// Sends events to a URL. A status that is expected acknowledges all of a request's events, unless a web page comes with
/// it.
///
/// 400, 413, 422 and the like are about the events: the request is halved until the guilty ones are found. All else is about
/// the sink or the way to it: nothing is refused, the batch is given back, and goes on where it stopped when it comes again.
/// No event is refused for good before the sink has accepted one; what was refused before that is sent once more.
pub struct HttpSink {
    name: String,
    link: Link,
    options: HttpOptions,
    transport: Arc<dyn Transport>,
    /// Whether any event was ever accepted.
    has_accepted: bool,
    progress: Option<Progress>,
}

/// How far a batch got.
struct Progress {
    fingerprint: u64,
    /// What is still to be sent, the last first.
    todo: Vec<Range<usize>>,
    refused: Vec<Refused>,
    /// How many of them were refused before the sink had accepted anything.
    early: usize,
}

/// What an answer means for the events of its request.
enum Verdict {
    Accepted,
    /// Some of the events are at fault.
    Guilty(RefusedReason),
}

impl HttpSink {
    /// A sink at an address, which is pinned to its origin.
    #[must_use]
    pub fn new(link: Link, options: HttpOptions, transport: Arc<dyn Transport>) -> Self {
        let uri = link.uri();
        let host = uri
            .authority()
            .map(http::uri::Authority::as_str)
            .unwrap_or_default();
        let name = format!("{}://{host}", uri.scheme_str().unwrap_or_default());
        Self {
            name,
            link,
            options,
            transport,
            has_accepted: false,
            progress: None,
        }
    }

    fn begin(&self, batch: &Batch) -> Progress {
        let mut todo = Vec::new();
        let mut start = 0;
        while start < batch.len() {
            let chunk = self.next_chunk(batch, start);
            start = chunk.end;
            todo.push(chunk);
        }
        todo.reverse();
        Progress {
            fingerprint: batch.fingerprint(),
            todo,
            refused: Vec::new(),
            early: 0,
        }
    }

    /// The next events that fit one request, from `start`; never none.
    fn next_chunk(&self, batch: &Batch, start: usize) -> Range<usize> {
        let mut bytes = 2;
        let mut end = start;
        while end < batch.len() && end - start < self.options.max_events.max(1) {
            bytes += batch.event(end).map_or(0, |event| event.json.len() + 1);
            if bytes > self.options.max_bytes && end > start {
                break;
            }
            end += 1;
        }
        start..end
    }

    /// Sends what is to be sent, halving a request while events are at fault.
    fn go_on(&mut self, batch: &Batch, progress: &mut Progress) -> Result<(), SinkError> {
        while let Some(chunk) = progress.todo.last().cloned() {
            match self.send(batch, chunk.clone())? {
                Verdict::Accepted => {
                    if !self.has_accepted {
                        self.has_accepted = true;
                        progress.early = progress.refused.len();
                    }
                    progress.todo.pop();
                }
                Verdict::Guilty(reason) if chunk.len() == 1 => {
                    progress.todo.pop();
                    progress.refused.push(Refused {
                        index: chunk.start,
                        reason,
                    });
                    if !self.has_accepted {
                        // On at the other end: guilty events that stand together are no proof against the sink.
                        progress.todo.reverse();
                    }
                }
                Verdict::Guilty(_) => {
                    let middle = chunk.start + chunk.len() / 2;
                    progress.todo.pop();
                    progress.todo.push(middle..chunk.end);
                    progress.todo.push(chunk.start..middle);
                }
            }
            let is_through = progress.todo.is_empty();
            if !self.has_accepted
                && (is_through || progress.refused.len() >= MOST_EARLY_REFUSALS)
                && let Some(Refused { reason, .. }) = progress.refused.first()
            {
                return Err(SinkError::RefusesAll(reason.clone()));
            }
            if is_through && progress.early > 0 {
                let early = progress.refused.drain(..progress.early);
                progress.todo = early.map(|refused| refused.index..refused.index + 1).collect();
                progress.early = 0;
            }
        }
        Ok(())
    }

    /// Sends one request.
    fn send(&self, batch: &Batch, chunk: Range<usize>) -> Result<Verdict, SinkError> {
        if let (1, Some(event)) = (chunk.len(), batch.event(chunk.start))
            && event.json.len() + 2 > self.options.max_bytes
        {
            return Ok(Verdict::Guilty(RefusedReason::TooLarge(self.options.max_bytes)));
        }
        let request = self.request(self.body(batch, chunk)?)?;
        let answer = self.transport.send(request).map_err(SinkError::Unreachable)?;
        let status = answer.status().as_u16();
        match status {
            _ if self.is_expected(status) => {
                if is_page(&answer) && !self.options.accept_html {
                    return Err(SinkError::NotAcknowledged {
                        status,
                        is_page: true,
                    });
                }
                Ok(Verdict::Accepted)
            }
            100..=299 => Err(SinkError::NotAcknowledged {
                status,
                is_page: false,
            }),
            408 | 425 | 429 | 500..=599 => {
                let retry_after = retry_after(answer.headers(), SystemTime::now());
                Err(SinkError::Unavailable { status, retry_after })
            }
            300..=399 | 401..=407 | 410 | 411 | 415 | 421 | 426 => Err(SinkError::Denied { status }),
            _ => Ok(Verdict::Guilty(RefusedReason::Status(status))),
        }
    }

    fn is_expected(&self, status: u16) -> bool {
        match self.options.expect_status.as_slice() {
            // 207 says that each part has a status of its own.
            [] => (200..=299).contains(&status) && status != 207,
            expected => expected.contains(&status),
        }
    }

    fn body(&self, batch: &Batch, chunk: Range<usize>) -> Result<Vec<u8>, SinkError> {
        let mut plain = Vec::new();
        let events = chunk.filter_map(|index| batch.event(index));
        match self.options.format {
            BodyFormat::Ndjson => {
                for event in events {
                    plain.extend_from_slice(event.json);
                    plain.push(b'\n');
                }
            }
            BodyFormat::JsonArray => {
                for (nth, event) in events.enumerate() {
                    plain.push(if nth == 0 { b'[' } else { b',' });
                    plain.extend_from_slice(event.json);
                }
                plain.push(b']');
            }
        }
        if !self.options.gzip {
            return Ok(plain);
        }
        let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
        encoder
            .write_all(&plain)
            .and_then(|()| encoder.finish())
            .map_err(|_| SinkError::Internal("compression failed"))
    }

    fn request(&self, body: Vec<u8>) -> Result<Request<Vec<u8>>, SinkError> {
        let mut request = self.link.request(Method::POST, body);
        let headers = request.headers_mut();
        headers.extend(self.options.headers.clone());
        let kind = match self.options.format {
            BodyFormat::Ndjson => "application/x-ndjson",
            BodyFormat::JsonArray => "application/json",
        };
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(kind));
        if self.options.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        for header in &self.options.secret_headers {
            self.link
                .sign(&mut request, header)
                .map_err(SinkError::Unreachable)?;
        }
        Ok(request)
    }
}

/// How many events a sink may refuse that has never accepted one, before the batch is given back: it says more about the
/// sink than about the events.
const MOST_EARLY_REFUSALS: usize = 10;

/// Whether an answer is a web page, by what it says or by how it begins.
fn is_page(answer: &http::Response<Vec<u8>>) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let body = answer.body().trim_ascii_start();
    let begins = |tag: &[u8]| {
        body.get(..tag.len())
            .is_some_and(|body| body.eq_ignore_ascii_case(tag))
    };
    kind.starts_with(b"text/html")
        || kind.starts_with(b"application/xhtml")
        || begins(b"<!doctype html")
        || begins(b"<html")
}

impl Sink for HttpSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        let resumed = self.progress.take();
        let mut progress = resumed
            .filter(|progress| progress.fingerprint == batch.fingerprint())
            .unwrap_or_else(|| self.begin(batch));
        match self.go_on(batch, &mut progress) {
            Ok(()) => {
                progress.refused.sort_by_key(|refused| refused.index);
                Ok(Delivery {
                    refused: progress.refused,
                })
            }
            Err(error) => {
                // Nothing was accepted: all of it is tried again.
                if !matches!(error, SinkError::RefusesAll(_)) {
                    self.progress = Some(progress);
                }
                Err(error)
            }
        }
    }

    fn has_accepted(&self) -> Option<bool> {
        Some(self.has_accepted)
    }

    fn note_accepted(&mut self) {
        self.has_accepted = true;
    }
}

impl fmt::Debug for HttpSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSink")
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
