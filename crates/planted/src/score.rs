//! Alerts against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::incidents::{Incident, Kind};

/// Days after an incident on which an alert still tells of it.
const TOLERANCE: Days = Days::new(1);

/// What was raised: which rule, about whom, for which day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Raised {
    /// The rule's id.
    pub rule: String,
    /// An address or a domain.
    pub who: String,
    /// The day that it is about.
    pub day: NaiveDate,
}

impl Raised {
    /// Whether it tells of an incident: the right rule, the right one, the right days.
    fn tells_of(&self, incident: &Incident, any_rule: bool) -> bool {
        self.who.eq_ignore_ascii_case(&incident.who)
            && (incident.first..=incident.last + TOLERANCE).contains(&self.day)
            && (any_rule || incident.kind.rules().contains(&self.rule.as_str()))
    }
}

/// Of a rule: alerts, and how many of them tell of no incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// All alerts.
    pub alerts: usize,
    /// Those that tell of no incident.
    pub wrong: usize,
}

/// How good alerts are.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// By rule.
    pub rules: BTreeMap<String, Counted>,
    /// By kind: planted, found.
    pub kinds: BTreeMap<Kind, (usize, usize)>,
    /// Alerts that tell of no incident.
    pub wrong: Vec<Raised>,
    /// Incidents of which no alert tells.
    pub missed: Vec<Incident>,
    /// Users times days that counted.
    user_days: f64,
}

impl Score {
    /// Holds alerts against incidents. `any_rule` takes an alert of whatever rule, for what has one rule only.
    #[must_use]
    pub fn new(truth: &[Incident], alerts: &[Raised], any_rule: bool, user_days: f64) -> Self {
        let mut rules = BTreeMap::<String, Counted>::new();
        let mut kinds = BTreeMap::<Kind, (usize, usize)>::new();
        let mut by_name = BTreeMap::<&str, Vec<(usize, &Incident)>>::new();
        for (place, incident) in truth.iter().enumerate() {
            by_name.entry(&incident.who).or_default().push((place, incident));
        }
        let (mut wrong, mut found) = (Vec::new(), BTreeSet::new());
        for alert in alerts {
            let counted = rules.entry(alert.rule.clone()).or_default();
            counted.alerts += 1;
            let mut tells = false;
            for (place, incident) in by_name
                .get(alert.who.to_lowercase().as_str())
                .into_iter()
                .flatten()
            {
                if alert.tells_of(incident, any_rule) {
                    tells = true;
                    found.insert(*place);
                }
            }
            if !tells {
                counted.wrong += 1;
                wrong.push(alert.clone());
            }
        }
        let mut missed = Vec::new();
        for (place, incident) in truth.iter().enumerate() {
            let kind = kinds.entry(incident.kind).or_default();
            kind.0 += 1;
            if found.contains(&place) {
                kind.1 += 1;
            } else {
                missed.push(incident.clone());
            }
        }
        Self {
            rules,
            kinds,
            wrong,
            missed,
            user_days,
        }
    }

    /// Incidents that were planted, and that were found.
    #[must_use]
    pub fn found(&self) -> (usize, usize) {
        let add = |sum: (usize, usize), one: &(usize, usize)| (sum.0 + one.0, sum.1 + one.1);
        self.kinds.values().fold((0, 0), add)
    }

    /// Share of incidents that were found, 0 to 1.
    #[must_use]
    pub fn recall(&self) -> f64 {
        let (planted, found) = self.found();
        share(found, planted)
    }

    /// Share of alerts that tell of an incident, 0 to 1.
    #[must_use]
    pub fn precision(&self) -> f64 {
        let alerts = self.rules.values().map(|rule| rule.alerts).sum::<usize>();
        share(alerts - self.wrong.len(), alerts)
    }

    /// Incidents found among these and all that was wrongly alerted, 0 to 1: an incident that raises ten alerts counts once, and
    /// so does somebody on a day who did nothing, whatever rules say it. It is the harder of the two.
    #[must_use]
    pub fn precision_of_cases(&self) -> f64 {
        let wrong = self
            .wrong
            .iter()
            .map(|alert| (&alert.who, alert.day))
            .collect::<BTreeSet<_>>();
        let (_, found) = self.found();
        share(found, found + wrong.len())
    }

    /// Wrong alerts for 10,000 users and a day.
    #[must_use]
    pub fn wrong_a_day(&self) -> f64 {
        crate::chance::real(self.wrong.len()) * 10_000.0 / self.user_days
    }
}

/// A part of a whole; of nothing all is there.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 1.0;
    }
    crate::chance::real(part) / crate::chance::real(whole)
}

impl fmt::Display for Score {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rule, counted) in &self.rules {
            let right = share(counted.alerts - counted.wrong, counted.alerts);
            writeln!(
                out,
                "  rule {rule:<24}{:>7} alerts{:>7} wrong{:>8.1} % right",
                counted.alerts,
                counted.wrong,
                right * 100.0
            )?;
        }
        for (kind, (planted, found)) in &self.kinds {
            writeln!(
                out,
                "  kind {:<24}{planted:>7} planted{found:>6} found",
                kind.name()
            )?;
        }
        let (planted, found) = self.found();
        writeln!(
            out,
            "  precision {:.3} of alerts, {:.3} of cases; recall {:.3} ({found} of {planted}); {:.3} wrong alerts for 10,000 users and a day",
            self.precision(),
            self.precision_of_cases(),
            self.recall(),
            self.wrong_a_day()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2025, 6, number).unwrap_or_default()
    }

    fn raised(rule: &str, who: &str, number: u32) -> Raised {
        Raised {
            rule: rule.to_owned(),
            who: who.to_owned(),
            day: day(number),
        }
    }

    fn incident(kind: Kind, who: &str, first: u32, last: u32) -> Incident {
        Incident {
            kind,
            who: who.to_owned(),
            first: day(first),
            last: day(last),
            rows: 1,
            bytes: 1,
        }
    }

    #[test]
    fn an_alert_counts_with_its_rule_its_address_and_its_day() {
        let truth = [
            incident(Kind::FastCount, "anna@contoso.com", 10, 10),
            incident(Kind::SlowCount, "ben@contoso.com", 10, 14),
            incident(Kind::LookAlike, "c0ntoso.com", 3, 3),
        ];
        let alerts = [
            raised("unusual-volume", "Anna@contoso.com", 11),
            raised("unusual-volume", "ben@contoso.com", 12),
            raised("own-private-address", "ben@contoso.com", 13),
            // Another rule, too early, too late, somebody else.
            raised("fan-out", "anna@contoso.com", 10),
            raised("unusual-volume", "anna@contoso.com", 9),
            raised("lookalike-domain", "c0ntoso.com", 5),
            raised("unusual-volume", "dan@contoso.com", 10),
        ];
        let score = Score::new(&truth, &alerts, false, 20_000.0);
        assert_eq!(score.found(), (3, 2));
        assert_eq!(score.wrong.len(), 4);
        assert_eq!(score.missed, truth[2..]);
        assert!((score.recall() - 2.0 / 3.0).abs() < 1e-9);
        assert!((score.precision() - 3.0 / 7.0).abs() < 1e-9);
        assert!((score.precision_of_cases() - 2.0 / 6.0).abs() < 1e-9);
        assert!((score.wrong_a_day() - 2.0).abs() < 1e-9);
        assert_eq!(Score::new(&truth, &alerts, true, 20_000.0).wrong.len(), 3);
    }

    #[test]
    fn nothing_raised_and_nothing_planted_is_no_fault() {
        let score = Score::new(&[], &[], false, 1.0);
        assert!(score.recall() >= 1.0 && score.precision() >= 1.0 && score.wrong_a_day() <= 0.0);
    }
}
