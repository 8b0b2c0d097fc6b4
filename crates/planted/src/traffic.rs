//! The ordinary mail of a day: what people write, what is written to them.

use std::rc::Rc;

use fastrand::Rng;

use crate::calendar::Day;
use crate::chance::{bytes, favourite, happens, lognormal, pick, poisson, stream};
use crate::mail::{Mail, Status};
use crate::people::{People, Person, Role};
use crate::{Plan, chance};

const DAYS: u64 = 0x6461_7973;
const WEEKS: u64 = 0x7765_656b;
/// What a message is about; nothing depends on it.
const SUBJECTS: [&str; 8] = [
    "Re: offer",
    "Meeting notes",
    "Your order",
    "Fwd: contract draft",
    "Question",
    "Re: Re: schedule",
    "Documents",
    "Thank you",
];

/// Everybody's own mail of one day.
pub(crate) fn ordinary(plan: &Plan, people: &mut People, day: Day) -> Vec<Mail> {
    let mut rng = stream(plan.seed, DAYS, u64::from(day.number.unsigned_abs()));
    let mut mails = Vec::new();
    for place in 0..people.all.len() {
        let person = &people.all[place];
        if !person.is_here(day.number) {
            // Those who left are written to all the same.
            if happens(&mut rng, 0.02 * day.load) {
                let from = people.outsider(&mut rng, Role::Staff);
                mails.push(from_outside(&mut rng, &from, person).status(Status::Failed));
            }
            continue;
        }
        let load = load_of(plan, &mut rng, person, place, day);
        let partners = person.partners.len();
        for _ in 0..poisson(&mut rng, person.rate_on(day.number) * load) {
            let fresh = if happens(&mut rng, 0.04) {
                Some(people.outsider(&mut rng, people.all[place].role))
            } else {
                None
            };
            outbound(&mut rng, &mut mails, &people.all[place], fresh.clone());
            if let Some(fresh) = fresh
                && happens(&mut rng, 0.3)
                && partners < 120
            {
                people.all[place].partners.push(fresh);
            }
        }
        let person = &people.all[place];
        let busy = (0.3 + person.rate_on(day.number).sqrt()) * plan.mail.sqrt() * day.load;
        for _ in 0..poisson(&mut rng, 0.5 * busy) {
            inbound(&mut rng, &mut mails, people, person);
        }
        for _ in 0..poisson(&mut rng, 0.35 * busy * f64::from(u8::from(day.is_worked))) {
            let other = pick(&mut rng, &people.all);
            let (at, size) = (working_time(&mut rng), size(&mut rng));
            let mail = Mail::new(
                at,
                &person.address,
                &other.address,
                size,
                pick::<&str>(&mut rng, &SUBJECTS),
            );
            let is_here = other.is_here(day.number);
            mails.push(if is_here {
                mail
            } else {
                mail.status(Status::Failed)
            });
        }
        habits(&mut rng, &mut mails, person, day);
    }
    mails
}

/// How much somebody writes that day, an ordinary weekday being 1: the calendar, the week, the mood.
fn load_of(plan: &Plan, rng: &mut Rng, person: &Person, place: usize, day: Day) -> f64 {
    let week = u64::from(day.number.unsigned_abs()) / 7;
    let mut of_week = stream(plan.seed ^ week, WEEKS, place as u64);
    let mut load = day.load * lognormal(&mut of_week, 1.0, 0.35) * lognormal(rng, 1.0, 0.4);
    if person.role == Role::Shared {
        // Programs know no weekend, and little of a mood.
        return day.load.max(0.3) * lognormal(rng, 1.0, 0.25);
    }
    if person.is_away(day.number) {
        return load * 0.02;
    }
    if person.is_back(day.number) {
        load *= 1.7;
    }
    if day.ends_quarter {
        load *= match person.role {
            Role::Finance => 3.5,
            Role::Sales => 2.2,
            _ => 1.3,
        };
    }
    if happens(rng, 0.004) {
        // A deadline, a fair, a colleague who is ill.
        load *= 2.0 + 2.0 * rng.f64();
    }
    load
}

fn outbound(rng: &mut Rng, mails: &mut Vec<Mail>, person: &Person, fresh: Option<Rc<str>>) {
    let recipients = match rng.u8(0..100) {
        0..82 => 1,
        82..97 => rng.usize(2..=4),
        _ => rng.usize(5..=12),
    };
    let mut to: Vec<(Rc<str>, Status)> = Vec::with_capacity(recipients);
    for number in 0..recipients {
        let one = match (&fresh, number) {
            (Some(fresh), 0) => Rc::clone(fresh),
            _ => Rc::clone(favourite(rng, &person.partners)),
        };
        if to.iter().all(|(other, _)| *other != one) {
            let failed = happens(rng, 0.012);
            to.push((one, if failed { Status::Failed } else { Status::Delivered }));
        }
    }
    let at = if person.role == Role::Shared {
        rng.u32(0..86_400)
    } else {
        working_time(rng)
    };
    for _ in to.iter().filter(|(_, status)| *status == Status::Failed) {
        mails.push(Mail::bounce(at + rng.u32(2..90), &person.address));
    }
    mails.push(Mail {
        at,
        sender: Some(Rc::clone(&person.address)),
        to,
        size: size(rng),
        subject: pick::<&str>(rng, &SUBJECTS),
    });
}

fn inbound(rng: &mut Rng, mails: &mut Vec<Mail>, people: &People, person: &Person) {
    let from = if happens(rng, 0.7) {
        Rc::clone(favourite(rng, &person.partners))
    } else if happens(rng, 0.002) {
        let domain = pick(rng, &people.namesakes);
        format!("office@{domain}").into()
    } else {
        people.outsider(rng, person.role)
    };
    let mail = from_outside(rng, &from, person);
    mails.push(match rng.u16(0..1_000) {
        0..35 => mail.status(Status::FilteredAsSpam),
        35..45 => mail.status(Status::Quarantined),
        45..50 => mail.status(Status::Failed),
        _ => mail,
    });
    if happens(rng, 0.001) {
        // A report on something older, or on what a phone sent.
        mails.push(Mail::bounce(working_time(rng), &person.address));
    }
}

fn from_outside(rng: &mut Rng, from: &Rc<str>, to: &Person) -> Mail {
    Mail::new(
        working_time(rng),
        from,
        &to.address,
        size(rng),
        pick::<&str>(rng, &SUBJECTS),
    )
}

/// What single people do beside their ordinary mail.
fn habits(rng: &mut Rng, mails: &mut Vec<Mail>, person: &Person, day: Day) {
    if person.writes_home && happens(rng, 0.025 * day.load) {
        // A boarding pass, a payslip, a reminder.
        for _ in 0..rng.usize(1..=2) {
            let size = bytes(lognormal(rng, 90_000.0, 0.7).min(600_000.0));
            mails.push(Mail::new(
                working_time(rng),
                &person.address,
                &person.home,
                size,
                "for later",
            ));
        }
    }
    if let Some(second) = &person.second {
        for _ in 0..poisson(rng, 1.5 * day.load) {
            mails.push(Mail::new(
                working_time(rng),
                &person.address,
                second,
                size(rng),
                "calendar",
            ));
        }
    }
    let is_working = day.is_worked && !person.is_away(day.number);
    if person.role == Role::Designer && is_working && happens(rng, 0.25) {
        // Drawings and photos, to one of the usual three.
        let to = &person.partners[rng.usize(0..person.partners.len().min(3))];
        let start = working_time(rng);
        for _ in 0..rng.usize(2..=8) {
            let at = start + rng.u32(0..1_500);
            mails.push(Mail::new(
                at,
                &person.address,
                to,
                bytes(lognormal(rng, 8e6, 0.6)),
                "drawings",
            ));
        }
    }
}

/// When people write, as seconds since midnight: two humps and a thin night.
pub(crate) fn working_time(rng: &mut Rng) -> u32 {
    let hours = match rng.u8(0..100) {
        0..55 => 8.0 + 1.4 * (rng.f64() + rng.f64() + rng.f64()),
        55..93 => 12.5 + 1.6 * (rng.f64() + rng.f64() + rng.f64()),
        _ => 24.0 * rng.f64(),
    };
    u32::try_from(chance::whole(hours * 3_600.0))
        .unwrap_or(0)
        .min(86_399)
}

/// Most messages are text, one in eight has something attached.
pub(crate) fn size(rng: &mut Rng) -> u32 {
    let median = if happens(rng, 0.12) { 400_000.0 } else { 30_000.0 };
    bytes(lognormal(rng, median, 1.1))
}
