//! What the simulator gives back: a response and the way it travels.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::json::{Escapes, push_text};

/// A response, when it comes and how much of it.
#[derive(Debug)]
pub struct Reply {
    /// The response as the service wrote it.
    pub response: Response<Vec<u8>>,
    /// How long the service thinks before the first byte.
    pub delay: Duration,
    /// How the response travels.
    pub travel: Travel,
}

/// How a response travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    /// As it should.
    Whole,
    /// The connection is reset before the first byte.
    ResetBefore,
    /// The connection is reset after so many bytes of the body.
    ResetWithin(usize),
    /// The connection ends in good order after so many bytes of the body; the header promised all of them.
    Truncated(usize),
    /// So many bytes a second, at least 1.
    Slow(u32),
    /// Nothing ever comes; the connection stays open.
    Silent,
}

impl Travel {
    /// The bytes of a body that arrive in the end, and whether the client can know that these are all. `Slow` bodies
    /// arrive whole for a client that waits.
    #[must_use]
    pub fn arriving<'a>(&self, body: &'a [u8]) -> (&'a [u8], bool) {
        match *self {
            Self::Whole | Self::Slow(_) => (body, true),
            Self::ResetBefore | Self::Silent => (&[], false),
            Self::ResetWithin(bytes) | Self::Truncated(bytes) => {
                (&body[..bytes.min(body.len())], bytes >= body.len())
            }
        }
    }
}

impl Reply {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Self {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            response,
            delay: Duration::ZERO,
            travel: Travel::Whole,
        }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.response.headers_mut().insert(name, value);
        }
        self
    }

    pub(crate) fn with_retry_after(self, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(header::RETRY_AFTER, value),
            None => self,
        }
    }

    /// A Graph error in Graph's shape. `date` has no zone, as in the real ones.
    pub(crate) fn graph_error(
        status: StatusCode,
        code: &str,
        message: &str,
        now: DateTime<Utc>,
        ids: &RequestIds,
    ) -> Self {
        let mut body = Vec::with_capacity(400);
        body.extend_from_slice(b"{\"error\":{\"code\":");
        push_text(&mut body, code, Escapes::Plain);
        body.extend_from_slice(b",\"message\":");
        push_text(&mut body, message, Escapes::Plain);
        body.extend_from_slice(b",\"innerError\":{\"date\":");
        let date = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        push_text(&mut body, date.trim_end_matches('Z'), Escapes::Plain);
        body.extend_from_slice(b",\"request-id\":");
        push_text(&mut body, &ids.request, Escapes::Plain);
        body.extend_from_slice(b",\"client-request-id\":");
        push_text(&mut body, &ids.client, Escapes::Plain);
        body.extend_from_slice(b"}}}");
        Self::new(status, "application/json", body)
    }
}

/// The names a request goes by in logs on both sides.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestIds {
    pub(crate) request: String,
    pub(crate) client: String,
}
