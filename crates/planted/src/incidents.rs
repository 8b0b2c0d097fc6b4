//! What is planted: what an insider, a thief of a mailbox or somebody outside does, in strengths from plain to moderate.
//!
//! It was written from what they want, without a look at what the rules count.

mod imitate;
mod outside;
mod theft;

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::calendar::Day;
use crate::chance::{pick, real, stream, whole};
use crate::mail::Mail;
use crate::people::{People, Role};
use crate::{HISTORY, Plan};

const INCIDENTS: u64 = 0x696e_6369;
/// Incidents of each kind in a year of 20,000 users.
const A_YEAR: f64 = 70.0;
/// … and in any tenant.
const LEAST: usize = 4;

/// What is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Documents one by one, within hours of one day.
    FastCount,
    /// Documents one by one, some dozens on each of many days.
    SlowCount,
    /// Large archives within hours.
    FastBytes,
    /// A few large files on each of many days.
    SlowBytes,
    /// A pile of large files to one mailbox within minutes.
    LargeToOne,
    /// A folder, to the own mailbox at home, in one day.
    OwnPrivate,
    /// The same, over one or two weeks.
    OwnPrivateSlow,
    /// Addresses are tried out within the hour.
    Enumeration,
    /// Addresses are tried out all day.
    EnumerationSlow,
    /// Somebody's address is used as the sender of spam, and the bounces come in.
    Backscatter,
    /// A domain that imitates ours writes.
    LookAlike,
    /// A stolen mailbox sends phishing.
    Stolen,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::FastCount,
        Self::SlowCount,
        Self::FastBytes,
        Self::SlowBytes,
        Self::LargeToOne,
        Self::OwnPrivate,
        Self::OwnPrivateSlow,
        Self::Enumeration,
        Self::EnumerationSlow,
        Self::Backscatter,
        Self::LookAlike,
        Self::Stolen,
    ];

    /// The ids of the rules whose alert tells of it.
    #[must_use]
    pub const fn rules(self) -> &'static [&'static str] {
        match self {
            Self::FastCount | Self::SlowCount => &["unusual-volume", "own-private-address"],
            Self::FastBytes | Self::SlowBytes | Self::LargeToOne => {
                &["unusual-volume", "large-to-one", "own-private-address"]
            }
            Self::OwnPrivate | Self::OwnPrivateSlow => {
                &["own-private-address", "unusual-volume", "large-to-one"]
            }
            Self::Enumeration | Self::EnumerationSlow => &["recipient-enumeration"],
            Self::Backscatter => &["backscatter"],
            Self::LookAlike => &["lookalike-domain"],
            Self::Stolen => &["fan-out", "unusual-volume"],
        }
    }

    /// On how many working days it goes on.
    fn days(self, rng: &mut Rng) -> usize {
        match self {
            Self::SlowCount | Self::SlowBytes => rng.usize(8..=15),
            Self::OwnPrivateSlow => rng.usize(5..=10),
            Self::Enumeration => rng.usize(1..=2),
            Self::LookAlike => rng.usize(1..=3),
            _ => 1,
        }
    }

    /// The kind as the truth file spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FastCount => "fast-count",
            Self::SlowCount => "slow-count",
            Self::FastBytes => "fast-bytes",
            Self::SlowBytes => "slow-bytes",
            Self::LargeToOne => "large-to-one",
            Self::OwnPrivate => "own-private",
            Self::OwnPrivateSlow => "own-private-slow",
            Self::Enumeration => "enumeration",
            Self::EnumerationSlow => "enumeration-slow",
            Self::Backscatter => "backscatter",
            Self::LookAlike => "look-alike",
            Self::Stolen => "stolen",
        }
    }
}

/// One planted incident, a line of the truth file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What it is.
    pub kind: Kind,
    /// The address or the domain that an alert names, in lower case.
    pub who: String,
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
    /// Rows that it put into the traffic.
    pub rows: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// All incidents of a plan, and their mail by the number of its day.
pub(crate) fn plant(plan: &Plan, people: &People) -> (Vec<Incident>, BTreeMap<i32, Vec<Mail>>) {
    let share = f64::from(plan.users) * f64::from(plan.days) / (20_000.0 * 365.0);
    let each = whole(A_YEAR * share).max(LEAST);
    let (mut incidents, mut mails) = (Vec::new(), BTreeMap::<i32, Vec<Mail>>::new());
    let mut taken = HashSet::new();
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        for number in 0..each {
            let mut rng = stream(plan.seed, INCIDENTS, (place * 10_000 + number) as u64);
            let Some(days) = some_days(plan, &mut rng, kind) else {
                continue;
            };
            let Some(victim) = somebody(&mut rng, people, &days, &mut taken) else {
                continue;
            };
            let (who, by_day) = match kind {
                Kind::Enumeration | Kind::EnumerationSlow | Kind::Backscatter => {
                    outside::make(&mut rng, kind, people, victim, &days)
                }
                Kind::LookAlike => imitate::make(&mut rng, people, &days, &mut taken_domains(&incidents)),
                _ => theft::make(&mut rng, kind, plan, people, victim, &days),
            };
            let all = || {
                by_day
                    .iter()
                    .flat_map(|(_, mails)| mails)
                    .filter(|mail| mail.sender.is_some() || kind == Kind::Backscatter)
            };
            let (Some(first), Some(last)) = (days.first(), days.last()) else {
                continue;
            };
            incidents.push(Incident {
                kind,
                who,
                first: first.date,
                last: last.date,
                rows: all().map(|mail| mail.to.len()).sum(),
                bytes: all()
                    .map(|mail| u64::from(mail.size) * mail.to.len() as u64)
                    .sum(),
            });
            for (day, some) in by_day {
                mails.entry(day).or_default().extend(some);
            }
        }
    }
    (incidents, mails)
}

fn taken_domains(incidents: &[Incident]) -> HashSet<String> {
    incidents.iter().map(|incident| incident.who.clone()).collect()
}

/// Working days in a row after the history, as many as the kind goes on; `None` where the plan is too short for it.
fn some_days(plan: &Plan, rng: &mut Rng, kind: Kind) -> Option<Vec<Day>> {
    let wanted = kind.days(rng);
    let end = i32::from(plan.days);
    let room = end - i32::try_from(wanted * 7 / 5 + 4).unwrap_or(0);
    if room <= HISTORY {
        return None;
    }
    let start = rng.i32(HISTORY..room);
    let days = (start..end)
        .map(|number| Day::of(plan, number))
        .filter(|day| day.is_worked)
        .take(wanted)
        .collect::<Vec<_>>();
    (!days.is_empty()).then_some(days)
}

/// Somebody at work on these days whom nothing else happened to.
fn somebody(rng: &mut Rng, people: &People, days: &[Day], taken: &mut HashSet<usize>) -> Option<usize> {
    (0..10_000).find_map(|_| {
        let place = rng.usize(0..people.all.len());
        let person = &people.all[place];
        let fits = person.role != Role::Shared
            && days
                .iter()
                .all(|day| person.is_here(day.number) && !person.is_away(day.number));
        (fits && taken.insert(place)).then_some(place)
    })
}

/// How strong: 0 is moderate, 1 is plain.
fn strength(rng: &mut Rng) -> f64 {
    *pick(rng, &[0.0, 0.15, 0.3, 0.5, 0.75, 1.0])
}

/// A count between two bounds, by strength, every doubling as likely.
fn between(strength: f64, least: usize, most: usize) -> usize {
    whole(real(least) * (real(most) / real(least)).powf(strength))
}
