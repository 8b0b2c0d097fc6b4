//! Who is in the tenant, what each does there, and whom each writes to.

use std::collections::HashSet;
use std::rc::Rc;

use fastrand::Rng;

use crate::chance::{happens, lognormal, pick, stream, whole};
use crate::{DOMAIN, Plan};

const PEOPLE: u64 = 0x7065_6f70;
/// Everybody's domain of last resort: where private mailboxes are.
pub(crate) const PRIVATE: [&str; 5] = [
    "freemail.example",
    "mymail.example",
    "postbox.test",
    "webmail.example",
    "inbox.test",
];
const FIRST: [&str; 32] = [
    "anna", "ben", "carla", "dan", "elif", "farid", "grace", "hugo", "ines", "jonas", "katja", "liam", "mei",
    "nora", "omar", "petra", "quinn", "rosa", "samir", "tuula", "uwe", "vera", "wanda", "xavier", "yuki",
    "zoe", "bjorn", "chloe", "emeka", "fatima", "goran", "hanna",
];
const SYLLABLES: [&str; 28] = [
    "ba", "ber", "co", "dal", "den", "el", "far", "gan", "hol", "in", "jo", "kar", "lin", "mar", "nes", "ol",
    "per", "ri", "san", "sten", "ta", "tor", "ul", "van", "wer", "yl", "zan", "mei",
];
const TRADES: [&str; 24] = [
    "northwind",
    "harbour",
    "granite",
    "meadow",
    "silver",
    "cedar",
    "summit",
    "anchor",
    "copper",
    "valley",
    "bright",
    "river",
    "maple",
    "falcon",
    "delta",
    "prairie",
    "winter",
    "lantern",
    "saffron",
    "velvet",
    "orbit",
    "quarry",
    "willow",
    "juniper",
];
const KINDS: [&str; 16] = [
    "logistics",
    "foods",
    "law",
    "print",
    "energy",
    "clinic",
    "studio",
    "motors",
    "travel",
    "bank",
    "press",
    "schools",
    "textiles",
    "farms",
    "works",
    "systems",
];
/// What shared mailboxes are called, here and at partners.
const SHARED: [&str; 8] = [
    "info", "sales", "orders", "support", "office", "billing", "press", "jobs",
];

/// What somebody does, as far as mail shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Works with their hands, and writes now and then.
    Frontline,
    /// Most people.
    Staff,
    /// Writes all day.
    Sales,
    /// Busy at the ends of quarters; some have to do with the auditor.
    Finance,
    /// Sends large files to the same few partners, week after week.
    Designer,
    /// Sends the newsletter.
    Marketing,
    /// Sends the invoices of a month, one by one, on its first working day.
    Billing,
    /// A mailbox that programs or several people write from.
    Shared,
}

/// One mailbox of the tenant.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) address: Rc<str>,
    pub(crate) role: Role,
    /// Messages to the outside on an ordinary weekday.
    pub(crate) rate: f64,
    /// The first day here; negative is before the first day of all.
    joined: i32,
    /// The first day not here any more.
    left: i32,
    /// From which day on another job is done, and how many times as much is written there.
    moved: Option<(i32, f64)>,
    /// First day and length.
    holidays: Vec<(i32, i32)>,
    /// Whom they write to outside, the closest first.
    pub(crate) partners: Vec<Rc<str>>,
    /// The person's own mailbox at home.
    pub(crate) home: Rc<str>,
    /// Sends something small home now and then, as many people do.
    pub(crate) writes_home: bool,
    /// Has a second mailbox at a customer, under the same name, and uses it week after week.
    pub(crate) second: Option<Rc<str>>,
}

impl Person {
    pub(crate) fn is_here(&self, day: i32) -> bool {
        (self.joined..self.left).contains(&day)
    }

    pub(crate) fn is_away(&self, day: i32) -> bool {
        self.holidays
            .iter()
            .any(|(from, length)| (*from..from + length).contains(&day))
    }

    /// Just back, with a full inbox.
    pub(crate) fn is_back(&self, day: i32) -> bool {
        self.holidays
            .iter()
            .any(|(from, length)| *length >= 7 && (from + length..from + length + 3).contains(&day))
    }

    /// Messages to the outside on an ordinary weekday, in the job of that day.
    pub(crate) fn rate_on(&self, day: i32) -> f64 {
        self.rate
            * self
                .moved
                .filter(|(from, _)| day >= *from)
                .map_or(1.0, |(_, times)| times)
    }
}

/// Everybody.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) all: Vec<Person>,
    /// Domains of partners and customers.
    pub(crate) domains: Vec<Rc<str>>,
    /// Honest partners of years whose name happens to be one letter off.
    pub(crate) namesakes: Vec<Rc<str>>,
}

impl People {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut rng = stream(plan.seed, PEOPLE, 0);
        let count = plan.users as usize;
        let domains = (0..count / 4 + 200).map(partner_domain).collect::<Vec<_>>();
        let namesakes = (0..=count / 10_000).map(namesake).collect::<Vec<_>>();
        let shared = count / 400 + 4;
        let mut taken = HashSet::new();
        let mut people = Self {
            all: Vec::with_capacity(count),
            domains,
            namesakes,
        };
        for place in 0..count {
            let role = if place < shared {
                Role::Shared
            } else if place < shared + count / 300 + 2 {
                Role::Marketing
            } else if place < shared + count / 300 + count / 200 + 4 {
                Role::Billing
            } else {
                match rng.f64() {
                    ..0.12 => Role::Frontline,
                    ..0.24 => Role::Sales,
                    ..0.29 => Role::Finance,
                    ..0.33 => Role::Designer,
                    _ => Role::Staff,
                }
            };
            let person = people.person(plan, &mut rng, role, place, &mut taken);
            people.all.push(person);
        }
        people
    }

    fn person(
        &self,
        plan: &Plan,
        rng: &mut Rng,
        role: Role,
        place: usize,
        taken: &mut HashSet<String>,
    ) -> Person {
        let (first, last) = (*pick(rng, &FIRST), surname(rng));
        let mut local = match role {
            Role::Shared if place < SHARED.len() => SHARED[place].to_owned(),
            Role::Shared => format!(
                "{}.{}",
                SHARED[place % SHARED.len()],
                TRADES[place / SHARED.len() % TRADES.len()]
            ),
            _ => format!("{first}.{last}"),
        };
        while !taken.insert(local.clone()) {
            local = format!("{first}.{last}{}", taken.len());
        }
        let (median, sigma) = match role {
            Role::Frontline => (0.05, 0.8),
            Role::Staff | Role::Designer | Role::Billing | Role::Marketing | Role::Finance => (0.6, 0.9),
            Role::Sales => (2.5, 0.7),
            Role::Shared => (15.0, 0.9),
        };
        let rate = plan.mail * lognormal(rng, median, sigma).min(60.0);
        let span = f64::from(plan.days);
        let year = span / 365.0;
        let is_person = role != Role::Shared;
        let joined = if is_person && happens(rng, 0.15 * year) {
            day_in(rng, plan.days)
        } else {
            -1
        };
        let left = if is_person && happens(rng, 0.08 * year) {
            day_in(rng, plan.days)
        } else {
            i32::MAX
        };
        let moved = (is_person && happens(rng, 0.06 * year))
            .then(|| (day_in(rng, plan.days), lognormal(rng, 1.0, 0.9).clamp(0.2, 6.0)));
        let mut holidays = Vec::new();
        if is_person {
            for _ in 0..whole(5.0 * year + rng.f64()) {
                holidays.push((day_in(rng, plan.days), rng.i32(3..22)));
            }
        }
        let partners = (0..whole(lognormal(rng, 9.0 + 4.0 * rate.sqrt(), 0.5)).clamp(3, 80))
            .map(|_| self.outsider(rng, role))
            .collect();
        let spelled = home_spelling(rng, &local);
        let second = (is_person && happens(rng, 0.003))
            .then(|| format!("{local}@{}", pick(rng, &self.domains)).into());
        Person {
            address: format!("{local}@{DOMAIN}").into(),
            role,
            rate,
            joined,
            left: if left <= joined { i32::MAX } else { left },
            moved,
            holidays,
            partners,
            home: format!("{spelled}@{}", pick(rng, &PRIVATE)).into(),
            writes_home: is_person && happens(rng, 0.03),
            second,
        }
    }

    /// Somebody outside. Large partners know many of ours; shared mailboxes write to shared mailboxes.
    pub(crate) fn outsider(&self, rng: &mut Rng, role: Role) -> Rc<str> {
        if happens(rng, 0.07) {
            return format!("{}@{}", plain_name(rng), pick(rng, &PRIVATE)).into();
        }
        let place = whole((rng.f64() * rng.f64() * crate::chance::real(self.domains.len())).floor());
        let domain = &self.domains[place.min(self.domains.len() - 1)];
        let is_shared = happens(rng, if role == Role::Shared { 0.4 } else { 0.1 });
        let local = if is_shared {
            (*pick(rng, &SHARED)).to_owned()
        } else {
            plain_name(rng)
        };
        format!("{local}@{domain}").into()
    }
}

/// A name as most companies spell it.
pub(crate) fn plain_name(rng: &mut Rng) -> String {
    format!("{}.{}", pick(rng, &FIRST), surname(rng))
}

fn surname(rng: &mut Rng) -> String {
    (0..3).map(|_| *pick(rng, &SYLLABLES)).collect()
}

/// How somebody's name is spelled at a provider where the plain one may be taken.
fn home_spelling(rng: &mut Rng, local: &str) -> String {
    let (first, last) = local.split_once('.').unwrap_or((local, "mail"));
    match rng.u8(0..10) {
        0..=3 => local.to_owned(),
        4 => format!("{first}{last}"),
        5 => format!("{}.{last}", &first[..1]),
        6 => format!("{last}.{first}"),
        7 => format!("{local}{}", rng.u8(60..99)),
        8 => format!("{first}_{last}"),
        _ => format!("{}{last}", &first[..1]),
    }
}

fn partner_domain(place: usize) -> Rc<str> {
    let (trade, kind) = (
        TRADES[place % TRADES.len()],
        KINDS[place / TRADES.len() % KINDS.len()],
    );
    let round = place / (TRADES.len() * KINDS.len());
    let end = if place.is_multiple_of(3) {
        "test"
    } else {
        "example"
    };
    if round == 0 {
        format!("{trade}-{kind}.{end}").into()
    } else {
        format!("{trade}-{kind}{round}.{end}").into()
    }
}

/// The company's name with its last letter changed.
fn namesake(place: usize) -> Rc<str> {
    let label = DOMAIN.split('.').next().unwrap_or(DOMAIN);
    let letter = char::from(b'a' + u8::try_from(place % 5).unwrap_or(0));
    format!("{}{letter}.example", &label[..label.len() - 1]).into()
}

fn day_in(rng: &mut Rng, days: u16) -> i32 {
    rng.i32(0..i32::from(days.max(1)))
}
