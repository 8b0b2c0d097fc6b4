//! `archive` and `query`: each event counts once, whatever comes twice, dies or compacts meanwhile.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

fn program(words: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_message-trace"));
    program.args(words).stdin(Stdio::null());
    program
}

fn run(words: &[&str]) -> Output {
    program(words).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn row(number: usize, day: usize, status: &str) -> String {
    format!(
        r#"{{"id":"{number:08x}-48cb-e80d-e8c0-196330437ae6","receivedDateTime":"2025-06-{day:02}T10:30:00Z","senderAddress":"a{}@Example.com","recipientAddress":"b@example.org","subject":"s","size":{number},"fromIP":"192.0.2.1","toIP":"","status":"{status}"}}"#,
        number % 7
    )
}

/// A file with rows, and what it is called.
fn file(folder: &Path, name: &str, lines: &[String]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn archive(output: &Path, file: &Path) -> Output {
    run(&[
        "archive",
        "--output",
        output.to_str().unwrap(),
        file.to_str().unwrap(),
    ])
}

fn ask(archive: &Path, sql: &str) -> String {
    let question = archive.with_extension("sql");
    std::fs::write(&question, sql).unwrap();
    let words = [
        "query",
        question.to_str().unwrap(),
        "--archive",
        archive.to_str().unwrap(),
        "--csv",
    ];
    let answer = run(&words);
    assert!(answer.status.success(), "{}", text(&answer.stderr));
    text(&answer.stdout)
        .lines()
        .skip(1)
        .collect::<Vec<_>>()
        .join("\n")
}

const COUNT: &str = "SELECT COUNT(*), COUNT(DISTINCT event_id), SUM(size) FROM events";

fn parquet_files(archive: &Path) -> usize {
    let days = std::fs::read_dir(archive).unwrap();
    days.map(|day| std::fs::read_dir(day.unwrap().path()).unwrap().count())
        .sum()
}

#[test]
fn what_is_read_twice_counts_once_and_the_newest_form_of_an_event_counts() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("archive");
    let rows: Vec<String> = (0..3_000)
        .map(|number| row(number, 1 + number % 3, "delivered"))
        .collect();
    let first = file(folder.path(), "first.ndjson", &rows[..2_000]);
    let second = file(folder.path(), "second.ndjson", &rows[1_000..]);
    for input in [&first, &second, &first] {
        let done = archive(&output, input);
        assert!(done.status.success(), "{}", text(&done.stderr));
        assert_eq!(text(&done.stderr), "message-trace: 2000 events of 3 days\n");
    }
    let sum: usize = (0..3_000).sum();
    assert_eq!(ask(&output, COUNT), format!("3000,3000,{sum}"));
    assert_eq!(parquet_files(&output), 3, "one file a day");
    assert_eq!(
        ask(
            &output,
            "SELECT sender, sender_domain, direction FROM events WHERE size = 8"
        ),
        "a1@example.com,example.com,"
    );
    // Events of both targets; a newer form of one, and an older one after it.
    for (target, sequence) in [(message_trace::Target::Ecs, 2), (message_trace::Target::Ocsf, 1)] {
        let line = message_trace_host::Host::native()
            .transform(&message_trace::Options {
                target,
                keep_original: false,
                ..message_trace::Options::default()
            })
            .unwrap()
            .normalize_revision(
                row(5, 3, "delivered")
                    .replace("\"size\":5", &format!("\"size\":{}", 1_000_000 + sequence))
                    .as_bytes(),
                &message_trace::Revision {
                    sequence,
                    previous_status: None,
                    ..message_trace::Revision::default()
                },
            )
            .unwrap();
        let input = file(folder.path(), "changed.ndjson", &[line]);
        assert!(archive(&output, &input).status.success());
        assert_eq!(
            ask(
                &output,
                "SELECT COUNT(*), MAX(size), MAX(sequence) FROM events WHERE size = 5 OR size > 3000"
            ),
            "1,1000002,2"
        );
    }
}

#[test]
fn what_is_no_event_is_counted_and_said_without_its_text() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("archive");
    let lines = [
        row(1, 1, "delivered"),
        "secret text".to_owned(),
        row(2, 1, "delivered").replace("\"2025-06-01T10:30:00Z\"", "null"),
        r#"{"event":{"action":"delivered"}}"#.to_owned(),
    ];
    let done = archive(&output, &file(folder.path(), "mixed.ndjson", &lines));
    let said = text(&done.stderr);
    assert!(done.status.success(), "{said}");
    assert!(
        said.ends_with("message-trace: 1 event of 1 day; 3 lines not archived\n"),
        "{said}"
    );
    assert!(said.contains("use --target ecs or ocsf"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    let nothing = archive(&output, &file(folder.path(), "none.ndjson", &["{}".to_owned()]));
    assert_eq!(nothing.status.code(), Some(65));
    let missing = archive(&output, &folder.path().join("missing"));
    assert_eq!(missing.status.code(), Some(74));
    // A packed file that is torn: what came before counts.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for number in 10..20_000 {
        std::io::Write::write_all(&mut packed, (row(number, 2, "delivered") + "\n").as_bytes()).unwrap();
    }
    let packed = packed.finish().unwrap();
    let torn = folder.path().join("torn.ndjson.gz");
    std::fs::write(&torn, &packed[..packed.len() / 2]).unwrap();
    let done = archive(&output, &torn);
    assert_eq!(done.status.code(), Some(74), "{}", text(&done.stderr));
    let found: usize = ask(&output, "SELECT COUNT(*) FROM events WHERE day = '2025-06-02'")
        .parse()
        .unwrap();
    assert!(found > 1_000, "{found}");
}

#[test]
fn what_cannot_be_asked_is_said_with_the_fix() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("archive");
    let place = output.to_str().unwrap().to_owned();
    let ends = |words: &[&str], code: i32, says: &str| {
        let ended = run(words);
        assert_eq!(ended.status.code(), Some(code), "{}", text(&ended.stderr));
        assert!(text(&ended.stderr).contains(says), "{}", text(&ended.stderr));
    };
    // A file for the answer is not made before there is one.
    let answer = folder.path().join("answer.parquet");
    let parquet = ["--parquet", answer.to_str().unwrap()];
    for words in [&["query", "top-senders"][..], &["detect"]] {
        let more = if words.len() > 1 { &parquet[..] } else { &[] };
        let said = format!("message-trace: cannot read the archive {place}");
        ends(&[words, &["--archive", &place], more].concat(), 74, &said);
    }
    assert!(!answer.exists());
    ends(
        &["archive", "--output", "s3:/bucket"],
        2,
        "expected s3://BUCKET/PREFIX",
    );
    std::fs::create_dir(&output).unwrap();
    ends(
        &["query", "top-senders", "--archive", &place],
        2,
        "write one with: message-trace archive",
    );
    assert!(
        archive(&output, &file(folder.path(), "a", &[row(1, 1, "delivered")]))
            .status
            .success()
    );
    ends(
        &["query", "top-sender", "--archive", &place],
        2,
        "is it top-senders?",
    );
    ends(&["query", "nonsense", "--archive", &place], 2, "query --list");
    ends(
        &["query", "lookalikes", "--archive", &place],
        2,
        "--protect contoso.com",
    );
    let write = folder.path().join("write.sql");
    std::fs::write(&write, "CREATE TABLE x AS SELECT 1").unwrap();
    ends(
        &["query", write.to_str().unwrap(), "--archive", &place],
        2,
        "not supported",
    );
    // What is wrong with the SQL is said once.
    let wrong = folder.path().join("wrong.sql");
    std::fs::write(&wrong, "SELECT colour FROM events").unwrap();
    let ended = run(&["query", wrong.to_str().unwrap(), "--archive", &place]);
    let said = text(&ended.stderr);
    assert_eq!(
        (ended.status.code(), said.matches("colour").count()),
        (Some(2), 1),
        "{said}"
    );
    // Text from a mail moves no cursor.
    let hostile = row(2, 1, "delivered").replace("\"subject\":\"s\"", "\"subject\":\"\\u001b[31mred\"");
    assert!(
        archive(&output, &file(folder.path(), "b", &[hostile]))
            .status
            .success()
    );
    let table = run(&["query", "largest", "--archive", &place]);
    assert!(
        text(&table.stdout).contains("\u{fffd}[31mred"),
        "{}",
        text(&table.stdout)
    );
}

/// The README's table, and every question's file.
#[test]
fn the_list_and_the_readme_name_the_same_questions() {
    let list = text(&run(&["query", "--list"]).stdout);
    let readme = include_str!("../../../README.md");
    for line in list.lines() {
        let (name, purpose) = line.split_once("  ").unwrap();
        assert!(purpose.trim().ends_with('.'), "{line}");
        assert!(
            readme.contains(&format!("| `{name}` |")),
            "{name} is not in the README"
        );
    }
    assert!(list.lines().count() >= 17);
}

/// The two commands under "Months of mail", as they stand there.
#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let folder = TempDir::new().unwrap();
    let rows: Vec<String> = (0..30)
        .map(|number| row(number, 1 + number % 3, "delivered"))
        .collect();
    file(folder.path(), "trace.ndjson", &rows);
    std::os::unix::fs::symlink(
        env!("CARGO_BIN_EXE_message-trace"),
        folder.path().join("message-trace"),
    )
    .unwrap();
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme.split_once("### Months of mail").unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let script = rest.split_once("```").unwrap().0;
    let path = std::env::var("PATH").unwrap();
    let done = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(
        text(&done.stdout).contains("a0@example.com"),
        "{}",
        text(&done.stdout)
    );
    assert!(
        text(&done.stderr).contains("30 events of 3 days"),
        "{}",
        text(&done.stderr)
    );
}

/// Killed at any moment: the next run makes it whole, and no row counts twice.
#[test]
fn an_archive_that_is_killed_is_whole_after_the_next_run() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("archive");
    let rows: Vec<String> = (0..20_000)
        .map(|number| row(number, 1 + number % 5, "delivered"))
        .collect();
    let input = file(folder.path(), "rows.ndjson", &rows);
    let mut random = fastrand::Rng::with_seed(11);
    for round in 0..12 {
        let mut killed = program(&[
            "archive",
            "--output",
            output.to_str().unwrap(),
            input.to_str().unwrap(),
        ])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
        std::thread::sleep(Duration::from_millis(random.u64(20..1_500)));
        killed.kill().unwrap();
        killed.wait().unwrap();
        if round % 4 == 3 {
            assert!(archive(&output, &input).status.success());
            let sum: usize = (0..20_000).sum();
            assert_eq!(ask(&output, COUNT), format!("20000,20000,{sum}"));
            assert_eq!(ask(&output, "SELECT COUNT(DISTINCT day) FROM events"), "5");
        }
    }
}

/// While days are written and compacted, a reader sees every event that was there before, each once.
#[test]
fn a_reader_beside_a_compaction_misses_nothing() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("archive");
    let part = |part: usize| -> Vec<String> {
        (part * 500..(part + 1) * 500)
            .map(|number| row(number, 1 + number % 2, "delivered"))
            .collect()
    };
    assert!(
        archive(&output, &file(folder.path(), "0", &part(0)))
            .status
            .success()
    );
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 1..12 {
                let input = file(folder.path(), &number.to_string(), &part(number));
                assert!(archive(&output, &input).status.success());
            }
        });
        let mut before = 500;
        while !writer.is_finished() {
            let answer = ask(&output, COUNT);
            let counts: Vec<usize> = answer.split(',').map(|text| text.parse().unwrap()).collect();
            assert_eq!(counts[0], counts[1], "each event once");
            assert!(counts[0] >= before, "{} after {before}", counts[0]);
            before = counts[0];
        }
    });
    assert!(ask(&output, COUNT).starts_with("6000,6000,"));
}
