//! What rules of Sigma found, as the report shows it.

use chrono::{DateTime, NaiveDate, NaiveTime};
use message_trace_sigma::{About, Pack};
use serde_json::Value as Json;

use super::hits::{Hit, Hits};
use crate::engine::detect::attack::threat;
use crate::engine::detect::detection::{Detection, Named, level, term};
use crate::engine::detect::rules::Thresholds;

/// The fields that a correlation may count by, and what finds their values in the page's search.
const WORDS: [(&str, &str, &str); 7] = [
    ("source.user.email", "from", ""),
    ("destination.user.email", "to", ""),
    ("source.user.domain", "from", "@"),
    ("destination.user.domain", "to", "@"),
    ("source.ip", "ip", ""),
    ("destination.ip", "ip", ""),
    ("email.subject", "subject", ""),
];

impl Hits {
    /// What may be raised, for a report of an archive whose newest day is that.
    pub(in crate::engine) fn detections(
        self,
        newest: NaiveDate,
        pack: &Pack,
        thresholds: &Thresholds,
    ) -> Vec<Detection> {
        let found = self.allowed(pack, thresholds);
        found
            .map(|(_, hit, about)| hit.detection(newest, about))
            .collect()
    }
}

impl Hit {
    fn detection(&self, newest: NaiveDate, about: &About) -> Detection {
        let midnight = self.day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let (first, last) = (
            milliseconds(&self.time).unwrap_or(midnight),
            milliseconds(&self.last).unwrap_or(midnight),
        );
        let span = i64::try_from(self.timespan_s)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000);
        let techniques = threat(&self.tags).map(|threat| threat["technique"]["id"].clone());
        let techniques = techniques.as_ref().and_then(Json::as_array).into_iter().flatten();
        Detection {
            rule: Named {
                id: self.rule.clone(),
                name: self.title.clone(),
            },
            level: level(self.severity()),
            time: midnight,
            entity: self.entity(),
            from: first.saturating_sub(span),
            to: last.saturating_add(1),
            observed: self.observed,
            threshold: about.threshold.and_then(|least| i64::try_from(least).ok()),
            unit: self.unit(about),
            reason: self.reason(about),
            technique: techniques
                .filter_map(|id| id.as_str().map(str::to_owned))
                .collect(),
            query: self.query(),
            is_open: self.day >= newest,
        }
    }

    /// Whom it is about, one after the other.
    fn entity(&self) -> String {
        let values: Vec<&str> = self.facts.values().filter_map(Json::as_str).collect();
        if values.is_empty() {
            self.who.clone()
        } else {
            values.join(", ")
        }
    }

    /// What finds its messages, in the words of the page's search; nothing if no word does.
    fn query(&self) -> String {
        let words = WORDS.iter().filter_map(|(field, key, before)| {
            let value = self.facts.get(*field)?.as_str()?;
            Some(term(key, &format!("{before}{value}")))
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

fn milliseconds(time: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(time)
        .ok()
        .map(|time| time.timestamp_millis())
}
