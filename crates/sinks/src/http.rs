//! HTTP: NDJSON or a JSON array, to any collector.

use std::fmt;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};

use super::{Batch, Delivery, Refused, RefusedReason, Sink, SinkError};
use message_trace_net::http::{Backoff, Link, Pause, SecretHeader, Transport, TransportFault, retry_after};

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
    /// Most attempts for one request before the batch is given back. Default: 8.
    pub max_attempts: u32,
    /// Longest wait that is sat through; a longer one is given back with the batch. Default: 5 min.
    pub max_wait: Duration,
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
            max_attempts: 8,
            max_wait: Duration::from_mins(5),
        }
    }
}

/// Sends events to a URL. A 2xx acknowledges all of a request's events.
///
/// 408, 425, 429, 5xx and failures of the network are tried again with full jitter, `Retry-After` honoured. 400, 413, 422
/// and the like are about the events: the request is halved until the guilty ones are found. 401, 403, 404, redirects and
/// the like are about the sink: nothing is refused, the batch is given back.
pub struct HttpSink {
    name: String,
    link: Link,
    options: HttpOptions,
    transport: Arc<dyn Transport>,
    pause: Arc<dyn Pause>,
    backoff: Backoff,
    /// The service asked for silence until then.
    not_before: Option<Instant>,
    /// Whether any event was ever accepted.
    has_accepted: bool,
    progress: Option<Progress>,
}

/// How far a batch got before an error.
struct Progress {
    fingerprint: u64,
    done: usize,
    refused: Vec<Refused>,
}

/// What an answer means for the events of its request.
enum Verdict {
    Accepted,
    /// Some of the events are at fault.
    Guilty(u16),
}

impl HttpSink {
    /// Makes the sink. Sends nothing yet.
    #[must_use]
    pub fn new(
        link: Link,
        options: HttpOptions,
        transport: Arc<dyn Transport>,
        pause: Arc<dyn Pause>,
    ) -> Self {
        let uri = link.uri();
        let host = uri
            .authority()
            .map(http::uri::Authority::as_str)
            .unwrap_or_default();
        let name = format!("{}://{host}", uri.scheme_str().unwrap_or_default());
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(1), fastrand::u64(..));
        Self {
            name,
            link,
            options,
            transport,
            pause,
            backoff,
            not_before: None,
            has_accepted: false,
            progress: None,
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

    /// Sends a chunk, halving it while events are at fault.
    fn send_chunk(
        &mut self,
        batch: &Batch,
        chunk: Range<usize>,
        refused: &mut Vec<Refused>,
    ) -> Result<(), SinkError> {
        if let (1, Some(event)) = (chunk.len(), batch.event(chunk.start))
            && event.json.len() + 2 > self.options.max_bytes
        {
            let reason = RefusedReason::TooLarge(self.options.max_bytes);
            refused.push(Refused {
                index: chunk.start,
                reason,
            });
            return Ok(());
        }
        match self.send(batch, chunk.clone())? {
            Verdict::Accepted => self.has_accepted = true,
            Verdict::Guilty(status) if chunk.len() == 1 => {
                refused.push(Refused {
                    index: chunk.start,
                    reason: RefusedReason::Status(status),
                });
            }
            Verdict::Guilty(_) => {
                let middle = chunk.start + chunk.len() / 2;
                self.send_chunk(batch, chunk.start..middle, refused)?;
                self.send_chunk(batch, middle..chunk.end, refused)?;
            }
        }
        Ok(())
    }

    /// Sends one request until it is answered for good, or the attempts are used up.
    fn send(&mut self, batch: &Batch, chunk: Range<usize>) -> Result<Verdict, SinkError> {
        let body = self.body(batch, chunk)?;
        self.backoff.reset();
        loop {
            self.keep_silence()?;
            let error = match self.transport.send(self.request(body.clone())?) {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    match status {
                        200..=299 => return Ok(Verdict::Accepted),
                        408 | 425 | 429 | 500..=599 => {
                            let retry_after = retry_after(answer.headers(), SystemTime::now());
                            SinkError::Unavailable { status, retry_after }
                        }
                        300..=399 | 401..=407 | 410 | 411 | 415 | 421 | 426 => {
                            return Err(SinkError::Denied { status });
                        }
                        _ => return Ok(Verdict::Guilty(status)),
                    }
                }
                Err(error)
                    if matches!(
                        error.fault(),
                        TransportFault::Tls | TransportFault::Proxy | TransportFault::Unpinned
                    ) =>
                {
                    return Err(SinkError::Unreachable(error));
                }
                Err(error) => SinkError::Unreachable(error),
            };
            let wait = self.backoff.next_wait(error.retry_after());
            self.not_before = Instant::now().checked_add(wait);
            log::warn!(sink = self.name, attempt = self.backoff.attempt(), wait_seconds = wait.as_secs(); "{error}");
            if self.backoff.attempt() >= self.options.max_attempts || wait > self.options.max_wait {
                return Err(error);
            }
        }
    }

    /// Sits out the wait that was asked for, also across batches.
    fn keep_silence(&mut self) -> Result<(), SinkError> {
        if let Some(until) = self.not_before {
            if !self.pause.pause(until.saturating_duration_since(Instant::now())) {
                return Err(SinkError::Stopped);
            }
            self.not_before = None;
        }
        Ok(())
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

/// From this many events on, a batch that is refused whole says more about the sink than about the events.
const SUSPICIOUS_REFUSALS: usize = 10;

impl Sink for HttpSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        let fingerprint = batch.fingerprint();
        let resumed = self
            .progress
            .take()
            .filter(|progress| progress.fingerprint == fingerprint);
        let (mut done, mut refused) =
            resumed.map_or((0, Vec::new()), |progress| (progress.done, progress.refused));
        while done < batch.len() {
            let chunk = self.next_chunk(batch, done);
            let end = chunk.end;
            let mut chunk_refused = Vec::new();
            if let Err(error) = self.send_chunk(batch, chunk, &mut chunk_refused) {
                self.progress = Some(Progress {
                    fingerprint,
                    done,
                    refused,
                });
                return Err(error);
            }
            refused.append(&mut chunk_refused);
            done = end;
        }
        if let Some(RefusedReason::Status(status)) = refused.first().map(|refused| &refused.reason)
            && !self.has_accepted
            && refused.len() == batch.len()
            && refused.len() >= SUSPICIOUS_REFUSALS
        {
            return Err(SinkError::RefusesAll { status: *status });
        }
        Ok(Delivery { refused })
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
