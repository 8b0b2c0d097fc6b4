//! What is asked of Graph.

use super::write_time;

/// The most rows a page may hold; what the service allows.
pub const PAGE_ROWS: u32 = 5000;
/// The longest window the service answers, in seconds: ten days.
pub const MAX_WINDOW_S: i64 = 10 * 86_400;
/// How far back the service has rows, in seconds: ninety days.
pub const RETENTION_S: i64 = 90 * 86_400;

/// One window of `receivedDateTime`, to be read from its newest row to its oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// The window's first second, since 1970-01-01 UTC.
    pub start_s: i64,
    /// The second after the window's last. The service takes both bounds as inclusive: rows that stand exactly on
    /// this one come along and belong to the next window.
    pub end_s: i64,
    /// Rows asked for in a page, 1 to [`PAGE_ROWS`].
    pub rows: u32,
}

impl Query {
    /// The query part of the URL, percent-encoded, without its question mark.
    #[must_use]
    pub fn to_query_string(&self) -> String {
        let mut text = format!("$top={}&$filter=receivedDateTime%20ge%20", self.rows);
        write_time(self.start_s, &mut text);
        text.push_str("%20and%20receivedDateTime%20le%20");
        write_time(self.end_s, &mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_unquoted_utc_seconds() {
        let query = Query {
            start_s: 1_768_867_200,
            end_s: 1_769_126_400,
            rows: 5000,
        };
        assert_eq!(
            query.to_query_string(),
            "$top=5000&$filter=receivedDateTime%20ge%202026-01-20T00:00:00Z%20and%20receivedDateTime%20le%20\
             2026-01-23T00:00:00Z"
        );
    }
}
