//! The Reporting Web Service, `MessageTrace`: the older way to the same rows. The one place that knows its query syntax and
//! the shape of its answers.
//!
//! Source: `MessageTrace` report of the Office 365 Reporting Web Service, and what the collectors that read it saw: rows
//! appear up to a day after their message, of the last thirty days, at most 2,000 in a page, newest first; times are in
//! UTC and say no zone; the next page is a number of rows to skip.

use message_trace_rows::{Keys, Layout, Page, write_time};

use crate::{DetailsQuery, Query, Source, Verdict, is_json, literal, mentions};

/// The most rows a page may hold; what the service allows.
pub const PAGE_ROWS: u32 = 2000;
/// The longest window that is asked for, in seconds: a day. Longer reports are said to time out.
pub const MAX_WINDOW_S: i64 = 86_400;
/// How far back the service has rows, in seconds: thirty days.
pub const RETENTION_S: i64 = 30 * 86_400;
/// How long before that a window begins at the earliest, in seconds: it is refused as a whole when its first second has
/// become too old on the way.
const MARGIN_S: i64 = 600;

/// Message traces of the Reporting Web Service.
#[derive(Clone, Copy, Debug)]
pub struct Reporting;

impl Source for Reporting {
    fn name(&self) -> &'static str {
        "reporting"
    }

    fn title(&self) -> &'static str {
        "the Reporting Web Service"
    }

    fn url_setting(&self) -> &'static str {
        "reporting-url"
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

    fn retained_s(&self, now_s: i64) -> i64 {
        now_s - RETENTION_S + MARGIN_S
    }

    fn base(&self, _api: &str) -> String {
        "/ecp/reportingwebservice/reporting.svc".to_owned()
    }

    /// `eq` on the two dates means the window between them.
    fn path(&self, query: &Query) -> String {
        let mut text = format!(
            "/MessageTrace?$top={}&$filter=StartDate%20eq%20datetime'",
            query.rows
        );
        write_time(query.start_s, &mut text);
        text.push_str("'%20and%20EndDate%20eq%20datetime'");
        write_time(query.end_s, &mut text);
        text.push('\'');
        text
    }

    /// The report has no details beyond a day around the message without its time.
    fn details_path(&self, query: &DetailsQuery) -> String {
        let mut text = format!(
            "/MessageTraceDetail?$format=json&$filter=MessageTraceId%20eq%20guid'{}'%20and%20RecipientAddress%20eq%20'{}'%20and%20\
             StartDate%20eq%20datetime'",
            literal(&query.trace_id),
            literal(&query.recipient)
        );
        write_time(query.received_s - 60, &mut text);
        text.push_str("'%20and%20EndDate%20eq%20datetime'");
        write_time(query.received_s + 86_400, &mut text);
        text.push('\'');
        text
    }

    /// The link's host is that of a server behind the service; its query counts.
    fn next_path(&self, link: &str) -> Option<String> {
        let (_, query) = link.split_once('?')?;
        Some(format!("/MessageTrace?{query}"))
    }

    fn page(&self, body: Vec<u8>, keys: &Keys) -> Option<Page> {
        Page::parse(body, keys, &Layout::REPORTING)
    }

    fn judge(&self, status: u16, content_type: Option<&str>, body: &[u8]) -> Verdict {
        match status {
            400 if mentions(body, "date range") => Verdict::TooOld,
            // "We cannot currently process your request, please wait a few minutes" comes with several statuses.
            400 | 403 if mentions(body, "please wait a few minutes") => Verdict::Transient,
            _ => Verdict::of_status(status, content_type),
        }
    }

    /// `{"odata.error":{…}}` or `{"ErrorCode":"…"}`.
    fn is_refusal(&self, content_type: Option<&str>, body: &[u8]) -> bool {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Refusal {
            OData {
                #[serde(rename = "odata.error")]
                _error: serde::de::IgnoredAny,
            },
            Report {
                #[serde(rename = "ErrorCode")]
                _code: String,
            },
        }
        is_json(content_type) && serde_json::from_slice::<Refusal>(body).is_ok()
    }

    fn permission(&self) -> &'static str {
        "ReportingWebService.Read.All, and the role Global Reader, Security Reader or Exchange Administrator"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Option<&str> = Some("application/json; charset=utf-8");

    #[test]
    fn bounds_are_dates_of_the_old_notation() {
        let query = Query {
            start_s: 1_768_867_200,
            end_s: 1_768_953_600,
            rows: 2000,
        };
        assert_eq!(
            Reporting.path(&query),
            "/MessageTrace?$top=2000&$filter=StartDate%20eq%20datetime'2026-01-20T00:00:00Z'%20and%20EndDate%20eq%20\
             datetime'2026-01-21T00:00:00Z'"
        );
    }

    #[test]
    fn a_next_link_stays_at_the_service() {
        let link = "https://server17.example/x.svc/MessageTrace?$filter=a&$skiptoken=1999";
        let next = Reporting.next_path(link);
        assert_eq!(next.as_deref(), Some("/MessageTrace?$filter=a&$skiptoken=1999"));
    }

    #[test]
    fn what_it_answers_has_its_meaning() {
        let html = b"<html>401 - Unauthorized: Access is denied due to invalid credentials.</html>";
        assert_eq!(
            Reporting.judge(401, Some("text/html"), html),
            Verdict::Unauthorized
        );
        assert!(!Reporting.is_refusal(Some("text/html"), html));
        let role =
            br#"{"ErrorCode":"","Message":"No permission to access the report for the organization ."}"#;
        assert_eq!(Reporting.judge(403, JSON, role), Verdict::Forbidden);
        assert!(Reporting.is_refusal(JSON, role));
        let range = br#"{"odata.error":{"code":"","message":{"lang":"en-US","value":"The date range is not valid."}}}"#;
        assert_eq!(Reporting.judge(400, JSON, range), Verdict::TooOld);
        assert!(Reporting.is_refusal(JSON, range));
        let busy = b"We cannot currently process your request, please wait a few minutes and try again.";
        assert_eq!(Reporting.judge(400, JSON, busy), Verdict::Transient);
        assert_eq!(Reporting.judge(400, JSON, b"{}"), Verdict::Refused);
        assert!(!Reporting.is_refusal(JSON, b"{}"));
        assert!(!Reporting.is_refusal(JSON, br#"{"error":{"code":"x"}}"#));
    }
}
