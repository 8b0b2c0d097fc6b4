//! Honest days that look like trouble: newsletters, invoices, a migration, an auditor, everybody away at once.

use std::rc::Rc;

use fastrand::Rng;

use crate::calendar::Day;
use crate::chance::{bytes, happens, lognormal, pick, real, stream, whole};
use crate::mail::{Mail, Status};
use crate::people::{People, Person, Role};
use crate::traffic::working_time;
use crate::{DOMAIN, Plan};

const ODDITIES: u64 = 0x6f64_6473;
const LISTS: u64 = 0x6c69_7374;
/// Recipients of a message to everybody, at most.
const ALL_STAFF: usize = 2_000;

/// What happens on a day beside ordinary mail.
pub(crate) fn honest(plan: &Plan, people: &People, day: Day) -> Vec<Mail> {
    let mut rng = stream(plan.seed, ODDITIES, u64::from(day.number.unsigned_abs()));
    let mut mails = Vec::new();
    newsletters_from_outside(plan, &mut rng, people, day, &mut mails);
    if !day.is_worked {
        return mails;
    }
    for (place, person) in people.all.iter().enumerate() {
        if !person.is_here(day.number) || person.is_away(day.number) {
            continue;
        }
        match person.role {
            Role::Marketing => newsletter(plan, &mut rng, people, place, day, &mut mails),
            Role::Billing if day.bills => invoices(plan, &mut rng, people, place, &mut mails),
            _ => {}
        }
        if happens(&mut rng, 0.000_1) {
            invitation(&mut rng, people, person, &mut mails);
        }
        if day.is_before_leave && person.role != Role::Shared && happens(&mut rng, 0.4) {
            out_of_office(&mut rng, people, person, &mut mails);
        }
    }
    migration(plan, &mut rng, people, day, &mut mails);
    audit(plan, &mut rng, people, day, &mut mails);
    if happens(&mut rng, 1.0 / 25.0) {
        reply_to_all(&mut rng, people, day, &mut mails);
    }
    mails
}

/// A newsletter to a list that stays the same, every week, fortnight or month; some of its addresses are gone.
fn newsletter(plan: &Plan, rng: &mut Rng, people: &People, place: usize, day: Day, mails: &mut Vec<Mail>) {
    let mut of_list = stream(plan.seed, LISTS, place as u64);
    let every = *pick(&mut of_list, &[7, 14, 28]);
    if (day.number + i32::try_from(place).unwrap_or(0)) % every != of_list.i32(0..5) {
        return;
    }
    let sender = &people.all[place].address;
    let length = whole(lognormal(&mut of_list, 350.0, 0.5)).clamp(120, 1_500);
    let (start, size) = (working_time(rng), bytes(lognormal(rng, 80_000.0, 0.4)));
    for _ in 0..length {
        let to = people.outsider(&mut of_list, Role::Marketing);
        let at = start + rng.u32(0..1_800);
        let mail = Mail::new(at, sender, &to, size, "News");
        if happens(rng, 0.02) {
            mails.push(Mail::bounce(at + rng.u32(2..300), sender));
            mails.push(mail.status(Status::Failed));
        } else {
            mails.push(mail);
        }
    }
}

/// Invoices of the month, one by one; customers come and go, most stay.
fn invoices(plan: &Plan, rng: &mut Rng, people: &People, place: usize, mails: &mut Vec<Mail>) {
    let mut of_list = stream(plan.seed, LISTS, place as u64);
    let length = whole(lognormal(&mut of_list, 70.0, 0.4)).clamp(30, 200);
    for number in 0..length {
        let listed = people.outsider(&mut of_list, Role::Billing);
        let to = if number % 12 == 0 {
            people.outsider(rng, Role::Billing)
        } else {
            listed
        };
        let at = 28_800 + rng.u32(0..25_000);
        let size = bytes(lognormal(rng, 130_000.0, 0.3));
        mails.push(Mail::new(at, &people.all[place].address, &to, size, "Invoice"));
    }
}

/// Somebody invites customers to something, in one message or one by one.
fn invitation(rng: &mut Rng, people: &People, person: &Person, mails: &mut Vec<Mail>) {
    let mut guests = Vec::new();
    for _ in 0..rng.usize(18..=45) {
        let guest = if happens(rng, 0.5) {
            Rc::clone(pick(rng, &person.partners))
        } else {
            people.outsider(rng, person.role)
        };
        if guests.iter().all(|(other, _)| *other != guest) {
            guests.push((guest, Status::Delivered));
        }
    }
    let (start, size) = (working_time(rng), bytes(lognormal(rng, 150_000.0, 0.5)));
    if happens(rng, 0.6) {
        let mail = Mail::new(start, &person.address, &person.address, size, "You are invited");
        mails.push(Mail { to: guests, ..mail });
    } else {
        for (guest, _) in guests {
            let at = start + rng.u32(0..5_400);
            mails.push(Mail::new(at, &person.address, &guest, size, "You are invited"));
        }
    }
}

/// Away already: whoever writes gets an answer, which the mail system sends as the person or as nobody.
fn out_of_office(rng: &mut Rng, people: &People, person: &Person, mails: &mut Vec<Mail>) {
    for _ in 0..rng.usize(2..=14) {
        let from = if happens(rng, 0.6) {
            Rc::clone(pick(rng, &person.partners))
        } else {
            people.outsider(rng, person.role)
        };
        let at = working_time(rng);
        mails.push(Mail::new(
            at,
            &from,
            &person.address,
            30_000,
            "Season's greetings",
        ));
        mails.push(Mail::new(
            at + 3,
            &person.address,
            &from,
            12_000,
            "Automatic reply: away",
        ));
        if happens(rng, 0.15) {
            // Their own absence, from nobody.
            mails.push(Mail::bounce(at + 7, &person.address));
        }
    }
}

/// For three days in the middle, three in ten send their old folders to the company that imports them.
fn migration(plan: &Plan, rng: &mut Rng, people: &People, day: Day, mails: &mut Vec<Mail>) {
    let begin = i32::from(plan.days) * 11 / 20;
    if !(begin..begin + 5).contains(&day.number) {
        return;
    }
    for person in &people.all {
        if person.role == Role::Shared || person.is_away(day.number) || !happens(rng, 0.1) {
            continue;
        }
        let to = format!("import.{}@moving-van.example", rng.u8(1..9)).into();
        let start = working_time(rng);
        for _ in 0..rng.usize(15..=50) {
            let size = bytes(lognormal(rng, 900_000.0, 1.2));
            mails.push(Mail::new(
                start + rng.u32(0..5_000),
                &person.address,
                &to,
                size,
                "folder",
            ));
        }
    }
}

/// For three weeks some of the finance people send the auditor what is asked for.
fn audit(plan: &Plan, rng: &mut Rng, people: &People, day: Day, mails: &mut Vec<Mail>) {
    let begin = i32::from(plan.days) * 2 / 5;
    if !(begin..begin + 21).contains(&day.number) {
        return;
    }
    let auditor: Rc<str> = "team.review@ledger-audit.example".into();
    let asked = people
        .all
        .iter()
        .filter(|person| person.role == Role::Finance)
        .take(15);
    for person in asked.filter(|person| person.is_here(day.number) && !person.is_away(day.number)) {
        if happens(rng, 0.6) {
            let start = working_time(rng);
            for _ in 0..rng.usize(3..=20) {
                let size = bytes(lognormal(rng, 2_500_000.0, 1.0));
                mails.push(Mail::new(
                    start + rng.u32(0..7_200),
                    &person.address,
                    &auditor,
                    size,
                    "as asked",
                ));
            }
        }
    }
}

/// A message to all, and a dozen who answer to all; now and then it is a list with partners on it.
fn reply_to_all(rng: &mut Rng, people: &People, day: Day, mails: &mut Vec<Mail>) {
    let is_outside = happens(rng, 0.4);
    let to = if is_outside {
        let guests = (0..rng.usize(20..=50)).map(|_| people.outsider(rng, Role::Staff));
        guests.map(|guest| (guest, Status::Delivered)).collect::<Vec<_>>()
    } else {
        let all = people
            .all
            .iter()
            .filter(|person| person.is_here(day.number))
            .take(ALL_STAFF);
        all.map(|person| (Rc::clone(&person.address), Status::Delivered))
            .collect()
    };
    let mut to = to;
    to.sort_by(|one, other| one.0.cmp(&other.0));
    to.dedup_by(|one, other| one.0 == other.0);
    let start = working_time(rng);
    for _ in 0..rng.usize(4..=12) {
        let person = pick(rng, &people.all);
        if person.is_here(day.number) {
            let mail = Mail::new(
                start + rng.u32(0..6_000),
                &person.address,
                &person.address,
                40_000,
                "Re: to all",
            );
            mails.push(Mail {
                to: to.clone(),
                ..mail
            });
        }
    }
}

/// Bulk senders outside write to lists that they compiled long ago: those who left since are still on them.
fn newsletters_from_outside(plan: &Plan, rng: &mut Rng, people: &People, day: Day, mails: &mut Vec<Mail>) {
    for bulk in 0..12_u64 {
        let mut of_list = stream(plan.seed, LISTS, 0xB000 + bulk);
        if day.number % 7 != of_list.i32(0..7) {
            continue;
        }
        let sender: Rc<str> = format!("news@bulletin{bulk}.example").into();
        let length = whole(real(people.all.len()) * 0.02 * of_list.f64()).clamp(20, 600);
        let (start, size) = (working_time(rng), bytes(lognormal(rng, 70_000.0, 0.4)));
        for number in 0..length {
            let at = start + rng.u32(0..1_500);
            let person = pick(&mut of_list, &people.all);
            // One in forty was never right.
            let (to, is_gone) = if number % 40 == 7 {
                (format!("old{number}.{bulk}@{DOMAIN}").into(), true)
            } else {
                (Rc::clone(&person.address), !person.is_here(day.number))
            };
            let mail = Mail::new(at, &sender, &to, size, "Bulletin");
            mails.push(if is_gone {
                mail.status(Status::Failed)
            } else {
                mail
            });
        }
    }
}
