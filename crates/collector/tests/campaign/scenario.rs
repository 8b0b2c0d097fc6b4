//! What a seed stands for: a tenant, its faults, and when the program is killed.

use crate::asking::Asked;
use chrono::{DateTime, Duration, TimeZone, Utc};
use message_trace_collector::poll::{Order, Rhythm, Settings as Polling};
use message_trace_simulator::{
    Changes, Delays, FaultRates, Latency, Paging, Quota, RetryAfterForm, Settings as Simulated,
};

/// What kind of trouble a seed brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Rows appear late and change; nothing fails.
    Calm,
    /// One request in twenty fails; the program is killed now and then.
    Rough,
    /// One request in five fails, hours of outage, many kills, a sink that refuses.
    Harsh,
    /// A busy hour in the day of a larger tenant, nothing fails.
    Busy,
}

impl Trouble {
    pub const ALL: [Self; 4] = [Self::Calm, Self::Rough, Self::Harsh, Self::Busy];

    pub fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Rough => "rough",
            Self::Harsh => "harsh",
            Self::Busy => "busy",
        }
    }
}

/// Everything a seed decides.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    pub trouble: Trouble,
    pub simulated: Simulated,
    pub polling: Polling,
    /// When the program is started for the first time.
    pub start: DateTime<Utc>,
    /// When traffic ends.
    pub until: DateTime<Utc>,
    /// Effects in a million before or after which the program is killed.
    pub kills_per_million: u32,
    /// Deliveries in a thousand that the sink refuses, whole or in part.
    pub refusals_per_mille: u32,
    /// Commits in a thousand that fail.
    pub commit_failures_per_mille: u32,
    /// How long the program stays dead, at most, in seconds.
    pub longest_death_s: i64,
    /// Whether the ledger is the real file.
    pub is_file: bool,
    /// How far this machine's clock is from the service's at first, in milliseconds.
    pub skew_ms: i64,
    /// Starts in a thousand that find the clock set to another time.
    pub clocks_per_mille: u32,
    /// Requests in a thousand that something in between answers: a proxy's page, with any date and any wait.
    pub strangers_per_mille: u32,
    /// Which rows are asked about, if any are.
    pub asked: Option<Asked>,
}

impl Scenario {
    /// The same tenant, read through the Reporting Web Service: it shows some hours later what Graph shows, and knows no
    /// quota.
    pub fn reporting(seed: u64) -> Self {
        let mut scenario = Self::of(seed);
        let mut chance = fastrand::Rng::with_seed(seed ^ 0x7265_706f_7274);
        scenario.polling.source = &message_trace_sources::reporting::Reporting;
        scenario.polling.page_rows = scenario.polling.page_rows.min(2000);
        scenario.simulated.delays = Delays::default();
        scenario.simulated.reporting_delay = Duration::seconds(chance.i64(0..6 * 3600));
        scenario
    }

    pub fn of(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let trouble = match seed % 10 {
            0..3 => Trouble::Calm,
            3..6 => Trouble::Rough,
            6..9 => Trouble::Harsh,
            _ => Trouble::Busy,
        };
        let from = Utc
            .with_ymd_and_hms(2026, 3, 2, 0, 0, 0)
            .single()
            .unwrap_or_default()
            + Duration::days(chance.i64(0..7));
        let mut simulated = Simulated::new(seed, from);
        let hours = if trouble == Trouble::Busy { 3 } else { 24 };
        let until = from + Duration::hours(hours);
        simulated.until = Some(until);
        simulated.users = 40;
        simulated.rows_per_day = if trouble == Trouble::Busy {
            chance.u32(8_000..16_000)
        } else {
            chance.u32(200..900)
        };
        simulated.rhythm = if trouble == Trouble::Busy || chance.bool() {
            message_trace_simulator::Rhythm::Even
        } else {
            message_trace_simulator::Rhythm::WorkingHours
        };
        weather(&mut simulated, trouble, &mut chance);
        // Some begin with a day to catch up with, some with none.
        let start = from
            + Duration::seconds(if chance.bool() {
                1
            } else {
                chance.i64(0..hours * 3600)
            });
        let polling = Polling {
            page_rows: if trouble == Trouble::Busy {
                500
            } else {
                chance.u32(10..200)
            },
            rhythm: Rhythm {
                order: if chance.bool() {
                    Order::NewestFirst
                } else {
                    Order::OldestFirst
                },
                ..Rhythm::default()
            },
            ..Polling::new(from.timestamp(), seed)
        };
        let (kills_per_million, refusals_per_mille, commit_failures_per_mille, longest_death_s) =
            match trouble {
                Trouble::Calm | Trouble::Busy => (0, 0, 0, 0),
                Trouble::Rough => (chance.u32(0..3_000), 10, 2, 1_800),
                Trouble::Harsh => (chance.u32(0..10_000), 100, 20, 7_200),
            };
        let (clocks_per_mille, strangers_per_mille) = match trouble {
            Trouble::Calm | Trouble::Busy => (0, 0),
            Trouble::Rough => (50, 5),
            Trouble::Harsh => (200, 30),
        };
        Self {
            seed,
            trouble,
            simulated,
            polling,
            start,
            until,
            kills_per_million,
            refusals_per_mille,
            commit_failures_per_mille,
            longest_death_s,
            // One in ten, of every kind.
            is_file: seed / 10 % 10 == 3,
            skew_ms: if chance.u8(0..4) == 0 {
                chance.i64(-3_600_000..3_600_000)
            } else {
                0
            },
            clocks_per_mille,
            strangers_per_mille,
            // One in three, of every kind.
            asked: (seed / 10).is_multiple_of(3).then_some(Asked::Undelivered),
        }
    }
}

/// What the service and its rows are like.
fn weather(simulated: &mut Simulated, trouble: Trouble, chance: &mut fastrand::Rng) {
    simulated.delays = match chance.u8(0..6) {
        0 => Delays::up_to_a_day(),
        1 => Delays::up_to_two_days(),
        _ => Delays::default(),
    };
    simulated.changes = Changes::default();
    simulated.changes.recalled_per_100_000 = 1_000;
    simulated.paging = if chance.bool() {
        Paging::Position
    } else {
        Paging::Offset
    };
    simulated.refuse_future_end = chance.bool();
    simulated.latency = Latency {
        base_ms: chance.u32(20..600),
        per_row_us: chance.u32(50..600),
    };
    simulated.next_link_lifetime = chance.bool().then(|| Duration::seconds(chance.i64(20..600)));
    simulated.quota = Quota {
        retry_after: [
            RetryAfterForm::Seconds,
            RetryAfterForm::Date,
            RetryAfterForm::Absent,
        ][chance.usize(0..3)],
        ..Quota::default()
    };
    simulated.faults = match trouble {
        Trouble::Calm | Trouble::Busy => FaultRates::none(),
        Trouble::Rough => FaultRates::some(),
        Trouble::Harsh => FaultRates::harsh(),
    };
}
