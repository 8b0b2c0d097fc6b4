//! What somebody outside does: tries out addresses, or sends spam in somebody's name.

use std::rc::Rc;

use fastrand::Rng;

use super::{Kind, between, strength};
use crate::DOMAIN;
use crate::calendar::Day;
use crate::chance::{happens, pick};
use crate::mail::{Mail, Status};
use crate::people::{People, plain_name};

/// Local parts that everybody tries.
const GUESSES: [&str; 8] = [
    "admin", "ceo", "hr", "payroll", "invoice", "test", "it", "accounts",
];

/// The address or domain that an alert names, and the mail of each day.
pub(super) fn make(
    rng: &mut Rng,
    kind: Kind,
    people: &People,
    victim: usize,
    days: &[Day],
) -> (String, Vec<(i32, Vec<Mail>)>) {
    let strength = strength(rng);
    if kind == Kind::Backscatter {
        let address = &people.all[victim].address;
        let by_day = days
            .iter()
            .map(|day| (day.number, bounces(rng, address, strength)))
            .collect();
        return (address.to_lowercase(), by_day);
    }
    let domain = format!(
        "{}{}.{}",
        plain_name(rng).replace('.', ""),
        rng.u8(10..99),
        pick(rng, &["example", "test"])
    );
    let by_day = days
        .iter()
        .map(|day| (day.number, guesses(rng, kind, people, &domain, strength)))
        .collect();
    (domain, by_day)
}

/// Reports on spam that somebody else sent with the address as its sender.
fn bounces(rng: &mut Rng, address: &Rc<str>, strength: f64) -> Vec<Mail> {
    let (start, minutes) = (rng.u32(0..60_000), rng.u32(20..400));
    (0..between(strength, 35, 900))
        .map(|_| Mail::bounce(start + rng.u32(0..minutes * 60), address))
        .collect()
}

/// Names that may exist, from one sender or a new one each time; few of them do.
fn guesses(rng: &mut Rng, kind: Kind, people: &People, domain: &str, strength: f64) -> Vec<Mail> {
    let (count, minutes) = match kind {
        Kind::EnumerationSlow => (between(strength, 120, 700), 600),
        _ => (between(strength, 35, 600), rng.u32(5..50)),
    };
    let start = rng.u32(0..86_400 - minutes * 60);
    let rotates = happens(rng, 0.4);
    let first: Rc<str> = format!("{}@{domain}", plain_name(rng)).into();
    (0..count)
        .map(|_| {
            let sender = if rotates {
                format!("{}@{domain}", plain_name(rng)).into()
            } else {
                Rc::clone(&first)
            };
            let at = start + rng.u32(0..minutes * 60);
            if happens(rng, 0.06) {
                let person = pick(rng, &people.all);
                return Mail::new(at, &sender, &person.address, 3_000, "hello");
            }
            let local = if happens(rng, 0.1) {
                format!("{}{}", pick(rng, &GUESSES), rng.u8(..))
            } else {
                format!("{}{}", plain_name(rng), rng.u8(..))
            };
            Mail::new(at, &sender, &format!("{local}@{DOMAIN}").into(), 3_000, "hello").status(Status::Failed)
        })
        .collect()
}
