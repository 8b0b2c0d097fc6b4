//! A folder, a ledger beside it, and the program that polls the one with the other.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::program;

pub(crate) struct Stand {
    folder: tempfile::TempDir,
    pub(crate) ledger: &'static str,
}

/// What a run with `--once` said and delivered.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) events: Vec<Value>,
    pub(crate) said: String,
}

impl Stand {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        Self {
            folder,
            ledger: "ledger.db",
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that was changed so long ago.
    pub(crate) fn write_old(&self, name: &str, content: impl AsRef<[u8]>, age: Duration) {
        let path = self.path("in").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    /// Writes a file that has rested.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        self.write_old(name, content, Duration::from_secs(30));
    }

    /// `poll --source folder` with nothing in the environment.
    fn arguments(&self, folder: &str) -> Vec<String> {
        let path = |name: &str| self.path(name).display().to_string();
        [
            "poll",
            "--source",
            "folder",
            "--target",
            "ecs",
            "--folder-rest",
            "1s",
        ]
        .into_iter()
        .map(str::to_owned)
        .chain([
            "--folder".to_owned(),
            path(folder),
            "--ledger".to_owned(),
            path(self.ledger),
        ])
        .collect()
    }

    pub(crate) fn once(&self) -> Ran {
        self.once_with("in", &[])
    }

    pub(crate) fn once_with(&self, folder: &str, more: &[&str]) -> Ran {
        let output = program()
            .env_remove("MESSAGE_TRACE_CLIENT_SECRET")
            .args(self.arguments(folder))
            .arg("--once")
            .args(more)
            .output()
            .unwrap();
        Ran {
            code: output.status.code().unwrap(),
            events: crate::support::values(&output.stdout),
            said: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts the service. Its events go into `events.ndjson`.
    pub(crate) fn start(&self) -> Child {
        self.start_with(&format!("file:{}", self.path("events.ndjson").display()))
    }

    /// The same with another sink.
    pub(crate) fn start_with(&self, sink: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_message-trace"))
            .env(
                "MESSAGE_TRACE_CACHE",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/machine-code"),
            )
            .args(self.arguments("in"))
            .args(["--folder-interval", "1s", "--log", "error", "--sink", sink])
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// What the service has delivered. A line that a killed program left half is none.
    pub(crate) fn delivered(&self) -> Vec<Value> {
        let text = std::fs::read(self.path("events.ndjson")).unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n');
        lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect()
    }

    /// Waits until the service has delivered so many events.
    pub(crate) fn wait_for(&self, events: usize) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let delivered = self.delivered();
            if delivered.len() >= events || began.elapsed() > Duration::from_mins(1) {
                return delivered;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Ran {
    pub(crate) fn ids(&self) -> Vec<String> {
        ids(&self.events)
    }
}

/// The numbers of rows that events are of, in order.
pub(crate) fn ids(events: &[Value]) -> Vec<String> {
    let id = |event: &Value| event.pointer("/event/id").unwrap().as_str().unwrap().to_owned();
    let mut ids: Vec<String> = events.iter().map(id).collect();
    ids.sort();
    ids
}

/// A row of Graph's.
pub(crate) fn row(number: u32, status: &str, size: u32) -> String {
    format!(
        "{{\"id\":\"4451a062-48cb-480d-8196-{number:012}\",\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\
         \"senderAddress\":\"alice@example.com\",\"recipientAddress\":\"Bob@example.org\",\"subject\":\"Grüße {number}\",\
         \"status\":\"{status}\",\"size\":{size},\"fromIP\":\"192.0.2.10\",\"toIP\":\"\"}}"
    )
}

/// The id of its event.
pub(crate) fn id(number: u32, status: &str) -> String {
    format!("4451a062-48cb-480d-8196-{number:012}/bob@example.org/{status}")
}

/// The same row in a report of the cmdlet, a table of these rows.
pub(crate) fn table(numbers: impl IntoIterator<Item = u32>, status: &str, size: u32) -> String {
    let mut table = "\"Received\",\"SenderAddress\",\"RecipientAddress\",\"Subject\",\"Status\",\"FromIP\",\"ToIP\",\"Size\",\
                     \"MessageTraceId\"\r\n"
        .to_owned();
    for number in numbers {
        let row = format!(
            "\"6/13/2025 10:30:00 AM\",\"alice@example.com\",\"bob@example.org\",\"Grüße\r\n{number}\",\"{status}\",\
             \"192.0.2.10\",\"\",\"{size}\",\"4451a06248cb480d8196{number:012}\"\r\n"
        );
        table.push_str(&row);
    }
    table
}

pub(crate) fn lines(numbers: impl IntoIterator<Item = u32>, status: &str) -> String {
    numbers
        .into_iter()
        .map(|number| row(number, status, 1) + "\n")
        .collect()
}

pub(crate) fn page(numbers: impl IntoIterator<Item = u32>, status: &str) -> String {
    let rows: Vec<String> = numbers.into_iter().map(|number| row(number, status, 1)).collect();
    format!(
        "{{\n  \"@odata.context\": \"x\",\n  \"value\": [\n{}\n]}}\n",
        rows.join(",\n")
    )
}

pub(crate) fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn utf16(text: &str, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}
