//! A simulated service, a folder, and the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::{DateTime, Duration, Utc};
use message_trace_simulator::{
    CLIENT_ID, CLIENT_SECRET, Changes, Clock, Delays, Server, Settings, Simulator, TENANT_ID,
};

pub(crate) struct Stand {
    pub(crate) server: Server,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) secret: String,
}

impl Stand {
    /// A tenant of two days whose rows never come late.
    pub(crate) fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(11, Utc::now() - Duration::hours(48));
        settings.rows_per_day = 2_000;
        settings.delays = Delays::none();
        settings.changes = Changes::none();
        settings.log_capacity = 1_000;
        change(&mut settings);
        let server = Server::start(Simulator::new(settings), Clock::wall(), 0).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("state")).unwrap();
        Self {
            server,
            folder,
            secret: CLIENT_SECRET.to_owned(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.path("state/trace.ledger")
    }

    /// `poll` as other tools call it, without `--once`.
    pub(crate) fn poll(&self) -> Command {
        self.poll_to(["--sink", "stdout", "--target", "ecs"])
    }

    /// The same to another sink, with another target.
    pub(crate) fn poll_to(&self, sink_and_target: [&str; 4]) -> Command {
        let url = self.server.base_url();
        let mut command = program();
        command
            .env("MESSAGE_TRACE_CLIENT_SECRET", &self.secret)
            .args([
                "poll",
                "--tenant-id",
                TENANT_ID,
                "--client-id",
                CLIENT_ID,
                "--since",
                "48h",
            ])
            .args(sink_and_target)
            .args(["--graph-url", &url, "--login-url", &url, "--ledger"])
            .arg(self.ledger());
        command
    }

    pub(crate) fn poll_once(&self) -> Output {
        self.poll().arg("--once").output().unwrap()
    }

    /// The event ids of the rows that the service shows at a time, with their lines.
    pub(crate) fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, String> {
        self.server.with(|simulator| {
            let from = simulator.settings().from;
            let rows = simulator.tenant().rows(from, now);
            rows.filter_map(|row| {
                let state = row.state_at(now)?;
                let (trace_id, recipient) = row.key();
                let status = state.status.graph(true);
                let id = format!("{trace_id}/{recipient}/{}", status.to_lowercase());
                Some((id, row.graph_line(state, true)))
            })
            .collect()
        })
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_message-trace"));
    command.env_clear().env("MESSAGE_TRACE_CACHE", cache());
    command
}

/// The machine code of the component is compiled once for all tests.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("machine-code")
}

/// The events of an output, by id; each once.
pub(crate) fn events(output: &[u8]) -> BTreeMap<String, serde_json::Value> {
    let mut events = BTreeMap::new();
    for line in output
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let event: serde_json::Value = serde_json::from_slice(line).unwrap();
        let id = event["event"]["id"].as_str().unwrap().to_owned();
        assert!(events.insert(id, event).is_none(), "an event came twice");
    }
    events
}

pub(crate) fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}
