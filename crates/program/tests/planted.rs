//! `detect` over a small planted tenant: nearly all that is planted is found, and little else. `./build.sh planted` does the
//! same for 20,000 users and a year.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use message_trace_planted::{Measure, Plan, measure};
use tempfile::TempDir;

/// Not one of the seeds that the rules were made with.
const SEED: u64 = 4;

#[test]
fn nearly_all_that_is_planted_is_found_and_little_else() {
    let folder = TempDir::new().unwrap();
    let wanted = Measure {
        program: PathBuf::from(env!("CARGO_BIN_EXE_message-trace")),
        folder: folder.path().to_owned(),
        // A quarter's end, Easter, a migration and an audit are in it.
        plan: Plan {
            first: "2025-01-20".parse().unwrap(),
            ..Plan::new(SEED, 500, 90)
        },
        step: 90,
    };
    let (score, article) = measure(&wanted, &mut |said| eprintln!("{said}")).unwrap();
    eprintln!("detect:\n{score}the article's threshold:\n{article}");
    let (planted, found) = score.found();
    assert!(planted >= 40, "{planted} are planted");
    assert!(
        score.recall() >= 0.95,
        "{found} of {planted}; missed: {:?}",
        score.missed
    );
    assert!(score.precision() >= 0.95, "wrong: {:?}", score.wrong);
    assert!(score.precision_of_cases() >= 0.9, "wrong: {:?}", score.wrong);
    assert!(score.wrong_a_day() <= 2.0, "wrong: {:?}", score.wrong);
    // The article's threshold tells the best of it from nothing: hundreds of alerts about honest people.
    assert!(
        article.precision() < 0.5 && article.recall() < score.recall(),
        "{article}"
    );
    let (ours, questions) = (last_of_article(&wanted), question(&folder.path().join("archive")));
    assert_eq!(ours, questions, "the article's threshold as the question has it");
    assert!(!ours.is_empty());
}

/// Senders above the article's threshold on the last day, as the measurement asks.
fn last_of_article(wanted: &Measure) -> Vec<String> {
    let day = wanted.plan.date(i32::from(wanted.plan.days) - 1);
    let mut senders = wanted
        .article(day)
        .unwrap()
        .into_iter()
        .map(|raised| raised.who)
        .collect::<Vec<_>>();
    senders.sort();
    senders
}

/// … and as the question `baseline-article` answers.
fn question(archive: &Path) -> Vec<String> {
    let done = Command::new(env!("CARGO_BIN_EXE_message-trace"))
        .args(["query", "baseline-article", "--json", "--archive"])
        .arg(archive)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut senders = String::from_utf8(done.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|row| row["sender"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    senders.sort();
    senders
}
