//! What leaves: by an insider's hand, or out of a stolen mailbox.

use std::rc::Rc;

use fastrand::Rng;

use super::{Kind, between, strength};
use crate::Plan;
use crate::calendar::Day;
use crate::chance::{bytes, happens, lognormal, pick, poisson, real};
use crate::mail::{Mail, Status};
use crate::people::{PRIVATE, People, Person, Role, plain_name};

/// The address that an alert names, and the mail of each day.
pub(super) fn make(
    rng: &mut Rng,
    kind: Kind,
    plan: &Plan,
    people: &People,
    place: usize,
    days: &[Day],
) -> (String, Vec<(i32, Vec<Mail>)>) {
    let person = &people.all[place];
    let strength = strength(rng);
    let to = receivers(rng, kind, people, person);
    let by_day = days
        .iter()
        .map(|day| {
            let mails = match kind {
                Kind::Stolen => phishing(rng, people, person, strength),
                _ => copies(rng, kind, (plan, person), &to, *day, strength),
            };
            (day.number, mails)
        })
        .collect();
    (person.address.to_lowercase(), by_day)
}

/// Where it goes: a mailbox made for it, the own one at home, a buyer's; now and then somebody known for long.
fn receivers(rng: &mut Rng, kind: Kind, people: &People, person: &Person) -> Vec<Rc<str>> {
    if matches!(kind, Kind::OwnPrivate | Kind::OwnPrivateSlow) {
        return vec![Rc::clone(&person.home)];
    }
    match rng.u8(0..100) {
        0..50 => vec![format!("{}@{}", plain_name(rng), pick(rng, &PRIVATE)).into()],
        50..60 => vec![Rc::clone(&person.home)],
        60..75 if !matches!(kind, Kind::LargeToOne) => (0..rng.usize(2..=3))
            .map(|_| people.outsider(rng, Role::Staff))
            .collect(),
        60..90 => vec![people.outsider(rng, Role::Staff)],
        _ => vec![Rc::clone(pick(rng, &person.partners))],
    }
}

/// One day's share of what is copied out.
fn copies(
    rng: &mut Rng,
    kind: Kind,
    (plan, person): (&Plan, &Person),
    to: &[Rc<str>],
    day: Day,
    strength: f64,
) -> Vec<Mail> {
    // Somebody who writes all day hides a few more documents than anybody would notice; "by count" means more than that.
    let rate = person.rate_on(day.number).max(plan.mail);
    let hidden = |times: f64, count: usize| count.max(crate::chance::whole(times * rate));
    let (count, median, sigma, minutes) = match kind {
        Kind::FastCount => (
            hidden(6.0, between(strength, 45, 350)),
            180_000.0,
            0.9,
            rng.u32(90..300),
        ),
        Kind::SlowCount => (
            hidden(5.0, poisson(rng, real(between(strength, 22, 70))).max(15)),
            150_000.0,
            0.9,
            540,
        ),
        Kind::FastBytes => (between(strength, 12, 110), 12e6, 0.35, rng.u32(60..240)),
        Kind::SlowBytes => (between(strength, 4, 10), 11e6, 0.35, 500),
        Kind::LargeToOne => (between(strength, 6, 25), 9e6, 0.5, rng.u32(8..25)),
        Kind::OwnPrivate => (between(strength, 6, 50), 900_000.0, 1.0, rng.u32(20..200)),
        _ => (between(strength, 2, 8), 1_600_000.0, 0.8, 400),
    };
    let start = 27_000 + rng.u32(0..28_000);
    (0..count)
        .map(|_| {
            let size = bytes(lognormal(rng, median, sigma));
            Mail::new(
                start + rng.u32(0..minutes * 60),
                &person.address,
                pick(rng, to),
                size,
                "files",
            )
        })
        .collect()
}

/// The same message to everybody that the thief has a list of, one by one or in bundles, and what comes back of it.
fn phishing(rng: &mut Rng, people: &People, person: &Person, strength: f64) -> Vec<Mail> {
    let count = between(strength, 90, 1_800);
    let bundle = *pick(rng, &[1, 1, 20, 50]);
    let (start, minutes) = (rng.u32(0..70_000), rng.u32(15..55));
    let size = bytes(lognormal(rng, 45_000.0, 0.5));
    let mut targets = person.partners.clone();
    targets.extend((0..count).map(|_| people.outsider(rng, Role::Staff)));
    targets.truncate(count);
    targets.sort_unstable();
    targets.dedup();
    rng.shuffle(&mut targets);
    let mut mails = Vec::new();
    for some in targets.chunks(bundle) {
        let at = start + rng.u32(0..minutes * 60);
        let to = some
            .iter()
            .map(|one| {
                (
                    Rc::clone(one),
                    if happens(rng, 0.06) {
                        Status::Failed
                    } else {
                        Status::Delivered
                    },
                )
            })
            .collect::<Vec<_>>();
        for _ in to.iter().filter(|(_, status)| *status == Status::Failed) {
            mails.push(Mail::bounce(at + rng.u32(1..200), &person.address));
        }
        let mail = Mail::new(at, &person.address, &person.address, size, "Shared document");
        mails.push(Mail { to, ..mail });
    }
    mails
}
