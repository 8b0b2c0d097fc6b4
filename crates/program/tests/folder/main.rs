//! `poll --source folder`: saved traces that grow are delivered as a service's rows are.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;
mod forgetting;
mod kills;
mod refusing;
mod stand;

use std::collections::HashSet;
use std::io::Write as _;
use std::time::Duration;

use refusing::Collector;
use serde_json::Value;
use stand::{Stand, gzip, id, ids, lines, page, row, table, utf16};

fn sequence(event: &Value) -> Option<u64> {
    event.pointer("/event/sequence")?.as_u64()
}

#[test]
fn every_form_of_a_saved_trace_is_read() {
    let stand = Stand::new();
    stand.write("a.ndjson", lines(0..3, "delivered"));
    stand.write("b.ndjson.gz", gzip(lines(3..6, "delivered")));
    stand.write("deeper/c.json", page(6..9, "delivered"));
    stand.write("d.json", utf16(&page(9..12, "delivered"), true));
    stand.write("e.csv", table(12..15, "Delivered", 1));
    stand.write("f.csv", utf16(&table(15..18, "Delivered", 1), false));
    stand.write("g.csv.gz", gzip(utf16(&table(18..21, "Delivered", 1), true)));
    stand.write(
        "h.json",
        format!("[{},{}]", row(21, "delivered", 1), row(22, "delivered", 1)),
    );
    stand.write(
        "i.ndjson",
        format!(
            "{}\n{}\r\n\n",
            page(23..25, "delivered").replace('\n', ""),
            row(25, "delivered", 1)
        ),
    );
    stand.write("j.ndjson", gzip(lines(26..28, "delivered")).repeat(2));
    let ran = stand.once();
    let expected: Vec<String> = (0..28).map(|number| id(number, "delivered")).collect();
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert_eq!(ran.ids(), expected);
    assert!(ran.said.contains("delivered=28"), "{}", ran.said);
    assert_eq!(stand.once().ids(), Vec::<String>::new());
}

#[test]
fn a_row_that_stands_in_four_files_is_delivered_once() {
    let stand = Stand::new();
    stand.write("a.ndjson", lines(0..5, "delivered"));
    stand.write("b.json.gz", gzip(page(0..5, "Delivered")));
    stand.write("c.csv", table(0..5, "Delivered", 1));
    stand.write("d.csv", utf16(&table(0..5, "delivered", 1), false));
    let ran = stand.once();
    assert_eq!((ran.code, ran.ids().len()), (0, 5), "{}", ran.said);
    assert!(ran.said.contains("read_again=15"), "{}", ran.said);
    stand.write("e.csv", table(0..6, "Delivered", 1));
    assert_eq!(stand.once().ids(), [id(5, "delivered")]);
}

#[test]
fn a_row_that_changed_comes_again_with_a_higher_sequence() {
    let stand = Stand::new();
    stand.write("a.ndjson", lines(0..2, "pending"));
    assert_eq!(stand.once().events.len(), 2);
    stand.write("b.ndjson", row(0, "delivered", 1) + "\n");
    let ran = stand.once();
    assert_eq!(ran.ids(), [id(0, "delivered")]);
    assert_eq!(sequence(&ran.events[0]), Some(1));
    let previous = ran.events[0].pointer("/m365/message_trace/previous_status");
    assert_eq!(previous.unwrap(), "pending");
    // The size alone: the same id.
    stand.write("c.csv", table([0], "Delivered", 7));
    let ran = stand.once();
    assert_eq!(
        (ran.ids(), sequence(&ran.events[0])),
        (vec![id(0, "delivered")], Some(2))
    );
    assert!(
        ran.events[0]
            .pointer("/m365/message_trace/previous_status")
            .is_none()
    );
    // Written anew with all that was: nothing is new in it.
    stand.write(
        "a.ndjson",
        format!("{}{}", lines(0..2, "pending"), row(0, "delivered", 1)),
    );
    assert_eq!(stand.once().events.len(), 0);
}

#[test]
fn rows_of_any_age_are_neither_lost_nor_repeated() {
    let stand = Stand::new();
    for (year, number) in [(2019, 1), (2024, 2), (2099, 3)] {
        let old = row(number, "delivered", 1).replace("2025-", &format!("{year}-"));
        stand.write(&format!("{year}.ndjson"), old.clone() + "\n");
        assert_eq!(stand.once().events.len(), 1);
        stand.write(&format!("{year}-copy.ndjson"), old + "\n");
        assert_eq!(stand.once().events.len(), 0);
    }
}

#[test]
fn what_a_file_is_cut_off_in_waits_and_is_said() {
    let stand = Stand::new();
    let (whole, rest) = (lines(0..3, "delivered"), row(3, "delivered", 1));
    stand.write("a.ndjson", format!("{whole}{}", &rest[..60]));
    let wide = table(10..12, "Delivered", 1);
    stand.write("b.csv", &wide[..wide.len() - 30]);
    let packed = gzip(lines(20..2_000, "delivered"));
    stand.write("c.ndjson.gz", &packed[..packed.len() / 2]);
    let paged = page(5_000..5_002, "delivered");
    stand.write("d.json", &paged[..paged.len() - 40]);
    let ran = stand.once();
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(
        (0..3)
            .chain([10, 20, 5_000])
            .all(|number| ran.ids().contains(&id(number, "delivered")))
    );
    assert!(
        ![3, 11, 1_999, 5_001]
            .iter()
            .any(|number| ran.ids().contains(&id(*number, "delivered")))
    );
    for name in [
        "a.ndjson ends in the middle",
        "b.csv ends in the middle",
        "c.ndjson.gz is compressed and breaks off",
    ] {
        assert_eq!(ran.said.matches(name).count(), 1, "{}", ran.said);
    }
    assert!(ran.said.contains("dead_letters=0"), "{}", ran.said);
    let again = stand.once();
    assert_eq!(again.events.len(), 0);
    let shown = support::program()
        .arg("ledger")
        .arg(stand.path("ledger.db"))
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("4 of the folder; 4 end in a row that waits"),
        "{shown}"
    );
    stand.write("a.ndjson", format!("{whole}{rest}\n"));
    stand.write("b.csv", &wide);
    stand.write("c.ndjson.gz", &packed);
    stand.write("d.json", &paged);
    let done: HashSet<String> = [ran.ids(), stand.once().ids()].concat().into_iter().collect();
    let numbers = (0..4).chain(10..12).chain(20..2_000).chain(5_000..5_002);
    assert_eq!(done, numbers.map(|number| id(number, "delivered")).collect());
}

#[test]
fn a_last_row_without_its_end_is_taken_when_nobody_writes_any_more() {
    let stand = Stand::new();
    let old = Duration::from_hours(1);
    stand.write_old("a.csv", table(0..2, "Delivered", 1).trim_end(), old);
    stand.write("b.csv", table(2..4, "Delivered", 1).trim_end());
    stand.write("c.ndjson", lines(4..6, "delivered").trim_end());
    let ran = stand.once();
    assert_eq!(ran.ids(), [0, 1, 2, 4, 5].map(|number| id(number, "delivered")));
    // It has not changed since; only time has passed.
    stand.write_old("b.csv", table(2..4, "Delivered", 1).trim_end(), old);
    assert_eq!(stand.once().ids(), [id(3, "delivered")]);
    assert_eq!(stand.once().events.len(), 0);
}

#[test]
fn renamed_and_rotated_files_give_nothing_twice() {
    let stand = Stand::new();
    stand.write("trace.ndjson", lines(0..50, "delivered"));
    assert_eq!(stand.once().events.len(), 50);
    let (live, old) = (stand.path("in/trace.ndjson"), stand.path("in/trace.ndjson.1"));
    std::fs::rename(&live, &old).unwrap();
    stand.write("trace.ndjson", lines(50..60, "delivered"));
    assert_eq!(stand.once().events.len(), 10);
    // It grew a last time before it was renamed, and a copy was packed.
    stand.write("trace.ndjson.1", lines((0..50).chain(60..62), "delivered"));
    stand.write("trace.ndjson.2.gz", gzip(lines(0..50, "delivered")));
    assert_eq!(stand.once().ids(), [60, 61].map(|number| id(number, "delivered")));
    std::fs::remove_file(&old).unwrap();
    stand.write("trace.ndjson", "");
    assert_eq!(stand.once().events.len(), 0);
}

#[test]
fn what_cannot_be_read_is_said_once_and_ends_nothing() {
    let stand = Stand::new();
    let mut damaged = gzip(lines(0..400, "delivered"));
    damaged.extend(b"no gzip at all");
    stand.write_old("a.ndjson.gz", &damaged, Duration::from_secs(90));
    stand.write(
        "b.ndjson",
        format!(
            "{}broken\n{}",
            lines(500..502, "delivered"),
            lines(502..503, "delivered")
        ),
    );
    stand.write("c.pdf", "%PDF-1.7 x\n");
    stand.write("d.csv", "Date,Amount\n2026-01-01,5\n");
    let ran = stand.once();
    assert_eq!(ran.code, 74, "{}", ran.said);
    assert!(
        (0..400)
            .chain(500..503)
            .all(|number| ran.ids().contains(&id(number, "delivered")))
    );
    for what in ["cannot read", "it is a PDF", "its columns are Date, Amount"] {
        assert_eq!(ran.said.matches(what).count(), 1, "{what}: {}", ran.said);
    }
    assert!(ran.said.contains("dead_letters=1"), "{}", ran.said);
    std::fs::remove_file(stand.path("in/a.ndjson.gz")).unwrap();
    let ran = stand.once();
    assert_eq!((ran.code, ran.events.len()), (0, 0), "{}", ran.said);
    assert!(ran.said.contains("dead_letters=1"), "{}", ran.said);
}

#[test]
fn a_pattern_names_what_is_read_and_one_that_names_nothing_is_said() {
    let stand = Stand::new();
    stand.write("2026/a.csv", table(0..1, "Delivered", 1));
    stand.write("2026/a.ndjson", lines(1..2, "delivered"));
    let ran = stand.once_with("in/**/*.csv", &[]);
    assert_eq!((ran.code, ran.ids()), (0, vec![id(0, "delivered")]));
    let ran = stand.once_with("in/*.json", &[]);
    assert_eq!((ran.code, ran.events.len()), (0, 0));
    assert!(
        ran.said.contains("no file matches") && ran.said.contains("in/*.json"),
        "{}",
        ran.said
    );
    // A mistyped folder is not one that is empty.
    for nowhere in ["nowhere/*.json", "nowhere"] {
        let ran = stand.once_with(nowhere, &[]);
        assert_eq!(ran.code, 74, "{}", ran.said);
        assert!(ran.said.contains("cannot list"), "{}", ran.said);
    }
    std::fs::create_dir(stand.path("empty")).unwrap();
    let ran = stand.once_with("empty", &[]);
    assert!(
        ran.code == 0 && ran.said.contains("no file matches"),
        "{}",
        ran.said
    );
}

#[test]
fn settings_are_checked_and_a_file_can_hold_them() {
    let stand = Stand::new();
    let ran = stand.once_with("in", &["--folder-rest", "2h"]);
    assert!(ran.code == 2 || ran.code == 78, "{}", ran.said);
    let config = stand.path("poll.toml");
    let text = |more: &str| {
        format!(
            "ledger = {:?}\nonce = true\ntarget = \"ecs\"\n{more}\n",
            stand.path("ledger.db")
        )
    };
    let run = |more: &str| {
        std::fs::write(&config, text(more)).unwrap();
        let output = support::program()
            .args(["poll", "--config"])
            .arg(&config)
            .output()
            .unwrap();
        (output.status.code().unwrap(), output)
    };
    let folder = format!("folder = {:?}", stand.path("in"));
    for (more, what) in [
        ("source = \"folder\"".to_owned(), "--folder"),
        (
            format!("source = \"folder\"\n{folder}\nfolder-dates = \"ymd\""),
            "dmy or mdy",
        ),
        (
            "source = \"folder\"\nfolder = \"a/***\"".to_owned(),
            "expected a folder",
        ),
        (
            "source = \"files\"\ntenant-id = \"a\"\nclient-id = \"b\"".to_owned(),
            "graph, reporting or folder",
        ),
    ] {
        let (code, output) = run(&more);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(code == 78 && said.contains(what), "{more}: {said}");
    }
    stand.write(
        "a.csv",
        table(0..1, "Delivered", 1).replace("6/13/2025", "05/06/2025"),
    );
    let tenant = "tenant-id = \"contoso.example\"";
    let (code, output) = run(&format!(
        "source = \"folder\"\n{folder}\nfolder-dates = \"dmy\"\n{tenant}"
    ));
    let event = support::values(&output.stdout).remove(0);
    assert_eq!(code, 0);
    assert_eq!(event.pointer("/@timestamp").unwrap(), "2025-06-05T10:30:00Z");
    assert_eq!(event.pointer("/organization/id").unwrap(), "contoso.example");
    let (code, output) = run(&format!("source = \"folder\"\n{folder}\nsinks = [\"stdout\"]"));
    assert!(code == 0 && output.stdout.is_empty());
    let checked = support::program()
        .args(["poll", "--check-sinks", "--config"])
        .arg(&config)
        .output();
    assert_eq!(checked.unwrap().status.code(), Some(0));
}

/// What the program writes is not what it reads.
#[test]
fn a_ledger_and_a_sink_in_the_folder_are_left_alone() {
    let mut stand = Stand::new();
    stand.write("a.ndjson", lines(0..3, "delivered"));
    let sink = format!("file:{}", stand.path("in/events.ndjson").display());
    stand.ledger = "in/ledger.db";
    for _ in 0..3 {
        let ran = stand.once_with("in", &["--raw", "--sink", &sink]);
        assert!(
            ran.code == 0 && !ran.said.contains("not a message trace"),
            "{}",
            ran.said
        );
    }
    let written = std::fs::read_to_string(stand.path("in/events.ndjson")).unwrap();
    assert_eq!(written, lines(0..3, "delivered"));
}

#[test]
fn a_sink_that_refuses_for_now_gets_every_row_later() {
    let stand = Stand::new();
    stand.write("a.ndjson", lines(0..10, "delivered"));
    let collector = Collector::start(2);
    let ran = stand.once_with("in", &["--sink", &collector.url()]);
    assert!(ran.code == 0 && ran.said.contains("delivered=10"), "{}", ran.said);
    assert_eq!(collector.asked(), 3);
    assert_eq!(stand.once().events.len(), 0);
}

/// A stop while a sink is away ends at once, and loses nothing.
#[cfg(unix)]
#[test]
fn a_stop_does_not_wait_for_a_sink() {
    let stand = Stand::new();
    stand.write("a.ndjson", lines(0..10, "delivered"));
    let collector = Collector::start(usize::MAX);
    let mut service = stand.start_with(&collector.url());
    while collector.asked() < 2 {
        std::thread::sleep(Duration::from_millis(50));
    }
    terminate(&mut service);
    assert_eq!(stand.once().events.len(), 10);
}

#[test]
fn a_folder_that_grows_is_followed() {
    let stand = Stand::new();
    let mut service = stand.start();
    let live = stand.path("in/live.ndjson");
    let append = |text: &str| {
        let mut file = std::fs::File::options()
            .append(true)
            .create(true)
            .open(&live)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let half = row(2, "delivered", 1);
    append(&format!("{}{}", lines(0..2, "delivered"), &half[..50]));
    assert_eq!(stand.wait_for(2).len(), 2);
    append(&half[50..]);
    append("\n");
    stand.write("b.csv", table(3..5, "Delivered", 1));
    assert_eq!(stand.wait_for(5).len(), 5);
    append(&lines(0..1, "failed"));
    let events = stand.wait_for(6);
    assert_eq!(sequence(&events[5]), Some(1));
    for number in 10..20 {
        append(&lines(number..=number, "delivered"));
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(stand.wait_for(16).len(), 16);
    terminate(&mut service);
    assert_eq!(
        ids(&stand.delivered()).into_iter().collect::<HashSet<_>>().len(),
        16
    );
}

#[cfg(unix)]
fn terminate(service: &mut std::process::Child) {
    let id = service.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .arg(&id)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(service.wait().unwrap().code(), Some(0));
}
