//! What a bulk answer says of each event.

use std::borrow::Cow;
use std::time::SystemTime;

use http::Response;
use serde::Deserialize;

use super::super::service::{Answer, Verdict, expect_json};
use super::super::{RefusedReason, SinkError};
use message_trace_net::http::retry_after;

#[derive(Deserialize)]
struct Bulk<'a> {
    #[serde(borrow)]
    items: Vec<Item<'a>>,
}

/// `{"create": {…}}` or `{"index": {…}}`.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(alias = "index", alias = "update", borrow)]
    create: Done<'a>,
}

#[derive(Deserialize)]
struct Done<'a> {
    status: u16,
    #[serde(borrow)]
    error: Option<Failure<'a>>,
}

/// Its text is left out: it holds values of the event.
#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(rename = "type", borrow)]
    class: Option<Cow<'a, str>>,
}

/// Reads the answer to a bulk request of so many events.
///
/// # Errors
///
/// If it is no bulk answer, or an item says that the sink, not the event, is at fault.
pub(super) fn read(answer: &Response<Vec<u8>>, events: usize) -> Result<Answer, SinkError> {
    let bulk: Bulk<'_> = expect_json(answer)?;
    if bulk.items.len() != events {
        return Err(SinkError::NotAcknowledged {
            status: answer.status().as_u16(),
            is_page: false,
        });
    }
    let verdicts: Result<Vec<Verdict>, SinkError> =
        bulk.items.into_iter().map(|item| verdict(item.create)).collect();
    let verdicts = verdicts?;
    // A missing pipeline or a wrong kind of index is said of each document, in words that a bad document gets too.
    let is_argument = |verdict: &Verdict| matches!(verdict, Verdict::Refused(RefusedReason::Code(class)) if class == "illegal_argument_exception");
    if events > 1 && verdicts.iter().all(is_argument) {
        return Err(SinkError::RefusesEach(RefusedReason::Code(
            "illegal_argument_exception".into(),
        )));
    }
    let retry_after = retry_after(answer.headers(), SystemTime::now());
    Ok(Answer::Each(verdicts, retry_after))
}

fn verdict(done: Done<'_>) -> Result<Verdict, SinkError> {
    let class = done.error.and_then(|failure| failure.class);
    match done.status {
        // 409: the document is there already, or a newer version of the row is.
        200..=299 | 409 => Ok(Verdict::Accepted),
        // A disk that is too full makes an index read-only until somebody makes room.
        403 if class.as_deref() == Some("cluster_block_exception") => Ok(Verdict::Later(403)),
        status @ (408 | 429 | 500..=599) => Ok(Verdict::Later(status)),
        400 | 413 | 422 => Ok(Verdict::Refused(reason(done.status, class))),
        status => Err(SinkError::Denied { status }),
    }
}

/// The class of an error, if it is the name of one and no more.
fn reason(status: u16, class: Option<Cow<'_, str>>) -> RefusedReason {
    let is_class = |class: &Cow<'_, str>| {
        (1..=64).contains(&class.len())
            && class
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    match class.filter(is_class) {
        Some(class) => RefusedReason::Code(Cow::Owned(class.into_owned())),
        None => RefusedReason::Status(status),
    }
}

#[derive(Deserialize)]
struct Rights {
    has_all_requested: bool,
}

/// Whether the credential has the right that was asked for.
///
/// # Errors
///
/// If it is no such answer.
pub(super) fn has_right(answer: &Response<Vec<u8>>) -> Result<bool, SinkError> {
    expect_json::<Rights>(answer).map(|rights| rights.has_all_requested)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(items: &str) -> Result<Answer, SinkError> {
        let events = items.matches("\"status\"").count();
        read(
            &Response::new(format!("{{\"items\":[{items}]}}").into_bytes()),
            events,
        )
    }

    #[test]
    fn each_item_has_its_verdict() {
        let items = r#"{"create":{"status":201}},{"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},
            {"create":{"status":429,"error":{"type":"es_rejected_execution_exception"}}},
            {"create":{"status":400,"error":{"type":"document_parsing_exception"}}},{"index":{"status":200}}"#;
        let verdicts = vec![
            Verdict::Accepted,
            Verdict::Accepted,
            Verdict::Later(429),
            Verdict::Refused(RefusedReason::Code("document_parsing_exception".into())),
            Verdict::Accepted,
        ];
        assert_eq!(answered(items), Ok(Answer::Each(verdicts, None)));
    }

    #[test]
    fn a_reason_is_a_class_and_never_a_text() {
        for class in ["failed to parse [ada@example.com]", "Ada", "", "a1"] {
            let items = format!(r#"{{"create":{{"status":400,"error":{{"type":"{class}"}}}}}}"#);
            let verdicts = vec![Verdict::Refused(RefusedReason::Status(400))];
            assert_eq!(answered(&items), Ok(Answer::Each(verdicts, None)), "{class}");
        }
    }

    #[test]
    fn what_is_about_the_sink_refuses_no_event() {
        for status in [401, 403, 404] {
            let items = format!(r#"{{"create":{{"status":201}}}},{{"create":{{"status":{status}}}}}"#);
            assert_eq!(answered(&items), Err(SinkError::Denied { status }));
        }
        let one = r#"{"create":{"status":400,"error":{"type":"illegal_argument_exception"}}}"#;
        assert!(matches!(
            answered(&format!("{one},{one}")),
            Err(SinkError::RefusesEach(_))
        ));
        assert!(matches!(answered(one), Ok(Answer::Each(..))));
        let blocked = r#"{"create":{"status":403,"error":{"type":"cluster_block_exception"}}}"#;
        assert_eq!(
            answered(blocked),
            Ok(Answer::Each(vec![Verdict::Later(403)], None))
        );
    }

    #[test]
    fn what_is_no_bulk_answer_acknowledges_nothing() {
        for (body, events) in [
            ("", 1),
            ("{}", 1),
            ("<html>", 1),
            (r#"{"items":[]}"#, 1),
            ("null", 0),
        ] {
            let answer = Response::new(body.as_bytes().to_vec());
            assert!(
                matches!(
                    read(&answer, events),
                    Err(SinkError::NotAcknowledged { status: 200, .. })
                ),
                "{body}"
            );
        }
    }
}
