//! The published policies lose what their designs lose, and nothing without a reason.

mod common;

use chrono::Duration;
use common::at;
use message_trace_simulator::peers::{
    Course, MessageTraceReport, Sekoia, Xsiam, compare, compare_reports, run,
};
use message_trace_simulator::{Changes, Delays, FaultRates, Latency, Settings};

fn settings(seed: u64) -> Settings {
    let mut settings = Settings::new(seed, at(2026, 3, 3, 0));
    settings.until = Some(at(2026, 3, 4, 0));
    settings.rows_per_day = 3_000;
    settings.latency = Latency::measured();
    settings.changes = Changes::within_four_hours();
    settings
}

#[test]
fn with_no_late_row_and_no_fault_only_keys_without_recipients_lose() {
    let mut settings = settings(1);
    settings.delays = Delays::none();
    settings.changes = Changes::none();
    let course = Course::over(&settings, 24);
    for outcome in compare(&settings, course) {
        assert!(outcome.rows > 2_000, "{outcome}");
        assert_eq!(outcome.lost, 0, "{outcome}");
    }
    // A thousand rows a minute: a message's recipients fall on two pages.
    settings.rows_per_day = 2_000_000;
    settings.until = Some(settings.from + Duration::minutes(600));
    settings.from += Duration::minutes(590);
    let mut course = Course::over(&settings, 0);
    course.to = settings.from + Duration::hours(4);
    let outcome = run(&mut Sekoia::new(settings.from), &settings, course);
    assert!(outcome.lost > 0 && outcome.lost_share() < 0.02, "{outcome}");
}

#[test]
fn late_rows_and_changes_are_lost_as_the_designs_say() {
    let settings = settings(2);
    let outcomes = compare(&settings, Course::over(&settings, 24));
    let [sekoia, elastic, elastic_60, xsiam, report] = outcomes.as_slice() else {
        unreachable!()
    };
    let between = |share: f64, least: f64, most: f64| (least..most).contains(&share);
    assert!(between(sekoia.lost_share(), 0.01, 0.06), "{sekoia}");
    assert!(between(sekoia.missed_share(), 0.6, 1.0), "{sekoia}");
    assert!(between(elastic.lost_share(), 0.25, 0.6), "{elastic}");
    assert!(between(elastic_60.lost_share(), 0.000_5, 0.005), "{elastic_60}");
    assert!(between(xsiam.lost_share(), 0.3, 0.9), "{xsiam}");
    assert_eq!((report.lost, report.finals_missed), (0, 0), "{report}");
}

#[test]
fn the_newest_row_hides_the_late_ones_and_changes_are_not_seen() {
    let mut settings = settings(5);
    settings.reporting_delay = Duration::hours(2);
    let course = Course::over(&settings, 24);
    let outcomes = compare_reports(&settings, course);
    let [daily, hourly] = outcomes.as_slice() else {
        unreachable!()
    };
    // Once a day it reads what has settled, but for the rows around midnight.
    assert!(daily.lost > 0 && daily.lost_share() < 0.01, "{daily}");
    assert!((0.02..0.6).contains(&hourly.lost_share()), "{hourly}");
    assert!(hourly.missed_share() > 0.3, "{hourly}");
    assert_eq!((daily.duplicates, hourly.duplicates), (0, 0), "{daily}\n{hourly}");
    // Where rows come in their order and stay as they are, nothing is lost.
    settings.delays = Delays::none();
    settings.changes = Changes::none();
    for outcome in compare_reports(&settings, course) {
        assert_eq!((outcome.lost, outcome.duplicates), (0, 0), "{outcome}");
    }
}

#[test]
fn recalls_after_the_settling_time_are_missed_by_all() {
    let mut settings = settings(3);
    settings.changes = Changes {
        recalled_per_100_000: 5_000,
        ..Changes::default()
    };
    let course = Course::over(&settings, 24);
    let outcome = run(&mut MessageTraceReport::new(settings.from), &settings, course);
    assert!(outcome.lost == 0 && outcome.finals_missed > 0, "{outcome}");
}

#[test]
fn faults_and_crashes_cost_the_saved_in_any_case_and_the_high_water_mark() {
    let mut settings = settings(4);
    settings.delays = Delays::none();
    settings.changes = Changes::none();
    settings.rows_per_day = 20_000;
    settings.faults = FaultRates {
        per_mille: 200,
        ..FaultRates::errors_only()
    };
    let course = Course {
        crashes_per_mille: 20,
        ..Course::over(&settings, 24)
    };
    let sekoia = run(&mut Sekoia::new(settings.from), &settings, course);
    assert!(sekoia.lost > 0, "{sekoia}");
    let report = run(&mut MessageTraceReport::new(settings.from), &settings, course);
    assert_eq!(report.lost, 0, "{report}");
    let xsiam = run(&mut Xsiam::new(settings.from), &settings, course);
    assert!(xsiam.rows > 10_000, "{xsiam}");
}
