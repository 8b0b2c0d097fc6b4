//! The mapping an ordinary developer would write in Rust: `serde_json::Value` in, `json!` out.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Value, json};

use crate::corpus::Corpus;
use crate::variant::{Variant, thread_time};

pub(crate) struct ValueMapping {
    corpus: &'static [u8],
    rows: usize,
}

impl ValueMapping {
    pub(crate) fn new(corpus: &Corpus) -> Self {
        Self {
            corpus: corpus.bytes(),
            rows: corpus.rows(),
        }
    }

    fn lines(&self) -> impl Iterator<Item = &'static [u8]> + use<> {
        self.corpus
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
    }
}

impl Variant for ValueMapping {
    fn name(&self) -> &str {
        "serde_json::Value"
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.corpus.len()
    }

    fn run(&mut self) -> Result<Duration> {
        let mut out = Vec::new();
        let start = thread_time();
        for line in self.lines() {
            out.clear();
            serde_json::to_writer(&mut out, &event(std::str::from_utf8(line)?)?)?;
        }
        Ok(thread_time() - start)
    }

    fn events(&mut self, rows: usize) -> Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        for line in self.lines().take(rows) {
            serde_json::to_writer(&mut out, &event(std::str::from_utf8(line)?)?)?;
            out.push(b'\n');
        }
        Ok(Some(out))
    }
}

fn event(line: &str) -> Result<Value> {
    let row: Value = serde_json::from_str(line)?;
    let graph = row.get("receivedDateTime").is_some();
    let text = |graph_key: &str, key: &str| {
        let value = row.get(if graph { graph_key } else { key });
        value.and_then(Value::as_str).filter(|text| !text.is_empty())
    };
    let received = text("receivedDateTime", "Received").context("no time of receipt")?;
    let mut event = json!({
        "message": line,
        "event": {"category": ["email"], "type": ["info"]},
        "@timestamp": utc(received)?,
    });
    if let Some(status) = text("status", "Status") {
        event["event"]["action"] = json!(status);
    }
    if let Some(sender) = text("senderAddress", "SenderAddress") {
        event["email"]["from"] = json!({"address": [sender]});
    }
    if let Some(recipient) = text("recipientAddress", "RecipientAddress") {
        event["email"]["to"] = json!({"address": [recipient]});
    }
    if let Some(id) = text("messageId", "MessageId") {
        let bare = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
        event["email"]["message_id"] = json!(if graph { bare.unwrap_or(id) } else { id });
    }
    if let Some(subject) = text("subject", "Subject") {
        event["email"]["subject"] = json!(subject);
    }
    let size = row
        .get(if graph { "size" } else { "Size" })
        .and_then(Value::as_u64);
    if graph {
        if let Some(size) = size {
            event["network"] = json!({"bytes": size});
        }
    } else {
        if let Some(id) = text("", "MessageTraceId") {
            event["office365"]["message_trace"]["MessageTraceId"] = json!(id);
        }
        if let Some(size) = size {
            event["office365"]["message_trace"]["Size"] = json!(size);
        }
        if let Some(organization) = text("", "Organization") {
            event["organization"] = json!({"name": organization});
        }
    }
    let address = |text: Option<&str>| text.and_then(|text| text.parse::<IpAddr>().ok());
    let source = address(text("fromIP", "FromIP"));
    let destination = address(text("toIP", "ToIP")).filter(|_| graph);
    let mut related = Vec::new();
    for (key, ip) in [("source", source), ("destination", destination)] {
        if let Some(ip) = ip {
            event[key] = json!({"ip": ip, "address": ip});
            if !related.contains(&ip) {
                related.push(ip);
            }
        }
    }
    if !related.is_empty() {
        event["related"] = json!({"ip": related});
    }
    Ok(event)
}

fn utc(text: &str) -> Result<String> {
    let time = if let Some(millis) = text
        .strip_prefix("/Date(")
        .and_then(|rest| rest.strip_suffix(")/"))
    {
        DateTime::<Utc>::from_timestamp_millis(millis.parse()?).context("not a time")?
    } else if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        time.to_utc()
    } else {
        text.parse::<NaiveDateTime>()?.and_utc()
    };
    let form = if time.timestamp_subsec_micros() == 0 {
        "%Y-%m-%dT%H:%M:%SZ"
    } else {
        "%Y-%m-%dT%H:%M:%S%.6fZ"
    };
    Ok(time.format(form).to_string())
}
