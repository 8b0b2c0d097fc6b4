//! The collector's answers, by their codes.

use std::collections::BTreeMap;

use http::Response;
use serde::Deserialize;

use super::super::service::{expect_json, judge};
use super::super::{RefusedReason, SinkError};

/// What an answer to events says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// All are taken; with the request's number where acknowledgement is on.
    Taken(Option<u64>),
    /// One is at fault, or some are.
    Guilty(Option<usize>, RefusedReason),
}

/// The token does not acknowledge.
pub(super) const NO_ACKNOWLEDGEMENT: SinkError = SinkError::Misset(
    "the token has no indexer acknowledgement; switch it on there, or set acknowledge = false",
);

#[derive(Deserialize)]
struct Coded {
    code: u32,
    #[serde(rename = "invalid-event-number")]
    place: Option<usize>,
    #[serde(rename = "ackId")]
    ack_id: Option<u64>,
}

/// Reads the answer to events.
///
/// # Errors
///
/// If it is not about the events, or is not the collector's.
pub(super) fn read(answer: &Response<Vec<u8>>) -> Result<Said, SinkError> {
    let status = answer.status().as_u16();
    let refused = judge(answer)?;
    if status < 300 {
        let Coded { code, ack_id, .. } = expect_json(answer)?;
        return match code {
            0 => Ok(Said::Taken(ack_id)),
            _ => Err(SinkError::NotAcknowledged {
                status,
                is_page: false,
            }),
        };
    }
    let coded: Option<Coded> = serde_json::from_slice(answer.body()).ok();
    let place = coded.as_ref().and_then(|coded| coded.place);
    let guilty = |reason: &'static str| Ok(Said::Guilty(place, RefusedReason::Code(reason.into())));
    match coded.map(|coded| coded.code) {
        Some(6) => guilty("invalid-data-format"),
        Some(12) => guilty("event-field-required"),
        Some(13) => guilty("event-field-blank"),
        Some(15) => guilty("indexed-fields"),
        Some(7) => Err(SinkError::Misset(
            "the token may not write to that index; set index to one that it may",
        )),
        Some(10 | 11) => Err(SinkError::Misset(
            "the token asks for acknowledgement; set acknowledge = true, or switch it off there",
        )),
        Some(14) => Err(NO_ACKNOWLEDGEMENT),
        Some(1..=4) => Err(SinkError::Denied { status }),
        _ => Ok(Said::Guilty(
            place,
            refused.unwrap_or(RefusedReason::Status(status)),
        )),
    }
}

/// Reads the answer to a request without data: the token is good if that is what the collector misses.
///
/// # Errors
///
/// If it misses something else.
pub(super) fn no_data(answer: &Response<Vec<u8>>) -> Result<(), SinkError> {
    match serde_json::from_slice(answer.body()) {
        Ok(Coded { code: 5, .. }) => Ok(()),
        _ => match read(answer)? {
            Said::Taken(_) => Ok(()),
            Said::Guilty(..) => Err(SinkError::NotAcknowledged {
                status: answer.status().as_u16(),
                is_page: false,
            }),
        },
    }
}

/// The question which of these requests are indexed.
pub(super) fn question(ids: &[u64]) -> String {
    serde_json::json!({ "acks": ids }).to_string()
}

#[derive(Deserialize)]
struct Acks {
    acks: BTreeMap<String, bool>,
}

/// The numbers of the requests that are indexed.
///
/// # Errors
///
/// If the collector does not say.
pub(super) fn acknowledged(answer: &Response<Vec<u8>>) -> Result<Vec<u64>, SinkError> {
    if answer.status().as_u16() >= 300 {
        return match read(answer)? {
            Said::Taken(_) => Ok(Vec::new()),
            Said::Guilty(..) => Err(SinkError::Denied {
                status: answer.status().as_u16(),
            }),
        };
    }
    judge(answer)?;
    let Acks { acks } = expect_json(answer)?;
    let indexed = acks.into_iter().filter(|(_, is_indexed)| *is_indexed);
    Ok(indexed.filter_map(|(id, _)| id.parse().ok()).collect())
}

/// The numbers of requests, told apart across restarts of the service, which counts from 0 again.
#[derive(Default)]
pub(super) struct Receipts {
    restarts: u32,
    last: Option<u64>,
}

impl Receipts {
    /// Takes the number of a request. Numbers only grow; one that does not comes from a service that has restarted and
    /// knows none of the earlier ones.
    pub(super) fn take(&mut self, id: u64) -> u64 {
        if self.last.is_some_and(|last| id <= last) {
            self.restarts = self.restarts.wrapping_add(1);
        }
        self.last = Some(id);
        self.receipt(id)
    }

    pub(super) fn receipt(&self, id: u64) -> u64 {
        u64::from(self.restarts) << 40 | id & 0xff_ffff_ffff
    }

    /// Tells receipts from before a restart, and the numbers of the others.
    pub(super) fn sort(&self, receipts: &[u64]) -> (Vec<u64>, Vec<u64>) {
        let (now, lost): (Vec<u64>, Vec<u64>) = receipts
            .iter()
            .partition(|receipt| *receipt >> 40 == u64::from(self.restarts) & 0xff_ffff);
        (
            lost,
            now.into_iter().map(|receipt| receipt & 0xff_ffff_ffff).collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Response<Vec<u8>> {
        let mut answer = Response::new(body.as_bytes().to_vec());
        if let Ok(status) = status.try_into() {
            *answer.status_mut() = status;
        }
        answer
    }

    #[test]
    fn each_code_is_about_the_events_the_sink_or_now() {
        let said = |status, body: &str| read(&answered(status, body));
        assert_eq!(said(200, r#"{"text":"Success","code":0}"#), Ok(Said::Taken(None)));
        assert_eq!(
            said(200, r#"{"text":"Success","code":0,"ackId":7}"#),
            Ok(Said::Taken(Some(7)))
        );
        assert_eq!(
            said(
                400,
                r#"{"text":"Invalid data format","code":6,"invalid-event-number":3}"#
            ),
            Ok(Said::Guilty(
                Some(3),
                RefusedReason::Code("invalid-data-format".into())
            ))
        );
        assert_eq!(
            said(413, "too large"),
            Ok(Said::Guilty(None, RefusedReason::Status(413)))
        );
        for (status, code) in [(403, 4), (401, 2), (403, 1)] {
            let body = format!(r#"{{"text":"x","code":{code}}}"#);
            assert_eq!(said(status, &body), Err(SinkError::Denied { status }));
        }
        for code in [7, 10, 11, 14] {
            assert!(matches!(
                said(400, &format!(r#"{{"code":{code}}}"#)),
                Err(SinkError::Misset(_))
            ));
        }
        for status in [429, 500, 503] {
            assert!(matches!(
                said(status, r#"{"code":9}"#),
                Err(SinkError::Unavailable { .. })
            ));
        }
        assert!(matches!(said(200, "ok"), Err(SinkError::NotAcknowledged { .. })));
        assert!(matches!(
            said(200, "<html>"),
            Err(SinkError::NotAcknowledged { is_page: true, .. })
        ));
    }

    #[test]
    fn a_restarted_service_acknowledges_nothing_of_before() {
        let mut receipts = Receipts::default();
        let (first, second) = (receipts.take(0), receipts.take(1));
        assert_eq!(receipts.sort(&[first, second]), (vec![], vec![0, 1]));
        let after = receipts.take(1);
        assert_ne!(after, second);
        assert_eq!(
            receipts.sort(&[first, second, after]),
            (vec![first, second], vec![1])
        );
        assert_eq!(receipts.receipt(1), after);
    }
}
