//! An archive whose every number is known, the program run on it, and the payload out of a report.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use serde_json::Value as Json;
use tempfile::TempDir;

/// The marks of the page, and what stands around them there.
pub(crate) const TEMPLATE: &str = "<!doctype html><title><!--report:title--></title><main><!--report:tables--></main>\
    <script type=\"application/json\" id=\"report\"><!--report:data--></script>";
/// The first second of 2025-06-01.
pub(crate) const JUNE_MS: i64 = 1_748_736_000_000;
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A message to one recipient.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) time: i64,
    pub(crate) sender: String,
    pub(crate) recipient: String,
    pub(crate) subject: String,
    pub(crate) size: i64,
    pub(crate) status: &'static str,
    pub(crate) ip: String,
    pub(crate) mail_id: String,
}

impl Message {
    pub(crate) fn new(day: i64, second: i64, sender: &str, recipient: &str) -> Self {
        Self {
            time: JUNE_MS + (day - 1) * DAY_MS + second * 1000,
            sender: sender.to_owned(),
            recipient: recipient.to_owned(),
            subject: "s".to_owned(),
            size: 1_000,
            status: "delivered",
            ip: "192.0.2.1".to_owned(),
            mail_id: format!("{day}-{second}-{recipient}"),
        }
    }

    /// The raw row, its id made of its place.
    fn row(&self, number: usize) -> String {
        let time = chrono::DateTime::from_timestamp_millis(self.time).unwrap();
        serde_json::json!({
            "id": format!("{number:08x}-48cb-480d-8196-330437ae6000"),
            "receivedDateTime": time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "senderAddress": self.sender, "recipientAddress": self.recipient, "subject": self.subject, "size": self.size,
            "messageId": format!("<{}>", self.mail_id), "fromIP": self.ip, "toIP": "", "status": self.status,
        })
        .to_string()
    }

    pub(crate) fn direction(&self) -> &'static str {
        let is_ours = |address: &str| address.ends_with("@contoso.com");
        match (is_ours(&self.sender), is_ours(&self.recipient)) {
            (true, true) => "internal",
            (true, false) => "outbound",
            (false, true) => "inbound",
            (false, false) => "external",
        }
    }
}

/// Six days without the fourth: mail in every direction, failures, a bounce, a look-alike, texts that would like to be HTML.
pub(crate) fn messages() -> Vec<Message> {
    let mut all = Vec::new();
    for number in 0..1_200 {
        let day = [1, 2, 3, 5, 6][number % 5];
        let second = i64::try_from(number).unwrap() * 67;
        let (sender, recipient) = match number % 4 {
            0 => (
                format!("user{}@contoso.com", number % 9),
                format!("partner{}@example.org", number % 31),
            ),
            1 => (
                format!("partner{}@example.org", number % 31),
                format!("user{}@contoso.com", number % 9),
            ),
            2 => (
                format!("user{}@contoso.com", number % 9),
                format!("user{}@contoso.com", number % 5),
            ),
            _ => (
                format!("news{}@example.net", number % 3),
                format!("user{}@contoso.com", number % 9),
            ),
        };
        let mut message = Message::new(day, second, &sender, &recipient);
        message.subject = format!("Subject {number}");
        message.size = i64::try_from(number).unwrap() * 37 % 50_000;
        message.status = match number % 10 {
            3 => "failed",
            6 => "quarantined",
            _ => "delivered",
        };
        message.ip = format!("192.0.2.{}", number % 17);
        all.push(message);
    }
    for (at, subject) in HOSTILE.iter().enumerate() {
        let mut message = Message::new(
            6,
            80_000 + i64::try_from(at).unwrap(),
            "mallory@c0ntoso.com",
            "user1@contoso.com",
        );
        (*subject).clone_into(&mut message.subject);
        // Among the largest, so that the tables show them.
        message.size = 90_000_000;
        all.push(message);
    }
    all.push(Message::new(6, 82_000, "<>", "user2@contoso.com"));
    all
}

pub(crate) const HOSTILE: [&str; 4] = [
    "</script><script>alert(1)</script>",
    "<!--report:data--><!--",
    "]]> \" onload=\"x & 'y' \u{2028}",
    "\u{1b}[31mred\u{7}",
];

/// Archives messages in a folder of its own.
pub(crate) fn archived(messages: &[Message]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let rows: Vec<String> = messages
        .iter()
        .enumerate()
        .map(|(number, message)| message.row(number))
        .collect();
    let input = folder.path().join("rows.ndjson");
    std::fs::write(&input, rows.join("\n")).unwrap();
    std::fs::write(folder.path().join("template.html"), TEMPLATE).unwrap();
    let words = [
        "archive",
        "--organization-domain",
        "contoso.com",
        "--output",
        "archive",
        "rows.ndjson",
    ];
    // Twice: an event counts once.
    for _ in 0..2 {
        let done = run(folder.path(), &words);
        assert!(done.status.success(), "{}", text(&done.stderr));
    }
    folder
}

pub(crate) fn run(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_message-trace"))
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A report that was written.
pub(crate) struct Report {
    pub(crate) html: String,
    pub(crate) payload: Json,
    pub(crate) said: String,
}

/// Writes a report of the archive in a folder.
pub(crate) fn report(folder: &Path, more: &[&str]) -> Report {
    let output = folder.join("report.html");
    let words = [
        "report",
        "--archive",
        "archive",
        "--template",
        "template.html",
        "-o",
        "report.html",
    ];
    let done = run(folder, &[&words[..], more].concat());
    let said = text(&done.stderr);
    assert!(done.status.success(), "{said}");
    let html = std::fs::read_to_string(&output).unwrap();
    let payload = payload(&html);
    Report { html, payload, said }
}

/// What a page reads out of its block.
pub(crate) fn payload(html: &str) -> Json {
    let (_, rest) = html
        .split_once("<script type=\"application/json\" id=\"report\">")
        .unwrap();
    let block: Json = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    assert_eq!(block["encoding"], "gzip+base64");
    let packed = base64::engine::general_purpose::STANDARD
        .decode(block["data"].as_str().unwrap())
        .unwrap();
    let mut json = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut json)
        .unwrap();
    serde_json::from_str(&json).unwrap()
}

/// A column of texts in either of its forms.
pub(crate) fn texts(payload: &Json, column: &str) -> Vec<String> {
    let column = &payload["rows"]["columns"][column];
    let distinct: Vec<String> = serde_json::from_value(column["texts"].clone()).unwrap();
    match column.get("rows") {
        None => distinct,
        Some(rows) => {
            let rows: Vec<usize> = serde_json::from_value(rows.clone()).unwrap();
            let unique: BTreeSet<&String> = distinct.iter().collect();
            assert_eq!(unique.len(), distinct.len(), "each text once");
            rows.iter().map(|&number| distinct[number].clone()).collect()
        }
    }
}

/// A column of whole numbers.
pub(crate) fn numbers(payload: &Json, column: &str) -> Vec<i64> {
    serde_json::from_value(payload["rows"]["columns"][column].clone()).unwrap()
}

/// The times of the rows.
pub(crate) fn times(payload: &Json) -> Vec<i64> {
    let mut time = 0;
    numbers(payload, "time")
        .iter()
        .map(|distance| {
            time += distance;
            time
        })
        .collect()
}

/// How often each name is there, most first, as a list of the summary has it.
pub(crate) fn counted(names: impl Iterator<Item = String>) -> Vec<(String, i64)> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut list: Vec<(String, i64)> = counts.into_iter().collect();
    list.sort_by(|(one, count), (other, more)| more.cmp(count).then(one.cmp(other)));
    list
}

/// Names and counts of a list.
pub(crate) fn listed(list: &Json) -> Vec<(String, i64)> {
    let of = |entry: &Json| {
        (
            entry["name"].as_str().unwrap().to_owned(),
            entry["count"].as_i64().unwrap(),
        )
    };
    list.as_array().unwrap().iter().map(of).collect()
}

pub(crate) fn path(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}
