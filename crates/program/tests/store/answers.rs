//! What is asked of a store is answered as a folder answers.

use std::thread::ScopedJoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use crate::fake::{Fault, Manner, Store};
use crate::{ARCHIVE, COUNT, archive, ask, file, program, row, rows, run, text};

#[test]
fn a_store_answers_as_a_folder_does_cell_by_cell() {
    let store = Store::start(Manner {
        // More pages than one.
        page: 2,
        ..Manner::default()
    });
    let folder = TempDir::new().unwrap();
    let local = folder.path().join("archive").to_str().unwrap().to_owned();
    let mut planted = rows(0..1_500, 5);
    // Something to raise an alert about.
    planted.extend((0..200).map(|nth| row(7_000 + 7 * nth, 5).replace("\"b", &format!("\"x{nth}"))));
    let first = file(folder.path(), "first.ndjson", &planted[..1_000]);
    let second = file(folder.path(), "second.ndjson", &planted[500..]);
    for input in [&first, &second, &first] {
        let (one, other) = (archive(&store, &local, input), archive(&store, ARCHIVE, input));
        assert!(other.status.success(), "{}", text(&other.stderr));
        assert_eq!(text(&one.stderr), text(&other.stderr));
    }
    let keys = store.keys();
    assert_eq!(keys.len(), 5, "one object a day: {keys:?}");
    let is_whole = |key: &String| key.starts_with("months/archive/day=2025-06-0") && key.contains("/events-");
    assert!(keys.iter().all(is_whole), "{keys:?}");
    assert_eq!(store.uploads(), 0);
    let questions = text(&run(&store, &["query", "--list"]).stdout);
    let mut answered = 0;
    for question in questions.lines() {
        let name = question.split(' ').next().unwrap();
        let of = |archive| {
            let words = [
                "query",
                name,
                "--csv",
                "--protect",
                "contoso.com",
                "--archive",
                archive,
            ];
            let answer = run(&store, &words);
            assert!(answer.status.success(), "{name}: {}", text(&answer.stderr));
            let mut lines: Vec<String> = text(&answer.stdout).lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let (one, other) = (of(&local), of(ARCHIVE));
        answered += usize::from(one.len() > 1);
        assert_eq!(one, other, "{name}");
    }
    assert!(answered >= 7, "{answered} questions have an answer");
    let report = |archive| {
        let done = run(&store, &["report", "--terminal", "--archive", archive]);
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stdout)
    };
    assert_eq!(report(&local), report(ARCHIVE));
    let detect = |archive: &str, more: &[&str]| {
        let done = run(
            &store,
            &[&["detect", "--archive", archive, "--explain"], more].concat(),
        );
        (done.status.code(), text(&done.stdout))
    };
    let raised = detect(&local, &["--no-state"]);
    assert_eq!(raised.0, Some(1), "{raised:?}");
    assert_eq!(detect(ARCHIVE, &["--no-state"]), raised);
    // What was raised is kept in the store: raised once, whichever machine asks.
    assert_eq!(detect(ARCHIVE, &[]), raised);
    assert_eq!(detect(ARCHIVE, &[]), (Some(0), String::new()));
    assert!(
        store
            .keys()
            .contains(&"months/archive/detect-state.json".to_owned())
    );
    // Or where one says.
    let own = folder.path().join("own.json").to_str().unwrap().to_owned();
    assert_eq!(detect(ARCHIVE, &["--state", &own]), raised);
    assert_eq!(detect(ARCHIVE, &["--state", &own]), (Some(0), String::new()));
}

/// Two runs of `detect` at once: the second to write says so, and loses nothing that the first one wrote.
#[test]
fn a_state_that_somebody_else_wrote_is_not_written_over() {
    let store = Store::start(Manner {
        plan: Box::new(|request| {
            let is_ours = request.method == "GET" && request.key.ends_with("detect-state.json");
            // Time for the other one to write.
            is_ours.then_some(Fault::Slow(Duration::from_secs(1)))
        }),
        ..Manner::default()
    });
    let folder = TempDir::new().unwrap();
    assert!(
        archive(&store, ARCHIVE, &file(folder.path(), "rows", &rows(0..100, 2)))
            .status
            .success()
    );
    let begin = || {
        let mut detect = program(&store);
        detect.args(["detect", "--archive", ARCHIVE, "--protect", "contoso.com"]);
        detect.stdout(std::process::Stdio::null());
        detect.stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let (one, other) = (begin(), begin());
    let mut ended: Vec<(Option<i32>, String)> = [one, other]
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .map(|done| (done.status.code(), text(&done.stderr)))
        .collect();
    ended.sort();
    // One may be done before the other begins, on a slow machine: then both have written.
    match &ended[..] {
        [(Some(0), _), (Some(0), _)] => {}
        [(Some(0), _), (Some(75), said)] => assert!(said.contains("changed meanwhile"), "{said}"),
        other => unreachable!("{other:?}"),
    }
    assert_eq!(
        run(&store, &["detect", "--archive", ARCHIVE]).status.code(),
        Some(0)
    );
}

/// While two write and compact the same days, and listings lag behind, a reader sees every event that was there before, once.
#[test]
fn a_reader_beside_two_compactions_misses_nothing() {
    let store = Store::start(Manner {
        page: 2,
        lag: Duration::from_millis(300),
        ..Manner::default()
    });
    let folder = TempDir::new().unwrap();
    let write = |number: usize| {
        let lines = rows(number * 200..(number + 1) * 200, 2);
        let done = archive(&store, ARCHIVE, &file(folder.path(), &number.to_string(), &lines));
        assert!(done.status.success(), "{}", text(&done.stderr));
    };
    write(0);
    std::thread::sleep(Duration::from_millis(600));
    std::thread::scope(|scope| {
        let writers = [
            scope.spawn(|| (1..5).for_each(write)),
            scope.spawn(|| (5..9).for_each(write)),
        ];
        let mut before = 200;
        let mut asked = 0;
        while !writers.iter().all(ScopedJoinHandle::is_finished) {
            let answer = ask(&store, folder.path(), COUNT).remove(0);
            let counts: Vec<usize> = answer.split(',').map(|text| text.parse().unwrap()).collect();
            assert_eq!(counts[0], counts[1], "each event once");
            assert!(counts[0] >= before, "{} after {before}", counts[0]);
            before = counts[0];
            asked += 1;
        }
        assert!(asked > 1);
    });
    std::thread::sleep(Duration::from_millis(600));
    assert!(ask(&store, folder.path(), COUNT)[0].starts_with("1800,1800,"));
    // A run may not be shown its own last rows in time: no more than those wait for the next.
    write(8);
    assert!(store.keys().len() <= 4, "{:?}", store.keys());
}

/// What listings do not show in time is not taken for gone: the old objects stay.
#[test]
fn what_listings_do_not_show_replaces_nothing() {
    let store = Store::start(Manner {
        lag: Duration::from_secs(8),
        ..Manner::default()
    });
    let folder = TempDir::new().unwrap();
    let write = |number: usize| {
        let lines = rows(number * 10..(number + 1) * 10, 1);
        archive(&store, ARCHIVE, &file(folder.path(), "rows", &lines))
    };
    // It does not even list what it could compact.
    assert!(write(0).status.success());
    std::thread::sleep(Duration::from_secs(9));
    let done = write(1);
    assert_eq!(done.status.code(), Some(75), "{}", text(&done.stderr));
    assert!(
        text(&done.stderr).contains("nothing is lost"),
        "{}",
        text(&done.stderr)
    );
    assert_eq!(store.keys().len(), 3, "{:?}", store.keys());
    std::thread::sleep(Duration::from_secs(9));
    assert!(ask(&store, folder.path(), COUNT)[0].starts_with("20,20,"));
}

/// Killed at any moment: the next run makes it whole, and no row counts twice.
#[test]
fn an_archive_that_is_killed_is_whole_after_the_next_run() {
    let store = Store::start(Manner {
        plan: Box::new(|request| {
            let pause = Duration::from_millis(if request.is_list() { 1 } else { 40 });
            Some(Fault::Slow(pause))
        }),
        ..Manner::default()
    });
    let folder = TempDir::new().unwrap();
    let input = file(folder.path(), "rows.ndjson", &rows(0..4_000, 5));
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..9 {
        let mut killed = program(&store);
        killed.args(["archive", "--output", ARCHIVE]).arg(&input);
        let mut killed = killed.stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.u64(20..1_200)));
        killed.kill().unwrap();
        killed.wait().unwrap();
        if round % 3 == 2 {
            assert!(archive(&store, ARCHIVE, &input).status.success());
            let sum: usize = (0..4_000).sum();
            assert_eq!(ask(&store, folder.path(), COUNT), [format!("4000,4000,{sum}")]);
            assert_eq!(store.keys().len(), 5);
        }
    }
}
