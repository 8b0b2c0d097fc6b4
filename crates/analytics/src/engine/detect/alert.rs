//! An alert: its event, and what is printed of it.

use std::io::Write;

use anyhow::Result;
use chrono::{NaiveDate, SecondsFormat, Utc};
use serde_json::{Map, Value as Json, json};

use super::rules::{Rule, Subject};
use crate::engine::print::visible;

/// `event.action` of an alert that is new, and of one whose day is over.
pub(super) const RAISED: &str = "raised";
pub(super) const CLOSED: &str = "closed";

/// An alert of any kind of rule, ready to be raised.
pub(super) struct Found {
    /// `rule/who/day`.
    pub(super) id: String,
    /// Its event, as it is raised.
    pub(super) event: Json,
    /// What is printed of it.
    pub(super) line: String,
    /// What is printed of it where that is asked for, line by line.
    pub(super) why: Vec<String>,
}

impl Found {
    /// Prints it.
    pub(super) fn tell(&self, is_json: bool, is_explained: bool, out: &mut impl Write) -> Result<()> {
        if is_json {
            writeln!(out, "{}", self.event)?;
            return Ok(());
        }
        writeln!(out, "{}", visible(&self.line))?;
        if is_explained {
            for line in &self.why {
                writeln!(out, "    {}", visible(line))?;
            }
        }
        Ok(())
    }
}

/// What every alert's event says, before the rule, the techniques and the evidence.
pub(super) fn event(id: &str, time: &str, severity: u8, reason: &str) -> Json {
    json!({
        "@timestamp": time,
        "ecs": { "version": "9.4.0" },
        "event": {
            "kind": "alert", "category": ["email"], "type": ["info"], "action": RAISED,
            "id": format!("{id}/{RAISED}"), "severity": severity, "module": "m365",
            "dataset": "m365.message_trace.alert", "created": now(), "reason": reason,
        },
    })
}

/// Makes an event that of an alert which is over.
pub(super) fn close(id: &str, event: &mut Json) {
    event["event"]["action"] = json!(CLOSED);
    event["event"]["id"] = json!(format!("{id}/{CLOSED}"));
    event["event"]["sequence"] = json!(1);
    event["event"]["created"] = json!(now());
    event["m365"]["message_trace"]["alert"]["id"] = json!(id);
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An alert of one of the program's own rules.
pub(in crate::engine) struct Alert {
    pub(super) rule: &'static Rule,
    pub(super) id: String,
    pub(super) who: String,
    pub(super) day: NaiveDate,
    pub(super) observed: i64,
    /// What `observed` counts.
    pub(super) unit: String,
    pub(super) at_least: i64,
    /// The answer's row.
    pub(super) facts: Map<String, Json>,
    pub(super) evidence: Vec<String>,
}

impl Alert {
    /// Why, in words.
    pub(super) fn reason(&self) -> String {
        let Self {
            rule,
            who,
            day,
            observed,
            unit,
            at_least,
            ..
        } = self;
        let mut why = format!("{}: {who} on {day}, {observed} {unit}", rule.name);
        let number = |column: &str| self.facts.get(column).and_then(Json::as_f64);
        let usual: Vec<String> = self
            .facts
            .keys()
            .filter_map(|column| column.strip_prefix("usual_"))
            .filter_map(|column| {
                let (is, was) = (number(column)?, number(&format!("usual_{column}"))?);
                Some(format!("; {column} {is:.0}, usually {was:.0}"))
            })
            .collect();
        if usual.is_empty() {
            why = format!("{why}; the threshold is {at_least}");
        }
        why.extend(usual);
        why
    }

    /// It, ready to be raised.
    pub(super) fn found(&self) -> Found {
        let Rule {
            id,
            name,
            severity,
            tactic,
            technique,
            ..
        } = self.rule;
        let time = format!("{}T00:00:00.000Z", self.day);
        let mut event = event(&self.id, &time, *severity, &self.reason());
        event["rule"] = json!({ "id": id, "name": name });
        event["threat"] = json!({
            "framework": "MITRE ATT&CK",
            "tactic": { "id": [tactic.0], "name": [tactic.1] },
            "technique": technique.event(),
        });
        event["m365"] = json!({ "message_trace": { "alert": {
            "id": self.id, "day": self.day.to_string(), "observed": self.observed, "threshold": self.at_least,
            "unit": self.unit, "question": self.rule.question, "facts": self.facts, "event_ids": self.evidence,
        } } });
        match self.rule.subject {
            Subject::User => {
                event["user"] = json!({ "email": self.who });
                event["related"] = json!({ "user": [self.who] });
            }
            Subject::Domain => {
                event["source"] = json!({ "domain": self.who });
                event["related"] = json!({ "hosts": [self.who] });
            }
        }
        let (at_least, least) = (self.at_least, self.rule.at_least);
        let mut why = vec![self.reason()];
        why.extend(self.facts.iter().map(|(name, value)| format!("{name}: {value}")));
        why.push(format!(
            "rule {id}: at least {at_least} {} (by default {least})",
            self.unit
        ));
        Found {
            id: self.id.clone(),
            event,
            line: format!(
                "{}  {:<22}{}  {} {}",
                self.day, id, self.who, self.observed, self.unit
            ),
            why,
        }
    }
}
