//! What a sink refuses, for now and for good: nothing is lost, nothing stops, and everything has a way back.

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Utc;
use message_trace_simulator::{CLIENT_ID, CLIENT_SECRET, TENANT_ID};

use crate::collector::{Collector, spoiling};
use crate::stand::{Stand, program, text};

/// A command with the settings of a stand, its rows from `graph` and its events to the collectors.
fn command(stand: &Stand, words: &[&str], graph: &str, collectors: &[&Collector]) -> Command {
    let mut command = program();
    command
        .env("MESSAGE_TRACE_CLIENT_SECRET", CLIENT_SECRET)
        .args(words)
        .args([
            "--tenant-id",
            TENANT_ID,
            "--client-id",
            CLIENT_ID,
            "--target",
            "ecs",
        ])
        .args(["--graph-url", graph, "--login-url", graph])
        .arg("--ledger")
        .arg(stand.ledger());
    for collector in collectors {
        command.args(["--sink", &collector.url()]);
    }
    command
}

fn dead_letter(stand: &Stand, words: &[&str]) -> Output {
    let mut command = program();
    command
        .arg("dead-letter")
        .args(words)
        .arg("--ledger")
        .arg(stand.ledger());
    command.output().unwrap()
}

/// The letters in the file, as sink, reason and id.
fn letters(stand: &Stand) -> Vec<(String, String, String)> {
    let output = dead_letter(stand, &["list", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let letter = |line: &str| {
        let letter: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| letter[name].as_str().unwrap().to_owned();
        assert!(!text("raw").is_empty());
        (text("sink"), text("reason"), text("id"))
    };
    text(&output.stdout).lines().map(letter).collect()
}

fn is_poison(id: &str) -> bool {
    id.contains("7/")
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
/// Rows whose time is unreadable, beside events that both sinks refuse: kills in between, and in the end all is delivered
/// or a letter, each once.
#[test]
fn unreadable_rows_and_refused_events_share_one_dead_letter_across_two_sinks_and_kills() {
    let stand = Stand::new(|settings| settings.rows_per_day = 3_000);
    let graph = spoiling(&stand.server.base_url(), '0');
    let is_mended = Arc::new(AtomicBool::new(false));
    let collector = || {
        let is_mended = Arc::clone(&is_mended);
        Collector::start(move |_, ids| {
            let is_refused = !is_mended.load(Ordering::SeqCst) && ids.iter().any(|id| is_poison(id));
            (if is_refused { 400 } else { 200 }, "")
        })
    };
    let (first, second) = (collector(), collector());
    let both = [&first, &second];
    let poll = |words: &[&str]| {
        let words = [&["poll", "--since", "48h"], words].concat();
        command(&stand, &words, &graph, &both)
    };
    for pause_ms in [300, 500, 700, 900] {
        let mut child = poll(&[]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause_ms));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let started = Utc::now() - chrono::Duration::seconds(5);
    let ended = poll(&["--once"]).output().unwrap();
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    assert!(
        text(&ended.stderr).contains("dead_letters="),
        "{}",
        text(&ended.stderr)
    );

    let truth: BTreeSet<String> = stand.truth(started).into_keys().collect();
    let is_unreadable = |id: &str| id.split('/').next().is_some_and(|trace| trace.ends_with('0'));
    let kept = letters(&stand);
    let of = |name: &str| -> BTreeSet<String> {
        let of_sink = kept.iter().filter(|(sink, ..)| sink.contains(name));
        of_sink.map(|(.., id)| id.clone()).collect()
    };
    assert_eq!(
        kept.len(),
        kept.iter().collect::<BTreeSet<_>>().len(),
        "no letter is kept twice"
    );
    let unreadable = of("transform");
    assert!(unreadable.len() > 100);
    assert!(kept.iter().any(|(_, reason, _)| reason == "invalid-field"));
    assert!(
        truth
            .iter()
            .filter(|id| is_unreadable(id))
            .all(|id| unreadable.contains(id))
    );
    for collector in both {
        let name = collector.url().replace("/ingest", "");
        let refused = of(&name);
        assert!(
            refused.len() > 50 && refused.iter().all(|id| is_poison(id)),
            "{}",
            refused.len()
        );
        for id in truth.iter().filter(|id| !is_unreadable(id)) {
            assert!(
                collector.ids().contains(id) || refused.contains(id),
                "{id} is lost"
            );
        }
        assert!(collector.ids().is_disjoint(&refused));
    }
    // The ledger counts them, and one can be looked for.
    let shown = program().arg("ledger").arg(stand.ledger()).output().unwrap();
    assert!(
        text(&shown.stdout).contains(&format!("dead letters     {}", kept.len())),
        "{}",
        text(&shown.stdout)
    );
    let (_, _, id) = kept.last().unwrap();
    let one = text(&dead_letter(&stand, &["list", "--id", id]).stdout);
    assert!(
        one.lines().count() >= 1 && one.lines().all(|line| line.ends_with(id.as_str())),
        "{one}"
    );

    // While they are refused still, they stay.
    let replay = |words: &[&str]| {
        let words = [&["dead-letter", "replay"], words].concat();
        command(&stand, &words, &graph, &both).output().unwrap()
    };
    let again = replay(&[]);
    assert_eq!(again.status.code(), Some(1), "{}", text(&again.stderr));
    assert!(text(&again.stderr).contains(&format!("0 rows delivered, {} refused again", kept.len())));
    assert_eq!(letters(&stand).len(), kept.len());

    // Mended, the events arrive, each at the sink that had refused it; the rows without a time stay.
    let repeats = [first.repeats(), second.repeats()];
    is_mended.store(true, Ordering::SeqCst);
    let mended = replay(&[]);
    assert_eq!(mended.status.code(), Some(1), "{}", text(&mended.stderr));
    assert!(
        letters(&stand).iter().all(|(sink, ..)| sink == "transform"),
        "{}",
        text(&mended.stderr)
    );
    for collector in both {
        let missing = truth
            .iter()
            .filter(|id| !is_unreadable(id))
            .filter(|id| !collector.ids().contains(*id));
        assert_eq!(missing.count(), 0);
    }
    assert_eq!(
        [first.repeats(), second.repeats()],
        repeats,
        "a replay repeats nothing"
    );

    // What is of no use is dropped, and nothing without a word.
    assert_eq!(dead_letter(&stand, &["drop"]).status.code(), Some(2));
    assert!(dead_letter(&stand, &["drop", "--all"]).status.success());
    assert_eq!(letters(&stand), []);
    assert!(replay(&[]).status.success());
}

#[test]
fn a_sink_that_refuses_its_first_events_gets_them_when_it_works() {
    for status in [400, 413] {
        let stand = Stand::new(|settings| settings.rows_per_day = 300);
        let graph = stand.server.base_url();
        let is_ready = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&is_ready);
        let collector = Collector::start(move |_, _| {
            (
                if shared.load(Ordering::SeqCst) {
                    200
                } else {
                    status
                },
                "",
            )
        });
        let poll = || {
            command(
                &stand,
                &["poll", "--since", "48h", "--once"],
                &graph,
                &[&collector],
            )
        };
        let mut first = poll().stderr(Stdio::null()).spawn().unwrap();
        collector.wait_for(3);
        first.kill().unwrap();
        first.wait().unwrap();
        assert_eq!(letters(&stand), [], "nothing is refused for good");
        is_ready.store(true, Ordering::SeqCst);
        let started = Utc::now() - chrono::Duration::seconds(5);
        let ended = poll().output().unwrap();
        assert!(ended.status.success(), "{}", text(&ended.stderr));
        assert!(stand.truth(started).keys().all(|id| collector.ids().contains(id)));
    }
}

#[test]
fn what_a_sink_answers_once_ends_nothing() {
    for answer in [
        (302, "Location: /elsewhere\r\n"),
        (401, ""),
        (403, ""),
        (404, ""),
        (207, ""),
        (200, "Content-Type: text/html\r\n"),
        (503, "Retry-After: 1\r\n"),
    ] {
        let stand = Stand::new(|settings| settings.rows_per_day = 300);
        let graph = stand.server.base_url();
        let collector = Collector::start(move |nth, _| if nth == 0 { answer } else { (200, "") });
        let started = Utc::now() - chrono::Duration::seconds(5);
        let words = ["poll", "--since", "48h", "--once"];
        let ended = command(&stand, &words, &graph, &[&collector]).output().unwrap();
        assert!(ended.status.success(), "{answer:?}: {}", text(&ended.stderr));
        assert!(text(&ended.stderr).contains(" WARN "), "it is said");
        assert!(
            stand.truth(started).keys().all(|id| collector.ids().contains(id)),
            "{answer:?}"
        );
        assert_eq!(letters(&stand), []);
    }
}

#[test]
fn a_day_that_a_sink_asks_for_ends_a_run_that_ends_by_itself_and_holds_up_no_stop() {
    let stand = Stand::new(|settings| settings.rows_per_day = 300);
    let graph = stand.server.base_url();
    let collector = Collector::start(|_, _| (429, "Retry-After: 86400\r\n"));
    let ended = command(&stand, &["poll", "--once"], &graph, &[&collector])
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(75), "{}", text(&ended.stderr));
    let says = "the sink answers 429 for now; nothing is lost; it asks to wait 24 h";
    assert!(text(&ended.stderr).contains(says), "{}", text(&ended.stderr));
    let asked = collector.requests();
    let child = command(&stand, &["poll"], &graph, &[&collector])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    collector.wait_for(asked + 1);
    std::thread::sleep(Duration::from_millis(200));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    assert_eq!(
        collector.requests(),
        asked + 1,
        "it is not asked before the day is over"
    );
}

/// One that is nearly one of ours ends the run; another program's is only said.
#[test]
fn a_mistyped_variable_is_said_also_when_the_setup_cannot_be_read() {
    let stand = Stand::new(|settings| settings.rows_per_day = 100);
    let hint = "MESSAGE_TRACE_SINCEE: there is no such setting (did you mean MESSAGE_TRACE_SINCE?)";
    for mut command in [
        stand.poll(),
        command(&stand, &["poll"], "http://127.0.0.1:9", &[]),
    ] {
        let ended = command
            .arg("--once")
            .env("MESSAGE_TRACE_SINCEE", "1h")
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(78));
        assert!(text(&ended.stderr).contains(hint), "{}", text(&ended.stderr));
    }
    let other = "MESSAGE_TRACE_SOMEBODYS_TOKEN";
    let polled = |level: &str| {
        let ended = stand
            .poll()
            .args(["--once", "--log", level])
            .env(other, "1h")
            .output()
            .unwrap();
        assert!(ended.status.success(), "{}", text(&ended.stderr));
        text(&ended.stderr).contains(other)
    };
    assert!(polled("info") && !polled("error"));
}
