//! Alerts on their way to sinks: each at least once, nothing twice without a kill, and what a sink does not take waits.

use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::stand::{archive, row, text};

pub(crate) const CANARY: &str = "canary~secret.0123456789";

/// A collector on loopback. It answers with a status that can be changed; with 0 not at all.
struct Collector {
    port: u16,
    status: Arc<AtomicU16>,
    /// Every event that came, acknowledged or not.
    came: Arc<Mutex<Vec<Json>>>,
    headers: Arc<Mutex<String>>,
}

impl Collector {
    /// `poison` is the text of an event that makes the collector refuse a request.
    fn start(status: u16, poison: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let collector = Self {
            port: listener.local_addr().unwrap().port(),
            status: Arc::new(AtomicU16::new(status)),
            came: Arc::default(),
            headers: Arc::default(),
        };
        let (status, came) = (Arc::clone(&collector.status), Arc::clone(&collector.came));
        let headers = Arc::clone(&collector.headers);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (status, came, headers) = (Arc::clone(&status), Arc::clone(&came), Arc::clone(&headers));
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some((head, body)) = request(&mut reader) {
                        headers.lock().unwrap().push_str(&head);
                        let is_poison = !poison.is_empty() && body.contains(poison);
                        let events = body.lines().map(|line| serde_json::from_str(line).unwrap());
                        if !is_poison {
                            came.lock().unwrap().extend(events);
                        }
                        match status.load(Ordering::SeqCst) {
                            0 => std::thread::sleep(Duration::from_mins(1)),
                            _ if is_poison => respond(&stream, 400),
                            status => respond(&stream, status),
                        }
                    }
                });
            }
        });
        collector
    }

    fn table(&self, name: &str) -> String {
        format!(
            "[[sinks]]\ntype = \"http\"\nname = \"{name}\"\nurl = \"http://127.0.0.1:{}/in\"\ngzip = false\n\
             secret-headers = {{ Authorization = {{ variable = \"ALERT_TOKEN\", prefix = \"Bearer \" }} }}\n",
            self.port
        )
    }

    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Takes what came.
    fn take(&self) -> Vec<Json> {
        std::mem::take(&mut *self.came.lock().unwrap())
    }
}

fn request(reader: &mut impl BufRead) -> Option<(String, String)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line == "\r\n" {
            break;
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

fn respond(mut stream: &TcpStream, status: u16) {
    // The program may have been killed.
    let _ = stream.write_all(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").as_bytes());
}

/// An archive with one alert, and what alerts are delivered by.
pub(crate) struct Stand {
    folder: TempDir,
    lines: String,
}

impl Stand {
    pub(crate) fn new() -> Self {
        let mut stand = Self {
            folder: TempDir::new().unwrap(),
            lines: String::new(),
        };
        stand.plant(20, "user1");
        stand
    }

    /// Somebody writes to his own address outside.
    pub(crate) fn plant(&mut self, day: usize, user: &str) {
        let (from, to) = (format!("{user}@contoso.com"), format!("{user}@example.net"));
        row(&mut self.lines, day, &from, &to, 4_000_000);
        archive(self.folder.path(), &self.lines);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, config: &str, more: &[&str]) -> Command {
        let file = self.path("alerts.toml");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_message-trace"));
        command
            .env("ALERT_TOKEN", CANARY)
            .args([
                "detect",
                "--patience",
                "0s",
                "--protect",
                "contoso.com",
                "--archive",
            ])
            .arg(self.path("archive"))
            .arg("--config")
            .arg(file)
            .args(more);
        command
    }

    /// The exit code, and what was said on both outputs.
    fn detect(&self, config: &str, more: &[&str]) -> (Option<i32>, String) {
        let done = self.command(config, more).output().unwrap();
        let said = text(&done.stdout) + &text(&done.stderr);
        assert!(!said.contains(CANARY), "{said}");
        (done.status.code(), said)
    }

    fn state(&self) -> Json {
        let state = std::fs::read_to_string(self.path("archive/detect-sinks.json")).unwrap();
        assert!(!state.contains(CANARY));
        serde_json::from_str(&state).unwrap()
    }
}

fn ids(events: &[Json]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["event"]["id"].as_str().unwrap())
        .collect()
}

pub(crate) const RAISED: &str = "own-private-address/user1@contoso.com/2025-06-20/raised";
pub(crate) const CLOSED: &str = "own-private-address/user1@contoso.com/2025-06-20/closed";

#[test]
fn an_alert_is_delivered_once_and_closed_once() {
    let mut stand = Stand::new();
    let collector = Collector::start(200, "");
    let table = collector.table("siem");
    assert_eq!(stand.detect(&table, &[]).0, Some(1));
    let events = collector.take();
    assert_eq!(ids(&events), [RAISED]);
    assert_eq!(events[0]["event"]["kind"], "alert");
    assert!(
        collector.headers.lock().unwrap().contains(CANARY),
        "the secret is where it belongs"
    );
    assert_eq!(stand.detect(&table, &[]).0, Some(0));
    assert_eq!(collector.take(), Vec::<Json>::new(), "raised once");
    stand.plant(21, "somebody-else");
    assert_eq!(stand.detect(&table, &[]).0, Some(1));
    let events = collector.take();
    assert_eq!(
        ids(&events),
        [
            "own-private-address/somebody-else@contoso.com/2025-06-21/raised",
            CLOSED
        ]
    );
    assert_eq!(events[1]["event"]["sequence"], 1);
    assert_eq!(
        events[1]["m365"]["message_trace"]["alert"]["id"],
        RAISED.trim_end_matches("/raised")
    );
    assert_eq!(stand.detect(&table, &[]).0, Some(0));
    assert_eq!(collector.take(), Vec::<Json>::new(), "closed once");
    // What is printed for a person is not taken from the sinks, and the other way round.
    let shown = Command::new(env!("CARGO_BIN_EXE_message-trace"))
        .args(["detect", "--archive", stand.path("archive").to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(shown.status.code(), Some(1));
}

#[test]
fn a_kill_between_delivery_and_state_delivers_again_the_same_event() {
    let stand = Stand::new();
    let collector = Collector::start(0, "");
    let table = collector.table("siem");
    let mut child = stand.command(&table, &[]).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(2);
    while collector.came.lock().unwrap().is_empty() {
        assert!(Instant::now() < deadline, "nothing was delivered");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = collector.take();
    assert_eq!(ids(&before), [RAISED]);
    assert_eq!(
        stand.state()["waiting"][0]["to"][0],
        "siem",
        "not acknowledged, so not done"
    );
    collector.answer(200);
    assert_eq!(stand.detect(&table, &[]).0, Some(1));
    assert_eq!(
        collector.take(),
        before,
        "the same event, to the last byte of its JSON"
    );
    assert_eq!(stand.detect(&table, &[]).0, Some(0));
    assert_eq!(collector.take(), Vec::<Json>::new());
}

#[test]
fn a_sink_that_is_away_gets_its_alerts_later_and_costs_the_others_nothing() {
    let mut stand = Stand::new();
    let collector = Collector::start(503, "");
    let file = stand.path("alerts.ndjson");
    let both = format!(
        "{}[[sinks]]\ntype = \"file\"\npath = \"{}\"\n",
        collector.table("siem"),
        file.display()
    );
    let (code, said) = stand.detect(&both, &[]);
    assert_eq!(code, Some(75), "{said}");
    assert!(
        said.contains("siem: the sink answers 503 for now; nothing is lost; 1 waiting for it"),
        "{said}"
    );
    let in_file = |path: &Path| std::fs::read_to_string(path).unwrap().lines().count();
    assert_eq!(in_file(&file), 1);
    assert_eq!(stand.detect(&both, &[]).0, Some(75));
    // Its day is over while the sink is away.
    stand.plant(21, "somebody-else");
    assert_eq!(stand.detect(&both, &[]).0, Some(75));
    assert_eq!(in_file(&file), 3, "raised, raised, closed: each once");
    collector.take();
    collector.answer(200);
    let (code, said) = stand.detect(&both, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("2 alerts had waited and are delivered"), "{said}");
    let events = collector.take();
    let someone = "own-private-address/somebody-else@contoso.com/2025-06-21/raised";
    assert_eq!(
        ids(&events),
        [RAISED, someone, CLOSED],
        "in the order in which they came about"
    );
    assert_eq!(stand.detect(&both, &[]).0, Some(0));
    assert_eq!((in_file(&file), collector.take().len()), (3, 0));
}

#[test]
fn what_a_sink_refuses_waits_until_it_takes_it_or_it_is_forgotten() {
    let mut stand = Stand::new();
    stand.plant(20, "poison");
    let collector = Collector::start(200, "poison@contoso.com");
    let table = collector.table("siem");
    let (code, said) = stand.detect(&table, &[]);
    assert_eq!(code, Some(78), "{said}");
    assert!(
        said.contains("siem refuses 1 of the alerts with status 400; they wait"),
        "{said}"
    );
    assert!(!said.contains("poison"), "no address in a log: {said}");
    assert_eq!(ids(&collector.take()), [RAISED], "the other one arrived");
    assert_eq!(stand.detect(&table, &[]).0, Some(78));
    assert_eq!(collector.take().len(), 0);
    let (code, said) = stand.detect(&table, &["--forget", "siem"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 alert will not be delivered"), "{said}");
    // Another credential: nothing is lost either.
    stand.plant(20, "user3");
    collector.answer(401);
    let (code, said) = stand.detect(&table, &[]);
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("siem: the sink refuses the credential"), "{said}");
    assert_eq!(stand.state()["waiting"].as_array().unwrap().len(), 1);
    // A sink that is no more keeps what waits for it, and it is said.
    let (code, said) = stand.detect("", &["--sink", "stdout"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("1 waiting for siem, which is no sink of this run"),
        "{said}"
    );
}

#[test]
fn what_takes_no_alerts_is_refused_with_the_way_out() {
    let stand = Stand::new();
    let sekoia = "[[sinks]]\ntype = \"sekoia\"\nintake-key = { variable = \"ALERT_TOKEN\" }\n";
    let kept = format!(
        "[[sinks]]\ntype = \"archive\"\npath = \"{}\"\n",
        stand.path("archive").display()
    );
    let http = "[[sinks]]\ntype = \"http\"\nurl = \"http://127.0.0.1:9/\"\n";
    for (config, sentence) in [
        (sekoia.to_owned(), "sinks: an intake of type sekoia reads rows"),
        (kept, "sinks: an archive keeps messages"),
        (
            format!("target = \"ocsf\"\n{http}"),
            "alerts.toml:1: target: alerts are events of target ecs",
        ),
        (
            format!("raw = true\n{http}"),
            "alerts.toml:1: raw: these sinks expect raw rows",
        ),
        ("log = \"warn\"\n".to_owned(), "sinks: expected where alerts go"),
    ] {
        let (code, said) = stand.detect(&config, &[]);
        assert_eq!(code, Some(78), "{said}");
        assert!(said.contains(sentence), "{said}");
    }
    for wrong in ["--json", "--explain", "--no-state"] {
        assert_eq!(stand.detect(http, &[wrong]).0, Some(2), "{wrong}");
    }
    assert_eq!(stand.detect(http, &["--patience", "2h"]).0, Some(2));
    assert!(
        !stand.path("archive/detect-sinks.json").exists(),
        "nothing was raised"
    );
    // Asked without an alert.
    let collector = Collector::start(200, "");
    let (code, said) = stand.detect(&collector.table("siem"), &["--check-sinks"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("siem: "), "{said}");
    assert!(!stand.path("archive/detect-sinks.json").exists());
    assert_eq!(collector.take().len(), 0);
    // Two at a time would deliver twice.
    let lock = File::create(stand.path("archive/detect-sinks.json.lock")).unwrap();
    lock.try_lock().unwrap();
    let (code, said) = stand.detect(&collector.table("siem"), &[]);
    assert_eq!(code, Some(75), "{said}");
    assert!(said.contains("another detect is at work"), "{said}");
    assert_eq!(collector.take().len(), 0);
}
