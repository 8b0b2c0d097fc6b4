//! Holds what the sink has against what the tenant had.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use message_trace_collector::poll::WINDOW_MS;

use message_trace_simulator::State;
use message_trace_simulator::peers::Outcome;

use crate::asking::Asked;
use crate::scenario::{Scenario, Trouble};
use crate::sink::Held;
use crate::world::World;

/// How long reading goes on after the last row may appear or change; the deep pass comes every five hours at the latest,
/// later after kills and outages.
const AFTERMATH: Duration = Duration::hours(12);

pub fn end_of(scenario: &Scenario) -> DateTime<Utc> {
    let bands = scenario.simulated.delays.bands.iter();
    let longest_s = bands.map(|band| i64::from(band.most)).max().unwrap_or(0);
    // Rows may change for a day after they were received.
    scenario.until + Duration::seconds(longest_s.max(86_400)) + scenario.simulated.reporting_delay + AFTERMATH
}

/// What a run, or many, came to.
#[derive(Clone, Debug)]
pub struct Findings {
    pub trouble: Trouble,
    pub seeds: u64,
    pub rows: u64,
    /// Rows the service showed that the sink does not have.
    pub lost: u64,
    /// Rows that changed after they appeared.
    pub changed: u64,
    /// Rows whose last state the sink does not have as its newest.
    pub stale: u64,
    /// Events the tenant never had, lines that gave no event, or events whose line is not the row's own bytes.
    pub corrupted: u64,
    /// Event ids beyond those that the tenant's rows went through.
    pub spurious: u64,
    /// Events that came with a lower sequence than one before.
    pub disorder: u64,
    /// Events that came again, as allowed after a kill or a refusal.
    pub repeats: u64,
    /// Events that came again without a kill or a refusal.
    pub unasked: u64,
    /// The most requests in a rolling window, by the service's clock.
    pub peak: usize,
    pub requests: u64,
    pub refused_by_quota: u64,
    pub bad_requests: u64,
    pub kills: u64,
    /// Events more than those that a death or a refusal lets come again.
    pub unexplained: u64,
    /// Rows recorded as missing for good.
    pub gaps: u64,
    /// Keys in the ledger beyond one for each row.
    pub surplus_keys: u64,
    /// Answers that something in between gave.
    pub strangers: u64,
    /// Windows that the service refused as wrong, and starts of the program.
    pub refused_windows: u64,
    pub starts: u64,
    pub failures: Vec<String>,
    /// Rows that are asked about and whose newest event has no details.
    pub untold: u64,
    /// Details that are not what was answered about their row.
    pub foreign: u64,
    /// Rows that were asked about often enough.
    pub given_up: u64,
    /// The most questions in a rolling window.
    pub most_asked: usize,
    /// Seconds from delivered to delivered with details.
    pub told_s: Vec<u32>,
    /// Seconds from visible to delivered, of rows that became visible while the program polled.
    pub waits_s: Vec<u32>,
}

impl Default for Findings {
    fn default() -> Self {
        Self {
            trouble: Trouble::Calm,
            seeds: 0,
            rows: 0,
            lost: 0,
            changed: 0,
            stale: 0,
            corrupted: 0,
            spurious: 0,
            disorder: 0,
            repeats: 0,
            unasked: 0,
            peak: 0,
            requests: 0,
            refused_by_quota: 0,
            bad_requests: 0,
            kills: 0,
            unexplained: 0,
            gaps: 0,
            surplus_keys: 0,
            strangers: 0,
            refused_windows: 0,
            starts: 0,
            failures: Vec::new(),
            untold: 0,
            foreign: 0,
            given_up: 0,
            most_asked: 0,
            told_s: Vec::new(),
            waits_s: Vec::new(),
        }
    }
}

pub fn audit(scenario: &Scenario, world: &mut World) -> Findings {
    let mut findings = Findings {
        trouble: scenario.trouble,
        seeds: 1,
        ..Findings::default()
    };
    let is_quiet = scenario.refusals_per_mille == 0 && scenario.kills_per_million == 0;
    let is_graph = scenario.polling.source.name() == "graph";
    // A report's row repeats the query, which differs from reading to reading: what may change is compared alone.
    let essence = |line: &[u8]| {
        if is_graph {
            return line.to_vec();
        }
        let row: serde_json::Value = serde_json::from_slice(line).expect("a row is JSON");
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("Status"), row["Size"], text("ToIP")).into_bytes()
    };
    let start = scenario.start;
    let simulated_from = scenario.simulated.from;
    let rows: Vec<_> = world
        .simulator
        .tenant()
        .rows(simulated_from, scenario.until)
        .cloned()
        .collect();
    // An id can be reached by more than one state of a row: its size may change alone.
    let mut known_ids: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
    for row in &rows {
        findings.rows += 1;
        let (trace_id, recipient) = row.key();
        let id_of = |status: &str| format!("{trace_id}/{recipient}/{}", status.to_lowercase());
        let shown = |state: &State| {
            if is_graph {
                return (state.status.graph(true), row.graph_line(state, true).into_bytes());
            }
            let status = state.status.reporting();
            (
                status,
                format!("{status} {} {}", state.size, state.to_ip).into_bytes(),
            )
        };
        findings.changed += u64::from(row.states().nth(1).is_some());
        let mut first_ms = i64::MAX;
        let mut newest: Option<(u64, Vec<u8>, &Held)> = None;
        let mut last = None;
        for state in row.states() {
            let (status, line) = shown(state);
            let id = id_of(status);
            if let Some(held) = world.sink.held.get(&id) {
                first_ms = first_ms.min(held.first_ms);
                if newest.as_ref().is_none_or(|(order, ..)| held.order > *order) {
                    newest = Some((held.order, essence(&held.line), held));
                }
            }
            known_ids.entry(id).or_default().push(line.clone());
            last = Some(line);
        }
        let newest_held = newest.as_ref().map(|(.., held)| *held);
        match newest {
            None => findings.lost += 1,
            Some((_, line, _)) if Some(&line) != last.as_ref() => findings.stale += 1,
            Some(_) => {}
        }
        if let (Some(asking), Some(held)) = (&world.asking, newest_held) {
            findings.ask_after(held, asking.asked);
        }
        let visible_at = row.visible_at() + scenario.simulated.reporting_delay;
        if visible_at > start && first_ms != i64::MAX {
            let wait_ms = first_ms - visible_at.timestamp_millis();
            findings.waits_s.push(u32::try_from(wait_ms / 1000).unwrap_or(0));
        }
    }
    for (id, held) in &world.sink.held {
        match known_ids.get(id) {
            None => findings.spurious += 1,
            Some(lines) if !lines.contains(&essence(&held.line)) => findings.corrupted += 1,
            Some(_) => {}
        }
    }
    findings.corrupted += world.sink.rejected;
    findings.count(world, is_quiet);
    findings
}

/// The most requests in any rolling window.
pub fn peak(sent_ms: &[i64]) -> usize {
    let mut first = 0;
    let mut peak = 0;
    for (last, sent) in sent_ms.iter().enumerate() {
        while sent - sent_ms[first] >= WINDOW_MS {
            first += 1;
        }
        peak = peak.max(last + 1 - first);
    }
    peak
}

/// How long so many per cent waited at the most.
pub fn percentile(waits_s: &[u32], per_cent: usize) -> u32 {
    let mut waits = waits_s.to_vec();
    waits.sort_unstable();
    let last = waits.len().saturating_sub(1);
    waits.get(last * per_cent / 100).copied().unwrap_or(0)
}

impl Findings {
    pub const HEADING: &str = "         seeds      rows  lost stale corrupt spurious disorder repeats unasked  more  gaps  keys  peak  429   bad \
                               kills ended  requests  p50 s  p90 s  p99 s untold foreign asked told s";

    pub fn is_clean(&self) -> bool {
        let Self {
            lost,
            stale,
            corrupted,
            spurious,
            disorder,
            unasked,
            unexplained,
            gaps,
            surplus_keys,
            peak,
            refused_by_quota,
            bad_requests: _,
            requests: _,
            rows,
            kills: _,
            failures,
            trouble: _,
            seeds: _,
            changed: _,
            repeats: _,
            strangers: _,
            refused_windows: _,
            starts: _,
            untold,
            foreign,
            given_up,
            most_asked,
            told_s: _,
            waits_s: _,
        } = self;
        let bad = lost + stale + corrupted + spurious + disorder + unasked + refused_by_quota;
        let kept = unexplained + gaps + surplus_keys;
        let told = untold + foreign + given_up;
        let is_within = *peak <= 90 && *most_asked <= 45;
        bad + kept + told == 0 && !self.asks_too_much() && is_within && *rows > 0 && failures.is_empty()
    }

    /// Whether more requests were refused as wrong than there is a reason for: a start by a wrong clock may ask for five
    /// windows that are not there yet; beside them only next links die, whose time passes during a wait.
    pub fn asks_too_much(&self) -> bool {
        let links = self.bad_requests.saturating_sub(self.refused_windows);
        self.refused_windows > 5 * self.starts || links > self.requests / 20
    }

    pub fn add(&mut self, other: Self) {
        self.trouble = other.trouble;
        self.seeds += other.seeds;
        self.rows += other.rows;
        self.lost += other.lost;
        self.changed += other.changed;
        self.stale += other.stale;
        self.corrupted += other.corrupted;
        self.spurious += other.spurious;
        self.disorder += other.disorder;
        self.repeats += other.repeats;
        self.unasked += other.unasked;
        self.peak = self.peak.max(other.peak);
        self.requests += other.requests;
        self.refused_by_quota += other.refused_by_quota;
        self.bad_requests += other.bad_requests;
        self.kills += other.kills;
        self.unexplained += other.unexplained;
        self.gaps += other.gaps;
        self.surplus_keys += other.surplus_keys;
        self.strangers += other.strangers;
        self.refused_windows += other.refused_windows;
        self.starts += other.starts;
        self.failures.extend(other.failures);
        self.untold += other.untold;
        self.foreign += other.foreign;
        self.given_up += other.given_up;
        self.most_asked = self.most_asked.max(other.most_asked);
        self.told_s.extend(other.told_s);
        self.waits_s.extend(other.waits_s);
    }

    /// What the run itself counted.
    fn count(&mut self, world: &World, is_quiet: bool) {
        self.disorder = world.sink.disorder;
        self.repeats = world.sink.repeats;
        self.unasked = if is_quiet { world.sink.repeats } else { 0 };
        self.peak = peak(&world.sent_ms);
        if let Some(asking) = &world.asking {
            self.foreign = asking.foreign;
            self.given_up = asking.given_up;
            self.most_asked = peak(&asking.sent_ms);
        }
        self.requests = world.sent_ms.len() as u64;
        let statistics = world.simulator.statistics();
        self.refused_by_quota = statistics.refused_by_quota;
        self.bad_requests = statistics.bad_requests;
        self.kills = world.kills;
        self.unexplained = world.sink.repeats.saturating_sub(world.may_repeat);
        self.gaps = world.gaps;
        self.surplus_keys = (world.most_keys as u64).saturating_sub(self.rows);
        self.strangers = world.strangers;
        self.refused_windows = world.refused_windows;
        self.starts = world.restarts;
        self.failures = world
            .failures
            .iter()
            .map(|fault| fault.sentence.clone())
            .collect();
    }

    /// Counts a row of the sink that is asked about.
    fn ask_after(&mut self, held: &Held, asked: Asked) {
        if !held.is_asked_about(asked) {
            return;
        }
        match held.details_ms {
            Some(told_ms) => {
                let wait_s = (told_ms - held.since_ms) / 1000;
                self.told_s.push(u32::try_from(wait_s).unwrap_or(0));
            }
            None => self.untold += 1,
        }
    }

    fn wait_s(&self, per_cent: usize) -> u32 {
        percentile(&self.waits_s, per_cent)
    }

    /// In the terms of the baselines.
    pub fn as_outcome(&self) -> Outcome {
        Outcome {
            name: "message-trace".to_owned(),
            rows: self.rows,
            lost: self.lost,
            changed: self.changed,
            finals_missed: self.stale,
            duplicates: self.repeats,
            delay_median: u64::from(self.wait_s(50)),
            delay_p95: u64::from(self.wait_s(95)),
            requests: self.requests,
        }
    }

    pub fn line(&self) -> String {
        format!(
            "{:<7}{:>7}{:>10}{:>6}{:>6}{:>8}{:>9}{:>9}{:>8}{:>8}{:>6}{:>6}{:>6}{:>6}{:>5}{:>6}{:>6}{:>6}{:>10}{:>7}{:>7}{:>7}{:>7}{:>8}{:>6}{:>7}",
            self.trouble.name(),
            self.seeds,
            self.rows,
            self.lost,
            self.stale,
            self.corrupted,
            self.spurious,
            self.disorder,
            self.repeats,
            self.unasked,
            self.unexplained,
            self.gaps,
            self.surplus_keys,
            self.peak,
            self.refused_by_quota,
            self.bad_requests,
            self.kills,
            self.failures.len(),
            self.requests,
            self.wait_s(50),
            self.wait_s(90),
            self.wait_s(99),
            self.untold + self.given_up,
            self.foreign,
            self.most_asked,
            percentile(&self.told_s, 50),
        )
    }
}
