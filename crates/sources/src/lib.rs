//! Sources: where rows come from. One module for each service; nothing outside it knows the service's query syntax.
//!
//! Nothing here does I/O: a [`Query`] becomes a path to ask for, a body becomes a [`Page`], any other answer a
//! [`Verdict`].

pub mod graph;
pub mod reporting;
mod verdict;

use std::fmt;

use message_trace_rows::Keys;
pub use message_trace_rows::{Page, Row, parse_time_us, write_time};
pub use verdict::Verdict;

/// One window of the time of receipt, to be read from its newest row to its oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// The window's first second, since 1970-01-01 UTC.
    pub start_s: i64,
    /// The second after the window's last. The services take both bounds as inclusive: rows that stand exactly on this
    /// one come along and belong to the next window.
    pub end_s: i64,
    /// Rows asked for in a page, 1 to [`Source::page_rows`].
    pub rows: u32,
}

/// A question about one message to one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct DetailsQuery {
    /// The message's trace id, as the row has it.
    pub trace_id: String,
    /// The recipient's address, as the row has it.
    pub recipient: String,
    /// When the message was received, in seconds since 1970-01-01 UTC.
    pub received_s: i64,
}

impl fmt::Debug for DetailsQuery {
    /// Neither id nor address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DetailsQuery")
            .field("received_s", &self.received_s)
            .finish_non_exhaustive()
    }
}

/// What polling has to know of a service. Implemented once for each; [`ALL`] has them.
pub trait Source: fmt::Debug + Send + Sync {
    /// Its name in settings and in the ledger.
    fn name(&self) -> &'static str;

    /// What sentences call it.
    fn title(&self) -> &'static str;

    /// The setting that says where it is.
    fn url_setting(&self) -> &'static str;

    /// The most rows a page may hold.
    fn page_rows(&self) -> u32;

    /// The longest window that is asked for, in seconds.
    fn longest_window_s(&self) -> i64;

    /// How far back the service has rows, in seconds.
    fn retention_s(&self) -> i64;

    /// The first second that the service still has all rows of, at a time.
    fn retained_s(&self, now_s: i64) -> i64;

    /// The service's own path at its origin; `api` is the version that is asked for, where there are several.
    fn base(&self, api: &str) -> String;

    /// What is asked for a window: the path below the service's own, with its query, percent-encoded.
    fn path(&self, query: &Query) -> String;

    /// What is asked for the next page, as a path below the service's own, where the link that came may name another host.
    /// `None` if the link is followed as it is, at the same origin only.
    fn next_path(&self, _link: &str) -> Option<String> {
        None
    }

    /// What is asked for to learn what happened to a message: the path below the service's own, percent-encoded.
    fn details_path(&self, query: &DetailsQuery) -> String;

    /// Whether an answer to that holds a step at all. The service has none for a while after the row.
    fn has_steps(&self, body: &str) -> bool {
        has_steps(body)
    }

    /// Cuts an answer into rows. `None` if it is not a whole page of this service.
    fn page(&self, body: Vec<u8>, keys: &Keys) -> Option<Page>;

    /// Judges an answer by status, content type and, where two causes share a status, by what the body mentions.
    fn judge(&self, status: u16, content_type: Option<&str>, body: &[u8]) -> Verdict;

    /// Whether an answer that is no page has the form in which the service itself refuses. What answers in its place, such
    /// as a proxy, has another one.
    fn is_refusal(&self, content_type: Option<&str>, body: &[u8]) -> bool;

    /// What an administrator has to grant when the service says that a permission is missing.
    fn permission(&self) -> &'static str;
}

/// Every service, the default one first.
pub static ALL: [&dyn Source; 2] = [&graph::Graph, &reporting::Reporting];

/// The service of a name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn Source> {
    ALL.into_iter().find(|source| source.name() == name)
}

/// Whether an answer holds steps: `value`, `d.results`, or `d` as an array.
fn has_steps(body: &str) -> bool {
    /// Any object.
    #[derive(serde::Deserialize)]
    struct Step {}
    type Steps = Vec<Step>;
    #[derive(serde::Deserialize)]
    struct Answer {
        value: Option<Steps>,
        d: Option<Inner>,
    }
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Inner {
        Results { results: Steps },
        Array(Steps),
    }
    let Ok(Answer { value, d }) = serde_json::from_str(body) else {
        return false;
    };
    let inner = d.map(|d| match d {
        Inner::Results { results } => results,
        Inner::Array(steps) => steps,
    });
    value.or(inner).is_some_and(|steps| !steps.is_empty())
}

/// A text as it stands between the quotes of an OData literal in a path: apostrophes doubled, then percent-encoded but for
/// letters, digits and what RFC 3986 never reserves.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        match byte {
            b'\'' => out.push_str("%27%27"),
            b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => {
                let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value)]);
                out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    out
}

fn mentions(body: &[u8], text: &str) -> bool {
    memchr::memmem::find(&body.to_ascii_lowercase(), text.as_bytes()).is_some()
}

fn is_json(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_a_name_of_its_own() {
        for source in ALL {
            assert_eq!(named(source.name()).map(Source::name), Some(source.name()));
            assert!(source.longest_window_s() <= source.retention_s());
            assert!(source.retained_s(1_800_000_000) <= 1_800_000_000);
        }
        assert!(named("folder").is_none());
    }

    #[test]
    fn a_question_names_its_message_and_nothing_gets_out_of_the_quotes() {
        let query = DetailsQuery {
            trace_id: "4451a062-48cb".to_owned(),
            recipient: "o'neil+x/../y?#@bücher.example".to_owned(),
            received_s: 1_768_867_200,
        };
        let name = "o%27%27neil%2Bx%2F..%2Fy%3F%23%40b%C3%BCcher.example";
        assert_eq!(
            graph::Graph.details_path(&query),
            format!("/messageTraces/4451a062-48cb/getDetailsByRecipient(recipientAddress='{name}')")
        );
        let path = reporting::Reporting.details_path(&query);
        assert!(path.starts_with(
            "/MessageTraceDetail?$format=json&$filter=MessageTraceId%20eq%20guid'4451a062-48cb'"
        ));
        assert!(
            path.contains(&format!("RecipientAddress%20eq%20'{name}'")),
            "{path}"
        );
        assert!(!format!("{query:?}").contains("neil"));
        for source in ALL {
            assert!(source.has_steps(r#"{"value":[{"event":"Fail"}]}"#));
            assert!(source.has_steps(r#"{"d":{"results":[{"Event":"FAIL"}]}}"#));
            for none in [
                "",
                "{}",
                r#"{"value":[]}"#,
                r#"{"value":7}"#,
                "[1]",
                r#"{"d":{"results":[]}}"#,
                r#"{"value":[{"#,
            ] {
                assert!(!source.has_steps(none), "{none}");
            }
        }
    }
}
