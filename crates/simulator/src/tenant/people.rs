//! Who writes to whom: mailboxes, groups and correspondents on documentation names only.

use std::fmt::Write as _;

use fastrand::Rng;

use crate::chance::{guid, pick};

/// The tenant's own domain.
pub const DOMAIN: &str = "example.com";

const FIRST: [&str; 40] = [
    "anna", "ben", "carla", "dan", "elif", "farid", "grace", "hugo", "ines", "jonas", "katja", "liam", "mei",
    "nora", "omar", "petra", "quinn", "rosa", "samir", "tuula", "uwe", "vera", "wanda", "xavier", "yuki",
    "zoe", "bjorn", "chloe", "dmitri", "emeka", "fatima", "goran", "hanna", "ivo", "jana", "kofi", "lucia",
    "marek", "nils", "olga",
];

const LAST: [&str; 40] = [
    "adams",
    "baker",
    "castro",
    "o'neil",
    "eriksen",
    "fischer",
    "garcia",
    "haddad",
    "ito",
    "jensen",
    "kaya",
    "lopez",
    "meyer",
    "novak",
    "okafor",
    "park",
    "quist",
    "rossi",
    "silva",
    "tanaka",
    "ueda",
    "varga",
    "weber",
    "xu",
    "yilmaz",
    "zhang",
    "brandt",
    "d'angelo",
    "dubois",
    "evans",
    "fontaine",
    "green",
    "horvat",
    "ivanov",
    "jung",
    "kowalski",
    "lindqvist",
    "moreau",
    "nguyen",
    "van-der-berg",
];

const OUTSIDE: [&str; 24] = [
    "example.net",
    "example.org",
    "partner.example",
    "bank.example",
    "shop.test",
    "supplier.example",
    "law.example",
    "travel.test",
    "press.example",
    "city.example",
    "school.example",
    "clinic.test",
    "energy.example",
    "logistics.example",
    "studio.test",
    "mail.example.net",
    "smtp.example.org",
    "factory.example",
    "insurance.example",
    "cloud.test",
    "agency.example",
    "journal.example",
    "union.test",
    "xn--mnchen-3ya.example",
];

/// Domains that look like the tenant's own.
pub const LOOK_ALIKES: [&str; 8] = [
    "examp1e.example",
    "exarnple.example",
    "example-com.example",
    "exampIe.example",
    "examplle.example",
    "example.com.login.test",
    "xn--exmple-cua.example",
    "exampie.test",
];

/// The private mailbox that the exfiltration goes to.
pub const PRIVATE_MAILBOX: &str = "private.backup@mailbox.test";

/// Everybody who writes or is written to.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) users: Vec<String>,
    pub(crate) outside: Vec<String>,
    pub(crate) groups: Vec<Group>,
}

/// A distribution group and the places of its members among the users.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) address: String,
    pub(crate) members: Vec<usize>,
}

impl People {
    pub(crate) fn new(rng: &mut Rng, users: u32) -> Self {
        let count = usize::try_from(users.max(1)).unwrap_or(1);
        let users = (0..count).map(|place| address(place, DOMAIN)).collect::<Vec<_>>();
        let outside = (0..count * 2 + 40)
            .map(|place| {
                let domain = OUTSIDE[(place * 7 + place / 24) % OUTSIDE.len()];
                match place % 9 {
                    0 => format!("no-reply@{domain}"),
                    1 => format!("orders+{}@{domain}", 1_000 + place),
                    _ => address(place * 13 + 5, domain),
                }
            })
            .collect();
        let names = [
            "all-staff",
            "sales",
            "it.support",
            "board",
            "research",
            "finance",
            "office-berlin",
            "press",
        ];
        let groups = names
            .iter()
            .enumerate()
            .map(|(place, name)| {
                let size = if place == 0 {
                    count.min(120)
                } else {
                    rng.usize(2..=count.clamp(2, 25)).min(count)
                };
                let mut members = (0..size).map(|_| rng.usize(0..count)).collect::<Vec<_>>();
                members.sort_unstable();
                members.dedup();
                Group {
                    address: format!("{name}@{DOMAIN}"),
                    members,
                }
            })
            .collect();
        Self {
            users,
            outside,
            groups,
        }
    }

    pub(crate) fn user<'a>(&'a self, rng: &mut Rng) -> &'a str {
        &self.users[rng.usize(0..self.users.len())]
    }

    /// A correspondent; a few of them write much, most write little.
    pub(crate) fn outsider<'a>(&'a self, rng: &mut Rng) -> &'a str {
        let one = rng.usize(0..self.outside.len());
        &self.outside[rng.usize(0..=one)]
    }

    pub(crate) fn group<'a>(&'a self, rng: &mut Rng) -> &'a Group {
        // The large group gets mail rarely.
        let place = if rng.u8(..) < 8 {
            0
        } else {
            rng.usize(1..self.groups.len())
        };
        &self.groups[place]
    }
}

fn address(place: usize, domain: &str) -> String {
    let first = FIRST[place % FIRST.len()];
    let last = LAST[(place / FIRST.len() + place * 3) % LAST.len()];
    let round = place / (FIRST.len() * LAST.len() / 4);
    match (round, place % 17) {
        (0, 5) => format!("{}.{}@{domain}", capital(first), capital(last)),
        (0, _) => format!("{first}.{last}@{domain}"),
        (round, _) => format!("{first}.{last}{round}@{domain}"),
    }
}

fn capital(name: &str) -> String {
    name[..1].to_ascii_uppercase() + &name[1..]
}

/// A Message-ID as one of the common mail systems writes it.
pub(crate) fn message_id(rng: &mut Rng, domain: &str) -> String {
    let mut id = String::with_capacity(96);
    // Writing to a String cannot fail.
    let _ = match rng.u8(0..10) {
        0..=4 => {
            let server = format!(
                "DB{}PR{:02}MB{:04}",
                rng.u8(3..10),
                rng.u8(1..90),
                rng.u16(1_000..9_999)
            );
            write!(
                id,
                "<{server}{:020X}@{server}.eurprd{:02}.prod.example.com>",
                rng.u64(..),
                rng.u8(1..90)
            )
        }
        5 | 6 => write!(id, "<{}@{domain}>", guid(rng)),
        7 => write!(
            id,
            "<CA+{:016x}{:016x}=w@mail.{domain}>",
            rng.u64(..),
            rng.u64(..)
        ),
        8 => write!(id, "<{}.{}.{}@{domain}>", rng.u32(..), rng.u16(..), rng.u16(..)),
        _ => write!(
            id,
            "<0102{:016x}-{}-000000@eu-west-1.bulk.{domain}>",
            rng.u64(..),
            guid(rng)
        ),
    };
    id
}

/// An address from the documentation ranges; every eighth is IPv6.
pub(crate) fn ip(rng: &mut Rng) -> String {
    if rng.u8(0..8) == 0 {
        return format!(
            "2001:db8:{:x}:{:x}::{:x}:{:x}",
            rng.u16(1..),
            rng.u16(1..),
            rng.u16(1..),
            rng.u16(1..)
        );
    }
    let net = pick(rng, &["192.0.2", "198.51.100", "203.0.113"]);
    format!("{net}.{}", rng.u8(1..255))
}

const SUBJECTS: [&str; 30] = [
    "Quarterly report",
    "Re: Invoice # for your order",
    "Meeting notes #",
    "AW: Angebot für Projekt #",
    "Fwd: contract draft v#",
    "Your receipt #",
    "Lunch on Thursday?",
    "RE: RE: RE: Budget #",
    "Einladung: Jour fixe KW #",
    "Rechnung # – Mahnung",
    "Action required: password expires in # days",
    "Build #: 3 tests failed",
    "Ticket #: printer \"Lobby\" offline",
    "Réunion d'équipe à # h",
    "Canceled: stand-up",
    "Updated: C:\\share\\plan #",
    "Out of office",
    "お見積り #",
    "Welcome aboard 🎉",
    "Weekly figures, week #",
    "[EXTERNAL] Delivery notice #",
    "Re: <draft> & comments #",
    "Accepted: planning #",
    "Photo from yesterday",
    "Statement of account #",
    "Fw: Fw: please sign today (#)",
    "Протокол встречи #",
    "Minutes of the works council, item #",
    "New voicemail from +49 30 23125 # (0:42)",
    "Re: Angebot",
];

/// A subject of everyday mail.
pub(crate) fn subject(rng: &mut Rng) -> String {
    let pattern = pick(rng, &SUBJECTS);
    let mut text = match pattern.split_once('#') {
        Some((before, after)) => format!("{before}{}{after}", rng.u32(2..99_999)),
        None => pattern.to_owned(),
    };
    if rng.u8(..) == 0 {
        // Now and then a whole paragraph ends up in the subject.
        while text.len() < 240 {
            text.push_str(" and further to our call of last week");
        }
    }
    text
}

/// Subjects of newsletters.
pub(crate) const NEWSLETTERS: [&str; 6] = [
    "Your weekly digest",
    "10 % auf alles – nur heute!",
    "What's new in October",
    "Market update",
    "Le bulletin du mois",
    "Security advisory summary",
];
