//! HTTP: NDJSON or a JSON array, to any collector.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, Method};
use secrecy::zeroize::Zeroizing;

use super::service::{Answer, Bounds, Frame, Service, ServiceSink, Wire, is_page, judge};
use super::{Check, Event, RefusedReason, SinkError};
use message_trace_net::http::{Link, SecretHeader, Transport};

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

/// A collector at a URL. A status that is expected acknowledges all of a request's events, unless a web page comes with it.
///
/// 400, 413, 422 and the like are about the events: the request is halved until the guilty ones are found. All else is about
/// the sink or the way to it: nothing is refused, the batch is given back, and goes on where it stopped when it comes again.
pub struct Http {
    link: Link,
    options: HttpOptions,
    wire: Wire,
}

/// Sends events to a URL.
pub type HttpSink = ServiceSink<Http>;

impl HttpSink {
    /// A sink at an address, which is pinned to its origin.
    #[must_use]
    pub fn new(link: Link, options: HttpOptions, transport: Arc<dyn Transport>) -> Self {
        let kind = match options.format {
            BodyFormat::Ndjson => "application/x-ndjson",
            BodyFormat::JsonArray => "application/json",
        };
        let wire = Wire::new(&link, transport, kind)
            .gzip(options.gzip)
            .headers(options.headers.clone())
            .secrets(options.secret_headers.clone());
        Self::of(Http { link, options, wire })
    }
}

impl Http {
    fn is_expected(&self, status: u16) -> bool {
        match self.options.expect_status.as_slice() {
            // 207 says that each part has a status of its own.
            [] => (200..=299).contains(&status) && status != 207,
            expected => expected.contains(&status),
        }
    }
}

impl Service for Http {
    fn name(&self) -> &str {
        self.wire.name()
    }

    fn bounds(&self) -> Bounds {
        let frame = self.frame();
        Bounds {
            max_events: self.options.max_events,
            max_bytes: self.options.max_bytes,
            max_event_bytes: self
                .options
                .max_bytes
                .saturating_sub(frame.open.len() + frame.close.len()),
        }
    }

    fn frame(&self) -> Frame<'_> {
        match self.options.format {
            BodyFormat::Ndjson => Frame {
                open: b"",
                between: b"\n",
                close: b"\n",
            },
            BodyFormat::JsonArray => Frame {
                open: b"[",
                between: b",",
                close: b"]",
            },
        }
    }

    fn too_large(&self) -> RefusedReason {
        RefusedReason::TooLarge(self.options.max_bytes)
    }

    fn encode(&self, event: Event<'_>, body: &mut Vec<u8>) -> Result<(), RefusedReason> {
        body.extend_from_slice(event.json);
        Ok(())
    }

    fn send(&mut self, body: Zeroizing<Vec<u8>>, _events: usize) -> Result<Answer, SinkError> {
        let answer = self.wire.post(&self.link, body)?;
        let status = answer.status().as_u16();
        let unexpected = |is_page| SinkError::NotAcknowledged { status, is_page };
        match status {
            _ if self.is_expected(status) && is_page(&answer) && !self.options.accept_html => {
                Err(unexpected(true))
            }
            _ if self.is_expected(status) => Ok(Answer::Accepted),
            200..=299 => Err(unexpected(false)),
            _ => Ok(judge(&answer)?.map_or(Answer::Accepted, Answer::Guilty)),
        }
    }

    /// There is no question that every collector answers without an event; any answer shows that there is one.
    fn check(&mut self) -> Result<Check, SinkError> {
        let answer = self.wire.ask(Method::HEAD, &self.link, b"")?;
        match judge(&answer) {
            Err(
                error @ (SinkError::Unavailable {
                    status: 502..=504, ..
                }
                | SinkError::Denied { status: 401 | 403 }),
            ) => Err(error),
            _ => Ok(Check::Reachable(
                "it answers; whether it takes events cannot be asked without one",
            )),
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("name", &self.wire.name())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
