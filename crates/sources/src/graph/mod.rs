//! Microsoft Graph, `exchangeMessageTrace`: the one place that knows its query syntax and the shape of its answers.

use message_trace_rows::{Keys, Layout, Page, write_time};

use crate::{DetailsQuery, Query, Source, Verdict, is_json, literal, mentions};

/// The app of Microsoft's that must have a service principal in the tenant before Graph gives message traces.
pub const SERVICE_PRINCIPAL_APP_ID: &str = "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373";

/// The most rows a page may hold; what the service allows.
pub const PAGE_ROWS: u32 = 5000;
/// The longest window the service answers, in seconds: ten days.
pub const MAX_WINDOW_S: i64 = 10 * 86_400;
/// How far back the service has rows, in seconds: ninety days.
pub const RETENTION_S: i64 = 90 * 86_400;

/// Message traces of Microsoft Graph.
#[derive(Clone, Copy, Debug)]
pub struct Graph;

impl Source for Graph {
    fn name(&self) -> &'static str {
        "graph"
    }

    fn title(&self) -> &'static str {
        "Graph"
    }

    fn url_setting(&self) -> &'static str {
        "graph-url"
    }

    fn page_rows(&self) -> u32 {
        PAGE_ROWS
    }

    fn longest_window_s(&self) -> i64 {
        MAX_WINDOW_S
    }

    fn retention_s(&self) -> i64 {
        RETENTION_S
    }

    /// It counts its ninety days from the beginning of the day.
    fn retained_s(&self, now_s: i64) -> i64 {
        now_s - now_s.rem_euclid(86_400) - RETENTION_S
    }

    fn base(&self, api: &str) -> String {
        format!("/{api}/admin/exchange/tracing")
    }

    fn path(&self, query: &Query) -> String {
        let mut text = format!(
            "/messageTraces?$top={}&$filter=receivedDateTime%20ge%20",
            query.rows
        );
        write_time(query.start_s, &mut text);
        text.push_str("%20and%20receivedDateTime%20le%20");
        write_time(query.end_s, &mut text);
        text
    }

    fn details_path(&self, query: &DetailsQuery) -> String {
        format!(
            "/messageTraces/{}/getDetailsByRecipient(recipientAddress='{}')",
            literal(&query.trace_id),
            literal(&query.recipient)
        )
    }

    fn page(&self, body: Vec<u8>, keys: &Keys) -> Option<Page> {
        Page::parse(body, keys, &Layout::GRAPH)
    }

    fn judge(&self, status: u16, content_type: Option<&str>, body: &[u8]) -> Verdict {
        match status {
            401 | 403 if mentions(body, SERVICE_PRINCIPAL_APP_ID) => Verdict::NoServicePrincipal,
            400 if mentions(body, "older than 90 days") => Verdict::TooOld,
            _ => Verdict::of_status(status, content_type),
        }
    }

    /// `{"error":{"code":"…"}}`.
    fn is_refusal(&self, content_type: Option<&str>, body: &[u8]) -> bool {
        #[derive(serde::Deserialize)]
        struct Refusal {
            #[serde(rename = "error")]
            _error: Error,
        }
        #[derive(serde::Deserialize)]
        struct Error {
            #[serde(rename = "code")]
            _code: String,
        }
        is_json(content_type) && serde_json::from_slice::<Refusal>(body).is_ok()
    }

    fn permission(&self) -> &'static str {
        "ExchangeMessageTrace.Read.All"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Option<&str> = Some("application/json; odata.metadata=minimal");

    #[test]
    fn bounds_are_unquoted_utc_seconds() {
        let query = Query {
            start_s: 1_768_867_200,
            end_s: 1_769_126_400,
            rows: 5000,
        };
        assert_eq!(
            Graph.path(&query),
            "/messageTraces?$top=5000&$filter=receivedDateTime%20ge%202026-01-20T00:00:00Z%20and%20receivedDateTime%20le%20\
             2026-01-23T00:00:00Z"
        );
    }

    #[test]
    fn the_service_principal_is_told_by_the_app_id() {
        let body = b"{\"error\":{\"message\":\"the service principal for App ID 8BD644D1-64a1-4d4b-ae52-2e0cbf64e373\"}}";
        assert_eq!(Graph.judge(401, JSON, body), Verdict::NoServicePrincipal);
        assert_eq!(Graph.judge(403, JSON, body), Verdict::NoServicePrincipal);
        assert_eq!(Graph.judge(401, JSON, b"{}"), Verdict::Unauthorized);
        assert_eq!(Graph.judge(403, JSON, b"{}"), Verdict::Forbidden);
        let old = b"Invalid StartDate value. The StartDate can't be older than 90 days from today.";
        assert_eq!(Graph.judge(400, JSON, old), Verdict::TooOld);
    }

    #[test]
    fn the_services_refusals_have_a_form_of_their_own() {
        let body = br#"{"error":{"code":"TooManyRequests","message":"x","innerError":{"date":"x"}}}"#;
        assert!(Graph.is_refusal(JSON, body));
        assert!(!Graph.is_refusal(Some("text/html"), body));
        assert!(!Graph.is_refusal(None, body));
        for other in [
            "",
            "<html>",
            "{}",
            "{\"error\":\"x\"}",
            "{\"error\":{\"message\":\"x\"}}",
            "{\"value\":[]}",
        ] {
            assert!(!Graph.is_refusal(JSON, other.as_bytes()), "{other}");
        }
    }
}
