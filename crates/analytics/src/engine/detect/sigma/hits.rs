//! What rules found, as alerts: one for each rule, whom it is about, and day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use message_trace_sigma::{About, Pack};
use rsigma_eval::EvaluationResult;
use rsigma_parser::Level;
use serde_json::{Map, Value as Json, json};

use super::EVIDENCE;
use crate::engine::detect::alert::{Found, event};
use crate::engine::detect::attack::threat;
use crate::engine::detect::rules::Thresholds;

/// Alerts of one run, at most.
const MOST_HITS: usize = 10_000;

/// A rule of which nothing more is known.
static UNKNOWN: About = About {
    place: String::new(),
    reference: None,
    threshold: None,
    counted: None,
};

/// Everything that was found.
#[derive(Default)]
pub(in crate::engine) struct Hits {
    by_id: BTreeMap<String, Hit>,
    /// Alerts beyond the most.
    left_out: usize,
}

/// An alert of a rule.
pub(super) struct Hit {
    pub(super) day: NaiveDate,
    /// The time of the first event that made it one, and of the last.
    pub(super) time: String,
    pub(super) last: String,
    pub(super) title: String,
    pub(super) rule: String,
    level: Option<Level>,
    pub(super) tags: Vec<String>,
    pub(super) who: String,
    /// Fields that say whom it is about, with their values.
    pub(super) facts: Map<String, Json>,
    pub(super) observed: i64,
    is_correlation: bool,
    /// What a correlation looks back; 0 for a rule that looks at one event.
    pub(super) timespan_s: u64,
    event_ids: Vec<String>,
}

impl Hits {
    /// Adds a result of an event.
    pub(super) fn add(&mut self, day: NaiveDate, event: &Json, result: &EvaluationResult) {
        let header = &result.header;
        let rule = header
            .rule_id
            .clone()
            .unwrap_or_else(|| header.rule_title.clone());
        let correlation = result.as_correlation();
        let facts: Map<String, Json> = match correlation {
            Some(found) => found
                .group_key
                .iter()
                .map(|(field, value)| (field.clone(), json!(value)))
                .collect(),
            None => about(event),
        };
        let values: Vec<&str> = facts.values().filter_map(Json::as_str).collect();
        let who = if values.is_empty() {
            "all".to_owned()
        } else {
            values.join(" ")
        };
        let id = format!("{rule}/{who}/{day}");
        if !self.by_id.contains_key(&id) && self.by_id.len() >= MOST_HITS {
            self.left_out += 1;
            return;
        }
        let hit = self.by_id.entry(id).or_insert_with(|| Hit {
            day,
            time: text(event, "/@timestamp"),
            last: String::new(),
            title: header.rule_title.clone(),
            rule,
            level: header.level,
            tags: header.tags.clone(),
            who,
            facts,
            observed: 0,
            is_correlation: correlation.is_some(),
            timespan_s: correlation.map_or(0, |found| found.timespan_secs),
            event_ids: Vec::new(),
        });
        hit.last = text(event, "/@timestamp");
        let Some(found) = correlation else {
            hit.observed += 1;
            return hit.name(text(event, "/_id"));
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a count, or a sum of bytes far below 2^53"
        )]
        let observed = found.aggregated_value as i64;
        hit.observed = hit.observed.max(observed);
        for id in found
            .event_refs
            .iter()
            .flatten()
            .filter_map(|event| event.id.clone())
        {
            hit.name(id);
        }
    }

    /// Adds what may be raised.
    pub(in crate::engine::detect) fn into_found(
        self,
        pack: &Pack,
        thresholds: &Thresholds,
        found: &mut Vec<Found>,
    ) {
        found.extend(
            self.allowed(pack, thresholds)
                .map(|(id, hit, about)| hit.found(&id, about)),
        );
    }

    /// What may be raised, by id, with what is known of its rule.
    pub(super) fn allowed<'a>(
        self,
        pack: &'a Pack,
        thresholds: &'a Thresholds,
    ) -> impl Iterator<Item = (String, Hit, &'a About)> {
        if self.left_out > 0 {
            eprintln!(
                "message-trace: Sigma's rules found more than {MOST_HITS} alerts in one run; {} results are left out: narrow a \
                 rule, or name whom to leave alone with --thresholds",
                self.left_out
            );
        }
        let is_left_alone = |value: &Json| value.as_str().is_some_and(|who| thresholds.allows_anywhere(who));
        let raised = self
            .by_id
            .into_iter()
            .filter(move |(_, hit)| !hit.facts.values().any(is_left_alone));
        raised.map(|(id, hit)| {
            let about = pack.about.get(&hit.rule).unwrap_or(&UNKNOWN);
            (id, hit, about)
        })
    }
}

impl Hit {
    fn name(&mut self, event_id: String) {
        if !event_id.is_empty() && self.event_ids.len() < EVIDENCE && !self.event_ids.contains(&event_id) {
            self.event_ids.push(event_id);
        }
    }

    /// What is counted.
    pub(super) fn unit(&self, about: &About) -> String {
        match &about.counted {
            Some(field) if self.is_correlation => format!("of {field}"),
            _ => "messages".to_owned(),
        }
    }

    pub(super) fn reason(&self, about: &About) -> String {
        let mut why = format!(
            "{}: {} on {}, {} {}",
            self.title,
            self.who,
            self.day,
            self.observed,
            self.unit(about)
        );
        if self.is_correlation {
            why = format!("{why} within {} s", self.timespan_s);
        }
        if let Some(threshold) = about.threshold {
            why = format!("{why}; the threshold is {threshold}");
        }
        why
    }

    /// `event.severity`.
    pub(super) const fn severity(&self) -> u8 {
        severity(self.level)
    }

    fn found(&self, id: &str, about: &About) -> Found {
        let reason = self.reason(about);
        let mut event = event(id, &self.time, self.severity(), &reason);
        event["rule"] = json!({ "id": self.rule, "name": self.title, "ruleset": "sigma" });
        if let Some(reference) = &about.reference {
            event["rule"]["reference"] = json!(reference);
        }
        if let Some(threat) = threat(&self.tags) {
            event["threat"] = threat;
        }
        let mut alert = json!({
            "id": id, "day": self.day.to_string(), "observed": self.observed, "unit": self.unit(about),
            "question": "sigma", "facts": self.facts, "event_ids": self.event_ids,
        });
        if let Some(threshold) = about.threshold {
            alert["threshold"] = json!(threshold);
        }
        event["m365"] = json!({ "message_trace": { "alert": alert } });
        self.name_subjects(&mut event);
        let mut why = vec![reason];
        why.extend(
            self.facts
                .iter()
                .map(|(field, value)| format!("{field}: {value}")),
        );
        why.extend(self.event_ids.iter().map(|id| format!("event: {id}")));
        why.push(format!("rule {} at {}", self.rule, about.place));
        Found {
            id: id.to_owned(),
            event,
            line: format!(
                "{}  {:<22}{}  {} {}",
                self.day,
                self.title,
                self.who,
                self.observed,
                self.unit(about)
            ),
            why,
        }
    }

    /// Whom it is about, in the fields that other alerts have for it.
    fn name_subjects(&self, event: &mut Json) {
        let (mut users, mut hosts) = (Vec::new(), Vec::new());
        for (field, value) in &self.facts {
            if field.ends_with(".domain") {
                hosts.push(value.clone());
            } else if value.as_str().is_some_and(|value| value.contains('@')) {
                users.push(value.clone());
            }
        }
        if let Some(user) = users.first() {
            event["user"] = json!({ "email": user });
        } else if let Some(host) = hosts.first() {
            event["source"] = json!({ "domain": host });
        }
        let mut related = Map::new();
        for (key, values) in [("user", users), ("hosts", hosts)] {
            if !values.is_empty() {
                related.insert(key.to_owned(), Json::Array(values));
            }
        }
        if !related.is_empty() {
            event["related"] = Json::Object(related);
        }
    }
}

/// Whom an event is about: the recipient of mail that comes in, or that has no sender; the sender of all other.
fn about(event: &Json) -> Map<String, Json> {
    let sender = ("source.user.email", text(event, "/source/user/email"));
    let recipient = ("destination.user.email", text(event, "/destination/user/email"));
    let is_inbound = text(event, "/email/direction") == "inbound";
    let order = if is_inbound {
        [recipient, sender]
    } else {
        [sender, recipient]
    };
    let first = order.into_iter().find(|(_, address)| !address.is_empty());
    first
        .into_iter()
        .map(|(field, address)| (field.to_owned(), json!(address)))
        .collect()
}

fn text(event: &Json, pointer: &str) -> String {
    event
        .pointer(pointer)
        .and_then(Json::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// `event.severity`, as Elastic's rules have it. A rule without a level is low.
const fn severity(level: Option<Level>) -> u8 {
    match level {
        Some(Level::Informational) => 10,
        None | Some(Level::Low) => 21,
        Some(Level::Medium) => 47,
        Some(Level::High) => 73,
        Some(Level::Critical) => 99,
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use rsigma_eval::Engine;
    use rsigma_eval::event::JsonEvent;
    use rsigma_parser::parse_sigma_yaml;
    use serde_json::json;

    use super::{EVIDENCE, Hits, MOST_HITS};

    const RULE: &str = "title: Any\nid: any\nlogsource:\n    product: m365\ndetection:\n    selection:\n        \
                        email.direction: outbound\n    condition: selection\n";

    #[test]
    fn alerts_and_what_they_name_are_bounded() {
        let mut engine = Engine::new();
        let rules = parse_sigma_yaml(RULE).unwrap_or_else(|error| unreachable!("{error}"));
        assert!(engine.add_collection(&rules).is_ok());
        let mut hits = Hits::default();
        let mut send = |sender: usize, id: usize| {
            let event = json!({
                "_id": id.to_string(), "@timestamp": "2025-06-20T10:30:00Z", "email": { "direction": "outbound" },
                "source": { "user": { "email": format!("user{sender}@contoso.com") } },
            });
            for result in engine.evaluate(&JsonEvent::borrow(&event)) {
                hits.add(NaiveDate::default(), &event, &result);
            }
        };
        for id in 0..=EVIDENCE {
            send(0, id);
        }
        for sender in 1..=MOST_HITS {
            send(sender, 0);
        }
        assert_eq!((hits.by_id.len(), hits.left_out), (MOST_HITS, 1));
        let first = hits.by_id.get("any/user0@contoso.com/1970-01-01");
        let counted = first.map(|hit| (hit.observed, hit.event_ids.len()));
        assert_eq!(counted, Some((101, EVIDENCE)));
    }
}
