//! Domains that imitate ours, in the ways that people who make such domains have.

use std::collections::HashSet;
use std::rc::Rc;

use fastrand::Rng;

use crate::DOMAIN;
use crate::calendar::Day;
use crate::chance::{happens, pick};
use crate::mail::{Mail, Status};
use crate::people::{People, plain_name};

/// Letters and what passes for them at a glance, in ASCII and beyond it (as Punycode is not needed there).
const GLYPHS: [(&str, &str); 7] = [
    ("o", "0"),
    ("t", "f"),
    ("n", "m"),
    ("c", "e"),
    ("s", "5"),
    ("nt", "mt"),
    ("c", "cc"),
];
const WORDS: [&str; 6] = ["login", "support", "billing", "secure", "mail", "online"];
const ENDS: [&str; 5] = ["net", "org", "co", "info", "biz"];
/// The name with a letter of another script in it, as DNS has it.
const SCRIPTS: [&str; 4] = [
    "xn--cntoso-wqf.com",
    "xn--contos-1qf.com",
    "xn--ontoso-hrf.com",
    "xn--cntoso-i0e.com",
];

/// The domain, and its mail of each day.
pub(super) fn make(
    rng: &mut Rng,
    people: &People,
    days: &[Day],
    taken: &mut HashSet<String>,
) -> (String, Vec<(i32, Vec<Mail>)>) {
    let honest = |domain: &String| people.namesakes.iter().any(|one| **one == **domain);
    let domain = (0..1_000)
        .map(|_| imitation(rng))
        .find(|domain| domain != DOMAIN && !honest(domain) && !taken.contains(domain))
        .unwrap_or_else(|| format!("{}-{}", rng.u32(..), DOMAIN));
    let boss: Rc<str> = format!("{}@{domain}", plain_name(rng)).into();
    let by_day = days
        .iter()
        .map(|day| (day.number, letters(rng, people, &boss)))
        .collect();
    (domain, by_day)
}

/// The boss is in a hurry; some answer.
fn letters(rng: &mut Rng, people: &People, boss: &Rc<str>) -> Vec<Mail> {
    let mut mails = Vec::new();
    for _ in 0..*pick(rng, &[1, 1, 1, 2, 3, 8, 20]) {
        let person = pick(rng, &people.all);
        let at = 25_000 + rng.u32(0..35_000);
        let mail = Mail::new(at, boss, &person.address, 9_000, "Urgent payment");
        let is_held = happens(rng, 0.2);
        mails.push(if is_held {
            mail.status(Status::Quarantined)
        } else {
            mail
        });
        if !is_held && happens(rng, 0.15) {
            mails.push(Mail::new(
                at + 900,
                &person.address,
                boss,
                12_000,
                "Re: Urgent payment",
            ));
        }
    }
    mails
}

fn imitation(rng: &mut Rng) -> String {
    let (label, end) = DOMAIN.split_once('.').unwrap_or((DOMAIN, "com"));
    let place = rng.usize(1..label.len());
    let (before, after) = label.split_at(place);
    let letter = char::from(rng.u8(b'a'..=b'z'));
    match rng.u8(0..12) {
        // A letter left out, doubled, put in, exchanged, two turned round, one behind.
        0 => format!("{before}{}.{end}", &after[1..]),
        1 => format!("{before}{}{after}.{end}", &after[..1]),
        2 => format!("{before}{letter}{after}.{end}"),
        3 => format!("{before}{letter}{}.{end}", &after[1..]),
        4 if after.len() > 1 => format!("{before}{}{}{}.{end}", &after[1..2], &after[..1], &after[2..]),
        5 => format!("{label}{letter}.{end}"),
        // Another end, a word beside it, a hyphen, a part of somebody else's.
        6 => format!("{label}.{}", pick(rng, &ENDS)),
        7 => format!("{label}-{}.{end}", pick(rng, &WORDS)),
        8 => format!("{before}-{after}.{end}"),
        9 => format!("{DOMAIN}.{}{}.test", pick(rng, &WORDS), rng.u8(10..99)),
        10 => (*pick(rng, &SCRIPTS)).to_owned(),
        _ => {
            let (glyph, other) = pick(rng, &GLYPHS);
            format!("{}.{end}", label.replacen(glyph, other, 1))
        }
    }
}
