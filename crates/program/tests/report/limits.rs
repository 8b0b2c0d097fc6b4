//! What a report may be, what it leaves out, and what it says where it cannot be written.

use std::fs;

use message_trace_analytics::HAS_PAGE;
use serde_json::Value as Json;

use super::made::{DAY_MS, JUNE_MS, Message, archived, messages, path, report, run, text, times};

#[test]
fn a_report_that_is_too_large_loses_ids_first_and_then_its_oldest_rows() {
    let mut random = fastrand::Rng::with_seed(5);
    let all: Vec<Message> = (0..25_000)
        .map(|number| {
            let mut message = Message::new(1 + number % 3, number, "alice@contoso.com", "bob@example.org");
            let word = |random: &mut fastrand::Rng, length| -> String {
                (0..length).map(|_| random.alphanumeric()).collect()
            };
            message.mail_id = word(&mut random, 40);
            message.subject = word(&mut random, 30);
            message
        })
        .collect();
    let folder = archived(&all);
    let notes = |payload: &Json| payload["quality"]["notes"].to_string();

    let whole = report(folder.path(), &[]);
    assert_eq!(whole.payload["rows"]["count"], 25_000);
    assert!(whole.html.len() > 1_200_000, "{}", whole.html.len());
    assert!(whole.payload["rows"]["columns"].get("message_id").is_some());

    let small = report(folder.path(), &["--megabytes", "1"]);
    assert!(small.html.len() <= 1_000_000, "{}", small.html.len());
    assert!(small.html.len() > 700_000, "{}: there was room", small.html.len());
    let columns = &small.payload["rows"]["columns"];
    assert_eq!(columns.get("message_id"), None);
    assert!(small.said.contains("Message ids were left out"), "{}", small.said);
    assert!(notes(&small.payload).contains("Message ids were left out"));
    // That is enough: all else stays.
    assert!(columns.get("trace_id").is_some() && columns.get("subject").is_some());
    assert!(!notes(&small.payload).contains("Trace ids"));
    assert_eq!(times(&small.payload), times(&whole.payload));
    assert_eq!(small.payload.get("summary"), None);

    // A page that is too large alone cannot be made small.
    let page = format!("{}{}", super::TEMPLATE, " ".repeat(1_000_000));
    fs::write(path(&folder, "template.html"), page).unwrap();
    let words = [
        "report",
        "--archive",
        "archive",
        "--template",
        "template.html",
        "-o",
        "large.html",
        "--megabytes",
        "1",
    ];
    let done = run(folder.path(), &words);
    assert_eq!(done.status.code(), Some(2), "{}", text(&done.stderr));
    assert!(
        text(&done.stderr).contains("--megabytes"),
        "{}",
        text(&done.stderr)
    );
    assert!(!path(&folder, "large.html").exists());
}

#[test]
fn the_oldest_rows_go_where_ids_are_not_enough() {
    let mut random = fastrand::Rng::with_seed(6);
    let all: Vec<Message> = (0..12_000)
        .map(|number| {
            let mut message = Message::new(1, number, "alice@contoso.com", "bob@example.org");
            message.subject = (0..200).map(|_| random.alphanumeric()).collect();
            message
        })
        .collect();
    let folder = archived(&all);
    let made = report(folder.path(), &["--megabytes", "1"]);
    for (column, name) in [("message_id", "Message ids"), ("trace_id", "Trace ids")] {
        assert_eq!(made.payload["rows"]["columns"].get(column), None);
        let note = format!("{name} were left out");
        assert!(made.said.contains(&note), "{}", made.said);
        assert!(made.payload["quality"]["notes"].to_string().contains(&note));
    }
    assert!(
        (800_000..=1_000_000).contains(&made.html.len()),
        "{}",
        made.html.len()
    );
    let count = usize::try_from(made.payload["rows"]["count"].as_u64().unwrap()).unwrap();
    assert!((1_000..11_000).contains(&count), "{count}");
    assert_eq!(
        times(&made.payload)[0],
        JUNE_MS + i64::try_from(12_000 - count).unwrap() * 1000
    );
    assert_eq!(made.payload["summary"]["messages"], 12_000);
    let selection = made.payload["rows"]["selection"].as_str().unwrap();
    assert!(
        selection.starts_with("the newest ") && selection.contains(','),
        "{selection}"
    );
    assert!(
        made.said
            .contains(&format!("Only {selection} messages can be searched")),
        "{}",
        made.said
    );
}

#[test]
fn subjects_are_nowhere_if_they_are_not_wanted() {
    let mut all = messages();
    for message in &mut all {
        message.subject = format!("classified {}", message.size);
    }
    let folder = archived(&all);
    for more in [&[][..], &["--rows", "10"]] {
        let made = report(folder.path(), &[more, &["--no-subjects"]].concat());
        assert!(!made.payload.to_string().contains("classified"));
        assert!(!made.html.contains("classified"));
        assert_eq!(made.payload["rows"]["columns"].get("subject"), None);
        assert!(
            made.payload["quality"]["notes"]
                .to_string()
                .contains("Subjects were left out")
        );
        let with = report(folder.path(), more);
        assert!(with.payload.to_string().contains("classified"));
    }
    let done = run(
        folder.path(),
        &["report", "--archive", "archive", "--terminal", "--no-subjects"],
    );
    assert!(done.status.success() && !text(&done.stdout).contains("classified"));
}

#[test]
fn what_is_missing_is_said_with_the_fix() {
    let folder = archived(&messages());
    let ends = |more: &[&str], code: i32, says: &str| {
        let done = run(folder.path(), &[&["report"][..], more].concat());
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{said}");
        assert!(said.contains(says), "{said}");
        assert!(
            !said.contains("@contoso.com") && !said.contains("Subject "),
            "{said}"
        );
    };
    fs::create_dir(path(&folder, "empty")).unwrap();
    ends(
        &["--archive", "missing", "--terminal"],
        74,
        "message-trace: cannot read the archive",
    );
    ends(
        &["--archive", "empty", "--terminal"],
        2,
        "write one with: message-trace archive",
    );
    let with = |template| {
        [
            "--archive",
            "archive",
            "-o",
            "report.html",
            "--template",
            template,
        ]
    };
    ends(&with("missing.html"), 74, "cannot read missing.html");
    fs::write(path(&folder, "other.html"), "<html>").unwrap();
    ends(&with("other.html"), 2, "it must have <!--report:title--> once");
    let lost = [
        "--archive",
        "archive",
        "--template",
        "template.html",
        "-o",
        "missing/report.html",
    ];
    ends(&lost, 74, "cannot write missing/report.html");
    ends(
        &["--archive", "archive", "--terminal", "--ledger", "missing.db"],
        78,
        "missing.db",
    );
    assert!(!path(&folder, "report.html").exists());

    // The program's own page, if it has one.
    let done = run(
        folder.path(),
        &["report", "--archive", "archive", "-o", "own.html"],
    );
    if HAS_PAGE {
        assert!(done.status.success(), "{}", text(&done.stderr));
        let html = fs::read_to_string(path(&folder, "own.html")).unwrap();
        assert!(html.contains("Content-Security-Policy") && !html.contains("<!--report:"));
        assert_eq!(super::payload(&html)["rows"]["count"], 1_205);
    } else {
        assert_eq!(done.status.code(), Some(2));
        let said = text(&done.stderr);
        assert!(
            said.contains("built without the page") && said.contains("--template"),
            "{said}"
        );
    }
}

#[test]
fn a_file_is_replaced_whole_and_what_is_no_file_is_written_into() {
    let folder = archived(&messages());
    fs::write(path(&folder, "report.html"), "an older report").unwrap();
    report(folder.path(), &[]);
    let left: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let words = [
        "report",
        "--archive",
        "archive",
        "--template",
        "template.html",
        "-o",
        "/dev/null",
    ];
    assert!(run(folder.path(), &words).status.success());
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

/// Polled, archived, reported: the ledger says what was read.
#[test]
fn a_ledger_tells_what_was_covered() {
    use message_trace_simulator::{CLIENT_ID, CLIENT_SECRET, Clock, Server, Settings, Simulator, TENANT_ID};
    let mut settings = Settings::new(3, chrono::Utc::now() - chrono::Duration::hours(48));
    settings.rows_per_day = 300;
    let server = Server::start(Simulator::new(settings), Clock::wall(), 0).unwrap();
    let folder = archived(&messages()[..1]);
    let url = server.base_url().clone();
    let polled = std::process::Command::new(env!("CARGO_BIN_EXE_message-trace"))
        .args([
            "poll",
            "--ledger",
            "ledger.db",
            "--since",
            "24h",
            "--once",
            "--sink",
            "stdout",
            "--target",
            "ecs",
        ])
        .args([
            "--tenant-id",
            TENANT_ID,
            "--client-id",
            CLIENT_ID,
            "--graph-url",
            &url,
            "--login-url",
            &url,
        ])
        .env("MESSAGE_TRACE_CLIENT_SECRET", CLIENT_SECRET)
        .env(
            "MESSAGE_TRACE_CACHE",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/machine-code"),
        )
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(polled.status.success(), "{}", text(&polled.stderr));
    fs::write(path(&folder, "events.ndjson"), &polled.stdout).unwrap();
    let done = run(folder.path(), &["archive", "--output", "polled", "events.ndjson"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let words = [
        "report",
        "--archive",
        "polled",
        "--template",
        "template.html",
        "-o",
        "-",
        "--ledger",
        "ledger.db",
    ];
    let done = run(folder.path(), &words);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let payload = super::payload(&text(&done.stdout));
    let coverage = payload["quality"]["coverage"].as_array().unwrap();
    let covered: i64 = coverage
        .iter()
        .map(|of| of["to"].as_i64().unwrap() - of["from"].as_i64().unwrap())
        .sum();
    assert!(covered > DAY_MS / 2, "{coverage:?}");
    let events = text(&polled.stdout).lines().count();
    assert_eq!(payload["rows"]["count"], events);
    assert!(events > 100, "{events}");
    // All of it is inside of what the ledger covers.
    for time in times(&payload) {
        let is_in = |of: &Json| (of["from"].as_i64().unwrap()..of["to"].as_i64().unwrap()).contains(&time);
        assert!(coverage.iter().any(is_in), "{time}");
    }
}

#[test]
fn help_has_examples_that_a_terminal_does_not_break() {
    let help = text(&run(std::path::Path::new("."), &["report", "--help"]).stdout);
    let (_, examples) = help.split_once("Examples:\n").unwrap();
    for line in examples.lines() {
        assert!(line.chars().count() < 80, "{line}");
    }
    assert!(help.contains("Exit codes:"));
}
