//! The campaign: tenant-days in virtual time, with the core that ships, held against what the tenant really had.
//!
//! `--seeds N` runs that many (default 1000), `--seeds A..B` those from A to before B, `--seed N` runs one and says more. The
//! exit code is 1 if a seed fails; its number is printed, and the same number gives the same run. A tenth of the days is
//! polled through the Reporting Web Service too; `--reporting` runs it alone. `--table` prints how long rows wait, by the
//! size of the tenant, `--details` how long they wait for their details; the smaller of these tenants are part of every
//! campaign.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test fails by panicking and says what it found"
)]

mod asking;
mod audit;
mod between;
mod scenario;
mod sink;
mod store;
mod table;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use audit::{Findings, audit};
use message_trace_simulator::Settings;
use message_trace_simulator::peers::{Course, Outcome, compare, compare_reports};
use scenario::{Scenario, Trouble};
use world::World;

/// How many tenant-days lie between two lines of progress.
const PROGRESS: u64 = 500;

/// Makes the scenario of a seed.
type Of = fn(u64) -> Scenario;

fn run(scenario: Scenario) -> Findings {
    let end = audit::end_of(&scenario);
    let mut world = World::new(scenario.clone());
    world.run(end);
    world.wait_for_details(end + chrono::Duration::days(1));
    audit(&scenario, &mut world)
}

/// Lets the published policies of other collectors poll some of the same tenants, and prints them beside ours.
fn baselines(seeds: &std::ops::Range<u64>, of: Of, compare: fn(&Settings, Course) -> Vec<Outcome>) {
    println!("{:<8}{}", "", Outcome::heading());
    for (trouble, first) in [(Trouble::Calm, 0), (Trouble::Rough, 5), (Trouble::Harsh, 6)] {
        let mut outcomes: Vec<Outcome> = Vec::new();
        for seed in [first, first + 10, first + 20]
            .into_iter()
            .filter(|seed| seeds.contains(seed))
        {
            let mut scenario = of(seed);
            scenario.start = scenario.simulated.from;
            scenario.asked = None;
            let mut course = Course::over(&scenario.simulated, 24);
            course.crashes_per_mille = if trouble == Trouble::Calm { 0 } else { 5 };
            let mut all = compare(&scenario.simulated, course);
            let mut world = World::new(scenario.clone());
            world.run(audit::end_of(&scenario));
            all.push(audit(&scenario, &mut world).as_outcome());
            if outcomes.is_empty() {
                outcomes = all;
            } else {
                outcomes.iter_mut().zip(&all).for_each(|(sum, one)| sum.add(one));
            }
        }
        for outcome in outcomes {
            println!("{:<8}{outcome}", trouble.name());
        }
    }
    println!();
}

/// `A..B`, or `B` alone from 0.
fn span(text: &str) -> std::ops::Range<u64> {
    let (from, to) = text.split_once("..").unwrap_or(("0", text));
    from.parse().expect("a number")..to.parse().expect("a number")
}

fn main() -> ExitCode {
    let mut seeds = 0..std::env::var("CAMPAIGN_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1000);
    let mut arguments = std::env::args().skip(1);
    let mut is_one = false;
    let (mut is_reporting, mut with_peers) = (false, true);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seeds" => seeds = span(&arguments.next().expect("a number or A..B follows")),
            "--seed" => {
                let seed = span(&arguments.next().expect("a number follows")).end;
                seeds = seed..seed + 1;
                is_one = true;
            }
            "--reporting" => is_reporting = true,
            "--without-peers" => with_peers = false,
            "--shared" => {
                return if table::shared() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                };
            }
            "--table" => {
                return if table::print() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                };
            }
            "--details" => {
                return if table::details(usize::MAX) {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                };
            }
            // What test runners ask of every test.
            "--list" => return ExitCode::SUCCESS,
            _ => {}
        }
    }
    let of: Of = if is_reporting {
        Scenario::reporting
    } else {
        Scenario::of
    };
    if is_one {
        let findings = run(of(seeds.start));
        println!("{findings:#?}");
        return if findings.is_clean() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let began = Instant::now();
    println!("{}", Findings::HEADING);
    let mut failed = campaign(&seeds, of, "");
    if !is_reporting {
        // The second source goes the same way but for what is asked and how it answers: a tenth of the days.
        let tenth = seeds.start..seeds.start + (seeds.end - seeds.start).div_ceil(10);
        failed += campaign(&tenth, Scenario::reporting, "--reporting ");
        if with_peers {
            println!("\nthe same tenants, polled by the policies that other collectors publish:");
            baselines(&seeds, Scenario::of, compare);
            println!("the same through the Reporting Web Service:");
            baselines(&seeds, Scenario::reporting, compare_reports);
        }
    }
    if !is_reporting && !table::details(2) {
        failed += 1;
    }
    let days = seeds.end - seeds.start;
    println!("{days} tenant-days in {:.0} s", began.elapsed().as_secs_f64());
    // In the words of every test, so that whoever counts tests counts this one.
    let (passed, missed) = if failed == 0 { (1, 0) } else { (0, 1) };
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "test result: {verdict}. {passed} passed; {missed} failed; 0 ignored; 0 measured; 0 filtered out"
    );
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs all seeds on all cores, prints a line for each kind of trouble, and gives how many failed. `with` is what replays
/// a seed beside its number.
fn campaign(seeds: &std::ops::Range<u64>, of: Of, with: &str) -> usize {
    let next = AtomicU64::new(seeds.start);
    let all: Mutex<BTreeMap<Trouble, Findings>> = Mutex::default();
    let failed: Mutex<Vec<u64>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let findings = catch_unwind(AssertUnwindSafe(|| run(of(seed))));
                    let is_clean = findings.as_ref().is_ok_and(Findings::is_clean);
                    let begun = seed + 1 - seeds.start;
                    if begun.is_multiple_of(PROGRESS) {
                        eprintln!("{begun} of {} tenant-days", seeds.end - seeds.start);
                    }
                    if !is_clean {
                        eprintln!("seed {seed} failed");
                        failed.lock().expect("no panic").push(seed);
                    }
                    if let Ok(findings) = findings {
                        all.lock()
                            .expect("no panic")
                            .entry(findings.trouble)
                            .or_default()
                            .add(findings);
                    }
                }
            });
        }
    });
    let all = all.into_inner().expect("no panic");
    let failed = failed.into_inner().expect("no panic");
    for trouble in Trouble::ALL {
        if let Some(findings) = all.get(&trouble) {
            println!("{}", findings.line());
        }
    }
    let beggars = all.values().filter(|findings| findings.asks_too_much()).count();
    if beggars > 0 {
        println!("{beggars} kinds of trouble with too many bad requests");
    }
    if !failed.is_empty() {
        println!("failed seeds, each to be replayed with `{with}--seed N`: {failed:?}");
    }
    failed.len()
}
