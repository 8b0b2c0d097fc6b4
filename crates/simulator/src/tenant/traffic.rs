//! One hour of traffic, from the seed and the hour alone.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fastrand::Rng;

use crate::chance::{guid, happens, pick, stream};
use crate::json::Escapes;
use crate::settings::{Changes, Delays, Rhythm};

use super::hours::rows_wanted;
use super::people::{self, DOMAIN, LOOK_ALIKES, NEWSLETTERS, PRIVATE_MAILBOX, People};
use super::row::{Kind, Message, Row, Status};
use super::states::states;

const TRAFFIC: u64 = 0x7261_6666;
const HOUR_MS: i64 = 3_600_000;

/// What an hour of traffic depends on.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) rows_per_day: u32,
    pub(crate) rhythm: Rhythm,
    pub(crate) exfiltration_at: Option<DateTime<Utc>>,
    pub(crate) delays: Delays,
    pub(crate) changes: Changes,
}

/// Makes the rows received in an hour, counted in hours since 1970, oldest first.
pub(crate) fn hour(plan: &Plan, people: &People, hour: i64) -> Vec<Row> {
    let mut rng = stream(plan.seed, TRAFFIC, hour.unsigned_abs());
    let wanted = rows_wanted(plan.rows_per_day, plan.rhythm, &mut rng, hour);
    let mut making = Making {
        plan,
        people,
        start_ms: hour * HOUR_MS,
        rng,
        rows: Vec::with_capacity(wanted + 8),
    };
    making.exfiltration();
    if wanted >= 20 {
        making.newsletter(wanted);
        making.burst(wanted);
    }
    while making.rows.len() < wanted {
        making.message(wanted);
    }
    let mut rows = making.rows;
    rows.sort_by_key(|row| row.message.received);
    rows
}

struct Making<'a> {
    plan: &'a Plan,
    people: &'a People,
    start_ms: i64,
    rng: Rng,
    rows: Vec<Row>,
}

/// A message before it becomes rows.
struct Draft {
    at_ms: i64,
    sender: Option<String>,
    subject: Option<String>,
    from_ip: Option<String>,
    size: u32,
    kind: Kind,
    id_domain: String,
}

impl Making<'_> {
    fn message(&mut self, wanted: usize) {
        let at_ms = self.rng.i64(0..HOUR_MS);
        match self.rng.u32(0..1_000) {
            500..750 => self.internal(at_ms),
            750..960 => self.outbound(at_ms, Kind::Ordinary),
            960..980 if wanted >= 10 => self.group(at_ms),
            980..984 => self.look_alike(at_ms),
            984..990 => self.foreign_bounce(at_ms),
            _ => self.inbound(at_ms),
        }
    }

    fn inbound(&mut self, at_ms: i64) {
        let sender = self.people.outsider(&mut self.rng).to_owned();
        let domain = domain_of(&sender).to_owned();
        let mut draft = self.draft(at_ms, sender, Kind::Ordinary, domain);
        if happens(&mut self.rng, 3, 1_000) {
            draft.subject = None;
            draft.size = 0;
        }
        let shared = self.share(draft);
        for recipient in self.colleagues() {
            let status = match self.rng.u32(0..1_000) {
                0..900 => Status::Delivered,
                900..960 => Status::FilteredAsSpam,
                960..985 => Status::Quarantined,
                _ => Status::Failed,
            };
            self.row(&shared, recipient, status, String::new());
        }
    }

    fn internal(&mut self, at_ms: i64) {
        let sender = self.people.user(&mut self.rng).to_owned();
        let draft = self.draft(at_ms, sender, Kind::Ordinary, DOMAIN.to_owned());
        let shared = self.share(draft);
        for recipient in self.colleagues() {
            self.row(&shared, recipient, Status::Delivered, String::new());
        }
    }

    fn outbound(&mut self, at_ms: i64, kind: Kind) {
        let sender = self.people.user(&mut self.rng).to_owned();
        let draft = self.draft(at_ms, sender.clone(), kind, DOMAIN.to_owned());
        let subject = draft.subject.clone();
        let shared = self.share(draft);
        for _ in 0..self.recipients() {
            let recipient = self.people.outsider(&mut self.rng).to_owned();
            let to_ip = people::ip(&mut self.rng);
            let failed = happens(&mut self.rng, 25, 1_000);
            let status = if failed { Status::Failed } else { Status::Delivered };
            self.row(&shared, recipient, status, to_ip);
            if failed {
                self.bounce(at_ms, &sender, subject.as_deref());
            }
        }
        if happens(&mut self.rng, 15, 1_000) {
            self.round_trip(&shared.0, &sender);
        }
    }

    /// The same message comes back through another system: the same Message-ID, a new trace id.
    fn round_trip(&mut self, original: &Message, sender: &str) {
        let mut again = original.clone();
        again.id = guid(&mut self.rng);
        again.kind = Kind::RoundTrip;
        again.sender = Some(sender.to_owned());
        let recipient = self.people.user(&mut self.rng).to_owned();
        let size = self.size();
        self.row(
            &(Arc::new(again), size),
            recipient,
            Status::Delivered,
            String::new(),
        );
    }

    fn group(&mut self, at_ms: i64) {
        let sender = if self.rng.bool() {
            self.people.user(&mut self.rng).to_owned()
        } else {
            self.people.outsider(&mut self.rng).to_owned()
        };
        let domain = domain_of(&sender).to_owned();
        let draft = self.draft(at_ms, sender, Kind::Group, domain);
        let shared = self.share(draft);
        let people = self.people;
        let group = people.group(&mut self.rng);
        self.row(&shared, group.address.clone(), Status::Expanded, String::new());
        for member in &group.members {
            self.row(
                &shared,
                people.users[*member].clone(),
                Status::Delivered,
                String::new(),
            );
        }
    }

    fn bounce(&mut self, at_ms: i64, to: &str, subject: Option<&str>) {
        // Three ways in which services write the sender of a report, the common one first.
        let sender = match self.rng.u8(0..10) {
            0..=5 => Some(format!("postmaster@{DOMAIN}")),
            6 | 7 => Some("<>".to_owned()),
            8 => Some(String::new()),
            _ => None,
        };
        let from_ip = if self.rng.bool() {
            None
        } else {
            Some(String::new())
        };
        let at_ms = (at_ms + self.rng.i64(1_000..90_000)).min(HOUR_MS - 1);
        let draft = Draft {
            at_ms,
            sender,
            subject: Some(format!("Undeliverable: {}", subject.unwrap_or_default())),
            from_ip,
            size: self.rng.u32(20_000..90_000),
            kind: Kind::Bounce,
            id_domain: DOMAIN.to_owned(),
        };
        let shared = self.share(draft);
        self.row(&shared, to.to_owned(), Status::Delivered, String::new());
    }

    fn foreign_bounce(&mut self, at_ms: i64) {
        let mut draft = self.draft(at_ms, "<>".to_owned(), Kind::Bounce, "example.net".to_owned());
        draft.subject = Some("Delivery Status Notification (Failure)".to_owned());
        let recipient = self.people.user(&mut self.rng).to_owned();
        let shared = self.share(draft);
        self.row(&shared, recipient, Status::Delivered, String::new());
    }

    fn look_alike(&mut self, at_ms: i64) {
        let domain = pick(&mut self.rng, &LOOK_ALIKES);
        let boss = self.people.users[0].split('@').next().unwrap_or_default();
        let mut draft = self.draft(
            at_ms,
            format!("{boss}@{domain}"),
            Kind::LookAlike,
            (*domain).to_owned(),
        );
        draft.subject = Some(format!(
            "Urgent: payment of invoice {}",
            self.rng.u32(10_000..99_999)
        ));
        let shared = self.share(draft);
        let recipient = self.people.user(&mut self.rng).to_owned();
        let status = if self.rng.u8(0..3) == 0 {
            Status::Quarantined
        } else {
            Status::Delivered
        };
        self.row(&shared, recipient, status, String::new());
    }

    /// In some hours a bulk sender writes to many mailboxes, one message each.
    fn newsletter(&mut self, wanted: usize) {
        if !happens(&mut self.rng, 250, 1_000) {
            return;
        }
        let subject = pick(&mut self.rng, &NEWSLETTERS);
        let from_ip = people::ip(&mut self.rng);
        let start = self.rng.i64(0..HOUR_MS - 600_000);
        let size = self.rng.u32(30_000..200_000);
        let count = (self.people.users.len() / 4).clamp(1, wanted / 3);
        let first = self.rng.usize(0..self.people.users.len());
        for step in 0..count {
            let recipient = self.people.users[(first + step * 3) % self.people.users.len()].clone();
            let draft = Draft {
                at_ms: start + self.rng.i64(0..600_000),
                sender: Some(format!("news+{:x}@bulk.example", self.rng.u32(..))),
                subject: Some((*subject).to_owned()),
                from_ip: Some(from_ip.clone()),
                size,
                kind: Kind::Newsletter,
                id_domain: "bulk.example".to_owned(),
            };
            let shared = self.share(draft);
            let status = if self.rng.u8(0..12) == 0 {
                Status::FilteredAsSpam
            } else {
                Status::Delivered
            };
            self.row(&shared, recipient, status, String::new());
        }
    }

    /// In some hours one colleague's program sends a pile of mail within two minutes.
    fn burst(&mut self, wanted: usize) {
        if !happens(&mut self.rng, 120, 1_000) {
            return;
        }
        let sender = format!("scanner@{DOMAIN}");
        let start = self.rng.i64(0..HOUR_MS - 120_000);
        for _ in 0..(wanted / 8).clamp(1, 2_000) {
            let at_ms = start + self.rng.i64(0..120_000);
            let mut draft = self.draft(at_ms, sender.clone(), Kind::Burst, DOMAIN.to_owned());
            draft.subject = Some("Scan from device".to_owned());
            let shared = self.share(draft);
            let recipient = self.people.user(&mut self.rng).to_owned();
            self.row(&shared, recipient, Status::Delivered, String::new());
        }
    }

    /// For ninety minutes a colleague sends large messages to a private mailbox.
    fn exfiltration(&mut self) {
        let Some(from) = self.plan.exfiltration_at else {
            return;
        };
        let from_ms = from.timestamp_millis();
        let sender = self.people.users[self.people.users.len() / 2].clone();
        for step in 0..60 {
            let at_ms = from_ms + step * 90_000 - self.start_ms;
            if !(0..HOUR_MS).contains(&at_ms) {
                continue;
            }
            let mut draft = self.draft(at_ms, sender.clone(), Kind::Exfiltration, DOMAIN.to_owned());
            draft.subject = Some(format!("archive part {:02} of 60", step + 1));
            draft.size = self.rng.u32(15_000_000..30_000_000);
            let shared = self.share(draft);
            let to_ip = people::ip(&mut self.rng);
            self.row(&shared, PRIVATE_MAILBOX.to_owned(), Status::Delivered, to_ip);
        }
    }

    fn draft(&mut self, at_ms: i64, sender: String, kind: Kind, id_domain: String) -> Draft {
        let rng = &mut self.rng;
        let subject = if rng.u8(..) == 1 {
            String::new()
        } else {
            people::subject(rng)
        };
        let from_ip = Some(people::ip(rng));
        let size = self.size();
        Draft {
            at_ms,
            sender: Some(sender),
            subject: Some(subject),
            from_ip,
            size,
            kind,
            id_domain,
        }
    }

    fn size(&mut self) -> u32 {
        // Most messages are a few to a hundred kilobytes, few are megabytes.
        let power = self.rng.u32(12..=17) + self.rng.u32(0..=3) * self.rng.u32(0..=2);
        (1 << power) + self.rng.u32(0..1 << power)
    }

    /// How many recipients a message has: mostly one.
    fn recipients(&mut self) -> usize {
        if self.rng.u8(0..5) == 0 {
            self.rng.usize(2..=6)
        } else {
            1
        }
    }

    /// Recipients among the colleagues, each once.
    fn colleagues(&mut self) -> Vec<String> {
        let count = self.recipients();
        let all = &self.people.users;
        let first = self.rng.usize(0..all.len());
        let step = self.rng.usize(1..=all.len());
        let mut places = (0..count)
            .map(|number| (first + number * step) % all.len())
            .collect::<Vec<_>>();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| all[place].clone()).collect()
    }

    fn share(&mut self, draft: Draft) -> (Arc<Message>, u32) {
        let rng = &mut self.rng;
        let (fraction_digits, nanos) = match rng.u8(0..10) {
            0..=3 => (0, 0),
            4..=7 => (3, rng.u32(0..1_000) * 1_000_000),
            8 => (6, rng.u32(0..1_000_000) * 1_000),
            _ => (7, rng.u32(0..10_000_000) * 100),
        };
        let second = (self.start_ms + draft.at_ms).div_euclid(1_000);
        let message = Message {
            id: guid(rng),
            message_id: if happens(rng, 2, 1_000) {
                None
            } else {
                Some(people::message_id(rng, &draft.id_domain))
            },
            received: DateTime::from_timestamp(second, nanos).unwrap_or_default(),
            fraction_digits,
            sender: draft.sender,
            subject: draft.subject,
            from_ip: draft.from_ip,
            escapes: match rng.u8(0..10) {
                0..=7 => Escapes::Plain,
                8 => Escapes::Html,
                _ => Escapes::Ascii,
            },
            kind: draft.kind,
        };
        (Arc::new(message), draft.size)
    }

    fn row(&mut self, shared: &(Arc<Message>, u32), recipient: String, status: Status, to_ip: String) {
        let (message, size) = shared;
        // Outgoing and foreign pairs of sender and recipient can meet twice; a row's key stays unique.
        let repeats =
            |row: &Row| Arc::ptr_eq(&row.message, message) && row.recipient.eq_ignore_ascii_case(&recipient);
        let near = self.rows.len().saturating_sub(16);
        if self.rows[near..].iter().any(repeats) {
            return;
        }
        let (first, later) = states(
            &mut self.rng,
            (&self.plan.delays, &self.plan.changes),
            message.received,
            status,
            *size,
            to_ip,
        );
        self.rows
            .push(Row::new(Arc::clone(message), recipient, first, later));
    }
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(DOMAIN, |(_, domain)| domain)
}
