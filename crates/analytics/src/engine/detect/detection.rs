//! An alert as the report shows it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde::Serialize;
use serde_json::Value as Json;

use super::alert::Alert;
use super::rules::Subject;

/// One alert of a report; times are milliseconds since 1970 UTC, a span is half-open.
#[derive(Clone, Debug, Serialize)]
pub(in crate::engine) struct Detection {
    pub(in crate::engine) rule: Named,
    pub(in crate::engine) level: &'static str,
    pub(in crate::engine) time: i64,
    pub(in crate::engine) entity: String,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(in crate::engine) observed: i64,
    /// Left out where what is usual counts, not a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) threshold: Option<i64>,
    pub(in crate::engine) unit: String,
    pub(in crate::engine) reason: String,
    pub(super) technique: Vec<String>,
    /// Empty if no word of the page's search finds its messages.
    pub(super) query: String,
    #[serde(rename = "isOpen")]
    pub(super) is_open: bool,
}

/// A rule's id and name.
#[derive(Clone, Debug, Serialize)]
pub(in crate::engine) struct Named {
    pub(in crate::engine) id: String,
    pub(in crate::engine) name: String,
}

impl Alert {
    /// It, for a report of an archive whose newest day is that.
    pub(in crate::engine) fn detection(&self, newest: NaiveDate) -> Detection {
        let (from, to) = self.window();
        Detection {
            rule: Named {
                id: self.rule.id.to_owned(),
                name: self.rule.name.to_owned(),
            },
            level: level(self.rule.severity),
            time: milliseconds(midnight(self.day)),
            entity: self.who.clone(),
            from,
            to,
            observed: self.observed,
            threshold: Some(self.at_least).filter(|&least| least > 1),
            unit: self.unit.clone(),
            reason: self.reason(),
            technique: vec![self.rule.technique.id().to_owned()],
            query: self.query(),
            is_open: self.day >= newest,
        }
    }

    /// The span that the rule looked at.
    fn window(&self) -> (i64, i64) {
        let at = |column| self.time(column);
        let (from, to) = match (at("hour"), at("begin")) {
            (Some(hour), _) => (Some(hour), Some(hour + TimeDelta::hours(1))),
            (None, Some(begin)) => (Some(begin), Some(begin + TimeDelta::minutes(30))),
            (None, None) => (None, None),
        };
        let day = midnight(self.day);
        let to = to.unwrap_or(day + TimeDelta::days(1));
        (milliseconds(from.unwrap_or(day)), milliseconds(to))
    }

    fn time(&self, column: &str) -> Option<NaiveDateTime> {
        let text = self.facts.get(column).and_then(Json::as_str)?;
        NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%dT%H:%M:%S%.f").ok()
    }

    /// What finds its messages, in the words of the page's search.
    fn query(&self) -> String {
        let Self { rule, who, .. } = self;
        match (rule.subject, rule.id) {
            (Subject::Domain, "lookalike-domain") => term("domain", who),
            (Subject::Domain, _) => format!("{} status:failed", term("from", &format!("@{who}"))),
            (Subject::User, "backscatter") => format!("{} from:<>", term("to", who)),
            (Subject::User, _) => match self.facts.get("recipient").and_then(Json::as_str) {
                Some(recipient) => format!("{} {}", term("from", who), term("to", recipient)),
                None => term("from", who),
            },
        }
    }
}

/// A word of the page's search.
pub(super) fn term(key: &str, value: &str) -> String {
    let is_quoted = value
        .chars()
        .any(|letter| letter.is_whitespace() || letter == '"');
    if is_quoted {
        format!("{key}:\"{}\"", value.replace('"', " "))
    } else {
        format!("{key}:{value}")
    }
}

/// `event.severity` in a word.
pub(super) const fn level(severity: u8) -> &'static str {
    match severity {
        ..35 => "low",
        35..60 => "medium",
        60..90 => "high",
        90.. => "critical",
    }
}

fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

fn milliseconds(time: NaiveDateTime) -> i64 {
    DateTime::timestamp_millis(&time.and_utc())
}
