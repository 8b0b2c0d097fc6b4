//! `$filter` of the Reporting Web Service: `OData` 2 literals, `eq` only.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::tenant::{Row, State};

/// What a filter asks for. `eq` on the two dates means a window, not equality.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
    recipient: Option<String>,
    sender: Option<String>,
    status: Option<String>,
    id: Option<String>,
}

impl Filter {
    /// Reads a filter; `None` when it is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut filter = Self::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (property, after) = rest.split_once(' ')?;
            let after = after.trim_start().strip_prefix("eq ")?.trim_start();
            let (value, after) = literal(after)?;
            match property.to_ascii_lowercase().as_str() {
                "startdate" => filter.from = Some(time(&value)?),
                "enddate" => filter.to = Some(time(&value)?),
                "recipientaddress" => filter.recipient = Some(value),
                "senderaddress" => filter.sender = Some(value),
                "status" => filter.status = Some(value),
                "messagetraceid" => filter.id = Some(value),
                _ => return None,
            }
            rest = after.trim_start();
            if !rest.is_empty() {
                rest = rest.strip_prefix("and ")?.trim_start();
            }
        }
        Some(filter)
    }

    pub(crate) fn passes(&self, row: &Row, state: &State) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted
                .as_ref()
                .is_none_or(|text| text.eq_ignore_ascii_case(found))
        };
        same(&self.recipient, &row.recipient)
            && same(&self.sender, row.message.sender.as_deref().unwrap_or_default())
            && same(&self.status, state.status.reporting())
            && same(&self.id, &row.message.id)
    }
}

/// The text of a literal such as `guid'…'`, in which two apostrophes are one, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let (_, mut rest) = text.split_once('\'')?;
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim_end_matches('Z');
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_window_and_an_address() {
        let filter = Filter::read(
            "StartDate eq datetime'2026-04-19T00:00:00Z' and EndDate eq datetime'2026-04-20T00:00:00Z' and \
             MessageTraceId eq guid'ab'",
        )
        .unwrap();
        assert_eq!(
            filter.to.unwrap() - filter.from.unwrap(),
            chrono::Duration::days(1)
        );
        assert_eq!(filter.id.as_deref(), Some("ab"));
        let filter = Filter::read("RecipientAddress eq 'd''angelo@example.com' and Status eq ''").unwrap();
        assert_eq!(
            (filter.recipient.as_deref(), filter.status.as_deref()),
            (Some("d'angelo@example.com"), Some(""))
        );
        assert_eq!(Filter::read("RecipientAddress eq 'd''angelo@example.com"), None);
        assert_eq!(Filter::read("StartDate ge datetime'2026-04-19T00:00:00Z'"), None);
    }
}
