//! Prints what four published polling policies lose over simulated tenant-days: `baselines [SEEDS] [ROWS_PER_DAY]`.
#![expect(clippy::print_stdout, reason = "the table is the result")]

use chrono::{DateTime, Duration, Utc};
use message_trace_simulator::peers::{Course, Outcome, compare};
use message_trace_simulator::{Changes, Delays, FaultRates, Latency, Settings};

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u32>().unwrap_or(1));
    let (seeds, rows_per_day) = (arguments.next().unwrap_or(4), arguments.next().unwrap_or(20_000));
    let harsh = FaultRates {
        per_mille: 200,
        outages_in_ten_days: 60,
        ..FaultRates::errors_only()
    };
    for (title, faults, late, crashes_per_mille) in [
        ("late rows and changes", FaultRates::none(), true, 0),
        (
            "5 % errors and outages, no late rows",
            FaultRates::errors_only(),
            false,
            0,
        ),
        ("everything and 2 % crashes", FaultRates::errors_only(), true, 20),
        ("harsh: 20 % errors, 10 % crashes", harsh, true, 100),
        ("everything, and next links break", FaultRates::some(), true, 20),
    ] {
        println!(
            "{title}: {seeds} seeds, {rows_per_day} rows a day\n{}",
            Outcome::heading()
        );
        let mut sums = Vec::<Outcome>::new();
        for seed in 0..seeds {
            // A Tuesday in March 2026.
            let mut settings = Settings::new(
                seed.into(),
                DateTime::<Utc>::from_timestamp(1_772_496_000, 0).unwrap_or_default(),
            );
            settings.until = Some(settings.from + Duration::days(1));
            settings.rows_per_day = rows_per_day;
            settings.users = 500;
            settings.latency = Latency::measured();
            settings.changes = Changes::within_four_hours();
            settings.faults = faults;
            if !late {
                settings.delays = Delays::none();
                settings.changes = Changes::none();
            }
            let course = Course {
                crashes_per_mille,
                ..Course::over(&settings, 24)
            };
            for (place, outcome) in compare(&settings, course).iter().enumerate() {
                match sums.get_mut(place) {
                    Some(sum) => sum.add(outcome),
                    None => sums.push(outcome.clone()),
                }
            }
        }
        for sum in &sums {
            println!("{sum}");
        }
        println!();
    }
}
