//! The tenant: every row there is, made hour by hour when somebody first asks, and what each says at which time.

mod people;
mod row;
mod hours;
mod states;
mod traffic;

pub use people::{DOMAIN, LOOK_ALIKES, PRIVATE_MAILBOX};
pub use row::{Kind, Message, Row, State, Status};

pub(crate) use row::push_time;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::Settings;
use crate::chance::stream;

const PEOPLE: u64 = 0x7065_6f70;

/// All rows of a tenant, made on demand and the same for the same settings.
#[derive(Debug)]
pub struct Tenant {
    plan: traffic::Plan,
    people: people::People,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    hours: BTreeMap<i64, Vec<Row>>,
}

/// A row's place in the tenant: its hour since 1970 and its position there, oldest first. It never moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) hour: i64,
    pub(crate) index: usize,
}

impl Tenant {
    /// A tenant that has made no row yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let plan = traffic::Plan {
            seed: settings.seed,
            rows_per_day: settings.rows_per_day,
            rhythm: settings.rhythm,
            exfiltration_at: settings.exfiltration_at,
            delays: settings.delays.clone(),
            changes: settings.changes.clone(),
        };
        let people = people::People::new(&mut stream(settings.seed, PEOPLE, 0), settings.users);
        Self {
            plan,
            people,
            from: settings.from,
            until: settings.until,
            hours: BTreeMap::new(),
        }
    }

    /// All rows received in a window, both bounds inclusive, oldest first; visible or not.
    pub fn rows(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> impl DoubleEndedIterator<Item = &Row> {
        self.placed_rows(from, to).map(|(_, row)| row)
    }

    pub(crate) fn placed_rows(
        &mut self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl DoubleEndedIterator<Item = (Place, &Row)> {
        let (from, to) = (from.max(self.from), self.until.map_or(to, |until| to.min(until)));
        let (first, last) = (hour_of(from), hour_of(to));
        for hour in first..=last {
            self.make(hour);
        }
        // An empty window may have its bounds the wrong way round, which a map's range refuses.
        let range = if from > to { first..first } else { first..last + 1 };
        self.hours.range(range).flat_map(move |(hour, rows)| {
            let begin = if *hour == first {
                rows.partition_point(|row| row.message.received < from)
            } else {
                0
            };
            let end = if *hour == last {
                rows.partition_point(|row| row.message.received <= to)
            } else {
                rows.len()
            };
            rows[begin..end.max(begin)]
                .iter()
                .enumerate()
                .map(move |(index, row)| {
                    (
                        Place {
                            hour: *hour,
                            index: begin + index,
                        },
                        row,
                    )
                })
        })
    }

    /// The rows with a trace id among those made so far. Requests for details name rows that a list has shown.
    pub(crate) fn made_rows(&self, id: &str) -> impl Iterator<Item = &Row> {
        self.hours
            .values()
            .flatten()
            .filter(move |row| row.message.id.eq_ignore_ascii_case(id))
    }

    fn make(&mut self, hour: i64) {
        if self.hours.contains_key(&hour) {
            return;
        }
        let mut rows = traffic::hour(&self.plan, &self.people, hour);
        let (from, until) = (self.from, self.until);
        rows.retain(|row| {
            row.message.received >= from && until.is_none_or(|until| row.message.received < until)
        });
        self.hours.insert(hour, rows);
    }
}

fn hour_of(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(3_600)
}
