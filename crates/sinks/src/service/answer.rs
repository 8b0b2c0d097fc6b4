//! What a status says, for every service that says nothing else.

use std::time::SystemTime;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use serde::Deserialize;

use super::super::{RefusedReason, SinkError};
use message_trace_net::http::retry_after;

/// Whether an answer is about the events of its request, and which reason it gives: `None` for success.
///
/// 400, 413, 422 and the like are about the events. All else is about the sink or the way to it.
///
/// # Errors
///
/// 408, 425, 429 and 5xx are for now, with the wait that is asked for. Redirects, 401, 403, 404 and the like are about the
/// sink. A web page acknowledges nothing, and neither does 1xx.
pub(crate) fn judge(answer: &Response<Vec<u8>>) -> Result<Option<RefusedReason>, SinkError> {
    let status = answer.status().as_u16();
    match status {
        200..=299 if is_page(answer) => Err(SinkError::NotAcknowledged {
            status,
            is_page: true,
        }),
        200..=299 => Ok(None),
        100..=199 => Err(SinkError::NotAcknowledged {
            status,
            is_page: false,
        }),
        408 | 425 | 429 | 500..=599 => Err(SinkError::Unavailable {
            status,
            retry_after: retry_after(answer.headers(), SystemTime::now()),
        }),
        300..=399 | 401..=407 | 410 | 411 | 415 | 421 | 426 => Err(SinkError::Denied { status }),
        _ => Ok(Some(RefusedReason::Status(status))),
    }
}

/// Reads the JSON of an answer of success.
///
/// # Errors
///
/// If it is something else: then somebody else answered, and nothing is acknowledged.
pub(crate) fn expect_json<'a, T: Deserialize<'a>>(answer: &'a Response<Vec<u8>>) -> Result<T, SinkError> {
    serde_json::from_slice(answer.body()).map_err(|_| SinkError::NotAcknowledged {
        status: answer.status().as_u16(),
        is_page: false,
    })
}

/// Whether an answer is a web page, by what it says or by how it begins.
pub(crate) fn is_page(answer: &Response<Vec<u8>>) -> bool {
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
