//! The tenant, day by day.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use crate::calendar::Day;
use crate::incidents::{self, Incident};
use crate::mail::Mail;
use crate::people::People;
use crate::{oddities, traffic};

/// How large a tenant, from when on, and which chance.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Decides all chance: the same plan gives the same rows.
    pub seed: u64,
    /// Mailboxes, 100 to 200,000.
    pub users: u32,
    /// The first day.
    pub first: NaiveDate,
    /// How many days, at most 3,650.
    pub days: u16,
    /// Mail to the outside in proportion: with 1, half of the office people send more than one message in two weekdays.
    pub mail: f64,
}

impl Plan {
    /// A plan that begins on 1 January 2025, with little mail a user.
    #[must_use]
    pub fn new(seed: u64, users: u32, days: u16) -> Self {
        Self {
            seed,
            users,
            first: NaiveDate::from_ymd_opt(2025, 1, 1).unwrap_or_default(),
            days,
            mail: 1.0,
        }
    }

    /// The date of a day by its number, the first being 0.
    #[must_use]
    pub fn date(&self, number: i32) -> NaiveDate {
        self.first + Days::new(u64::from(number.unsigned_abs()))
    }
}

/// All mail of a plan, made day by day.
#[derive(Debug)]
pub struct Tenant {
    plan: Plan,
    people: People,
    incidents: Vec<Incident>,
    planted: BTreeMap<i32, Vec<Mail>>,
    next: i32,
    messages: u64,
}

impl Tenant {
    /// The tenant before its first day.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let people = People::new(&plan);
        let (incidents, planted) = incidents::plant(&plan, &people);
        Self {
            plan,
            people,
            incidents,
            planted,
            next: 0,
            messages: 0,
        }
    }

    /// What is planted, all days together.
    #[must_use]
    pub fn truth(&self) -> &[Incident] {
        &self.incidents
    }

    /// Appends the rows of the next day as Graph writes them, one a line, by time; gives back the day, `None` after the last.
    pub fn push_day(&mut self, rows: &mut String) -> Option<NaiveDate> {
        if self.next >= i32::from(self.plan.days) {
            return None;
        }
        let day = Day::of(&self.plan, self.next);
        let mut mails = traffic::ordinary(&self.plan, &mut self.people, day);
        mails.extend(oddities::honest(&self.plan, &self.people, day));
        mails.extend(self.planted.remove(&self.next).unwrap_or_default());
        mails.sort_by_key(|mail| mail.at);
        for mail in &mails {
            mail.push_rows(rows, day.date, self.plan.seed, self.messages);
            self.messages += 1;
        }
        self.next += 1;
        Some(day.date)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{HISTORY, Kind};

    fn rows(seed: u64) -> (String, Vec<Incident>) {
        let mut tenant = Tenant::new(Plan::new(seed, 200, 70));
        let mut rows = String::new();
        while tenant.push_day(&mut rows).is_some() {}
        (rows, tenant.truth().to_vec())
    }

    #[test]
    fn the_same_seed_gives_the_same_rows_and_another_gives_others() {
        let (first, truth) = rows(7);
        assert!(rows(7) == (first.clone(), truth));
        assert!(rows(8).0 != first);
    }

    #[test]
    fn every_kind_is_planted_after_the_history_and_its_rows_are_there() {
        let (rows, truth) = rows(7);
        let kinds = truth
            .iter()
            .map(|incident| incident.kind)
            .collect::<BTreeSet<_>>();
        assert_eq!(kinds.len(), Kind::ALL.len());
        let begin = Plan::new(7, 200, 70).date(HISTORY);
        for incident in &truth {
            assert!(incident.first >= begin && incident.last >= incident.first && incident.rows > 0);
            assert!(rows.contains(&incident.who), "{}", incident.who);
        }
        let ids = rows.lines().map(|row| {
            let row = serde_json::from_str::<serde_json::Value>(row).unwrap_or_default();
            format!("{} {}", row["id"], row["recipientAddress"])
        });
        assert_eq!(
            ids.collect::<BTreeSet<_>>().len(),
            rows.lines().count(),
            "a row's key is its own"
        );
    }
}
