//! The table of latencies: how long a row waits from visible to delivered, by the size of the tenant.
//!
//! Planning sees pages, not rows. So a large tenant is modelled by one with fewer rows and pages of fewer rows, and an
//! answer takes as long as a whole page would.

use chrono::{Duration, TimeZone as _, Utc};
use message_trace_collector::poll::Settings as Polling;
use message_trace_simulator::{Changes, Delays, FaultRates, Latency, Quota, Settings as Simulated};

use crate::asking::Asked;
use crate::scenario::{Scenario, Trouble};
use crate::world::World;

/// Rows a day, and by how much rows and pages are divided in the model.
const TENANTS: [(u32, u32); 5] = [
    (1_000, 1),
    (10_000, 1),
    (100_000, 20),
    (1_000_000, 100),
    (5_000_000, 250),
];
const FULL_PAGE: u32 = 5_000;
/// Up to this age a row counts as fresh when it becomes visible, in seconds.
const FRESH_S: i64 = 300;
const YOUNG_S: i64 = 6 * 3_600;
/// Traffic before the measured rows: all that is unsettled has to be read from the beginning on.
const BEFORE_H: i64 = 50;
const MEASURED_H: i64 = 24;

fn scenario(rows_per_day: u32, divisor: u32, trouble: Trouble) -> Scenario {
    let from = Utc
        .with_ymd_and_hms(2026, 3, 2, 0, 0, 0)
        .single()
        .expect("a date");
    let until = from + Duration::hours(BEFORE_H + MEASURED_H);
    let seed = u64::from(rows_per_day);
    let mut simulated = Simulated::new(seed, from);
    simulated.until = Some(until);
    simulated.users = 40;
    simulated.rows_per_day = rows_per_day / divisor;
    simulated.rhythm = message_trace_simulator::Rhythm::Even;
    simulated.delays = Delays::up_to_two_days();
    simulated.changes = Changes {
        recalled_per_100_000: 1_000,
        ..Changes::default()
    };
    let Latency { base_ms, per_row_us } = Latency::measured();
    simulated.latency = Latency {
        base_ms,
        per_row_us: per_row_us * divisor,
    };
    simulated.quota = Quota::default();
    simulated.faults = match trouble {
        Trouble::Calm => FaultRates::none(),
        _ => FaultRates::some(),
    };
    Scenario {
        seed,
        trouble,
        polling: Polling {
            page_rows: FULL_PAGE / divisor,
            ..Polling::new(from.timestamp(), seed)
        },
        start: from + Duration::minutes(10),
        until,
        kills_per_million: 0,
        refusals_per_mille: 0,
        commit_failures_per_mille: 0,
        longest_death_s: 0,
        is_file: false,
        skew_ms: 0,
        clocks_per_mille: 0,
        strangers_per_mille: 0,
        asked: None,
        simulated,
    }
}

/// Waits in seconds, in one column of the table.
#[derive(Default)]
struct Waits(Vec<i64>, u64);

impl Waits {
    fn add(&mut self, visible_ms: i64, delivered_ms: Option<i64>) {
        match delivered_ms {
            Some(delivered_ms) => self.0.push((delivered_ms - visible_ms).max(0) / 1000),
            None => self.1 += 1,
        }
    }

    fn text(&mut self) -> String {
        self.0.sort_unstable();
        let at = |per_cent: usize| {
            let last = self.0.len().saturating_sub(1);
            self.0
                .get(last * per_cent / 100)
                .map_or_else(|| "–".to_owned(), i64::to_string)
        };
        let missed = if self.1 > 0 {
            format!(" ({} not)", self.1)
        } else {
            String::new()
        };
        format!("{}/{}/{}/{}{missed}", at(50), at(95), at(99), at(100))
    }
}

fn run(rows_per_day: u32, divisor: u32, trouble: Trouble) -> bool {
    let scenario = scenario(rows_per_day, divisor, trouble);
    let mut world = World::new(scenario.clone());
    world.run(scenario.until + Duration::hours(8));
    let measured_from = scenario.simulated.from + Duration::hours(BEFORE_H);
    let [mut fresh, mut late, mut late_old, mut changed, mut changed_old] =
        [const { Waits(Vec::new(), 0) }; 5];
    for row in world
        .simulator
        .tenant()
        .rows(scenario.simulated.from, scenario.until)
    {
        let (trace_id, recipient) = row.key();
        let mut seen = Vec::new();
        for (number, state) in row.states().enumerate() {
            let status = state.status.graph(true).to_lowercase();
            // A state that is told by no status, or comes after the measured time, is not timed.
            if seen.contains(&status) || state.at < measured_from || state.at > scenario.until {
                seen.push(status);
                continue;
            }
            let id = format!("{trace_id}/{recipient}/{status}");
            seen.push(status);
            let next = row
                .states()
                .nth(number + 1)
                .map(|next| next.at.timestamp_millis());
            let at_ms = state.at.timestamp_millis();
            let delivered_ms = world.sink.held.get(&id).map(|held| held.first_ms);
            // It was over before anybody could see it.
            if delivered_ms.is_none() && next.is_some_and(|next_ms| next_ms - at_ms < 6 * 3_600_000) {
                continue;
            }
            let age_s = (state.at - row.message.received).num_seconds();
            let column = match (number, age_s) {
                (0, ..=FRESH_S) => &mut fresh,
                (0, ..YOUNG_S) => &mut late,
                (0, _) => &mut late_old,
                (_, ..YOUNG_S) => &mut changed,
                _ => &mut changed_old,
            };
            column.add(at_ms, delivered_ms);
        }
    }
    let days = (world.now() - scenario.start).num_seconds().max(1);
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let (gigabytes, keys_h) = (
        world.bytes as f64 * f64::from(divisor) / days as f64 * 86_400.0 / 1e9,
        world.most_keys as f64 / f64::from(rows_per_day / divisor) * 24.0,
    );
    println!(
        "| {rows_per_day} | {} | {} | {} | {} | {} | {} | {} | {gigabytes:.1} | {:.1} | {keys_h:.0} | {} |",
        trouble.name(),
        fresh.text(),
        late.text(),
        late_old.text(),
        changed.text(),
        changed_old.text(),
        crate::audit::peak(&world.sent_ms),
        f64::from(i32::try_from(world.oldest_reading_s).unwrap_or(i32::MAX)) / 3600.0,
        world.simulator.statistics().refused_by_quota,
    );
    let lost = fresh.1 + late.1 + late_old.1 + changed.1 + changed_old.1;
    lost == 0 && keys_h <= 54.0 * 1.05 && world.oldest_reading_s <= 6 * 3600
}

/// A second program of the tenant takes 60 of the 100 requests. True if next to no request of ours is refused once that is
/// known, and nothing is lost.
pub fn shared() -> bool {
    let mut scenario = scenario(100_000, 20, Trouble::Calm);
    scenario.simulated.quota.requests = 40;
    let mut world = World::new(scenario.clone());
    world.run(crate::audit::end_of(&scenario));
    let adapted_ms = scenario.start.timestamp_millis() + 3_600_000;
    let end_ms = scenario.until.timestamp_millis();
    let first = world
        .refused_ms
        .iter()
        .filter(|&&at_ms| at_ms < adapted_ms)
        .count();
    let after = (adapted_ms..end_ms).step_by(3_600_000).map(|hour_ms| {
        let within = |at_ms: &&i64| (hour_ms..hour_ms + 3_600_000).contains(*at_ms);
        world.refused_ms.iter().filter(within).count()
    });
    let after: Vec<usize> = after.collect();
    let worst = after.iter().copied().max().unwrap_or(0);
    let findings = crate::audit::audit(&scenario, &mut world);
    println!(
        "a second program takes 60 of 100 requests (100,000 rows a day): {first} refused in the first hour, then {} in {} \
         hours, at most {worst} in one; {} lost, {} stale",
        after.iter().sum::<usize>(),
        after.len(),
        findings.lost,
        findings.stale,
    );
    worst <= 1 && findings.lost + findings.stale == 0
}

/// Prints the table. True if all rows and statuses came, and what is promised of the ledger is kept.
pub fn print() -> bool {
    println!(
        "| rows a day | weather | fresh, s | late < 6 h | late ≥ 6 h | changed < 6 h | changed ≥ 6 h | requests | GB a day | \
         oldest reading, h | keys, h | 429 |"
    );
    println!("|---:|---|---|---|---|---|---|---:|---:|---:|---:|---:|");
    let mut is_kept = true;
    for trouble in [Trouble::Calm, Trouble::Rough] {
        for (rows_per_day, divisor) in TENANTS {
            is_kept &= run(rows_per_day, divisor, trouble);
        }
    }
    is_kept &= shared();
    println!("waits from visible to delivered, seconds: p50/p95/p99/worst");
    is_kept
}

/// Rows a day, by how much rows and pages are divided in the model, and which of the model's rows are asked about. All of
/// a twentieth are as many questions as one row in twenty.
const ASKED: [(u32, u32, Asked); 4] = [
    (1_000, 1, Asked::Undelivered),
    (10_000, 1, Asked::Undelivered),
    (100_000, 20, Asked::All),
    (200_000, 20, Asked::All),
];

/// Prints how long a row waits for its details once it is delivered, by the size of the tenant. True if up to 10,000 rows a
/// day every row has them within five minutes, and if no questions take more than half of the budget. `tenants` is how many
/// sizes are tried.
pub fn details(tenants: usize) -> bool {
    println!("details, over a day:");
    println!(
        "| rows a day | asked about | waits, s | most questions in 5 min | of what they may use | without |"
    );
    println!("|---:|---:|---|---:|---:|---:|");
    let mut is_kept = true;
    for (rows_per_day, divisor, asked) in ASKED.into_iter().take(tenants) {
        let mut scenario = Scenario {
            asked: Some(asked),
            ..scenario(rows_per_day, divisor, Trouble::Calm)
        };
        scenario.start = scenario.until - Duration::hours(MEASURED_H);
        scenario.simulated.from = scenario.start;
        scenario.polling.since_s = scenario.start.timestamp();
        let mut world = World::new(scenario.clone());
        world.run(scenario.until);
        let used = world.asking.as_ref().map_or(0, |asking| asking.sent_ms.len());
        world.run(scenario.until + Duration::hours(8));
        let found = crate::audit::audit(&scenario, &mut world);
        let at = |per_cent| crate::audit::percentile(&found.told_s, per_cent);
        println!(
            "| {rows_per_day} | {} | {}/{}/{}/{} | {} | {} % | {} |",
            found.told_s.len(),
            at(50),
            at(95),
            at(99),
            at(100),
            found.most_asked,
            used * 100 / (45 * 12 * 24),
            found.untold + found.given_up,
        );
        let is_small = rows_per_day <= 10_000;
        is_kept &= found.most_asked <= 45 && found.untold + found.foreign + found.given_up == 0;
        is_kept &= !found.told_s.is_empty() && (!is_small || at(100) <= 300);
    }
    println!("waits from delivered to delivered with details, seconds: p50/p95/p99/worst");
    is_kept
}
