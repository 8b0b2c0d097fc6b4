//! A sink that records: HTTP, NDJSON, gzip or not.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

#[derive(Default)]
struct Record {
    /// What was received by id: a hash of the event.
    events: HashMap<String, u64>,
    repeats: u64,
    strangers: u64,
}

pub(crate) struct Recorder {
    record: Arc<Mutex<Record>>,
    open: Arc<AtomicUsize>,
    port: u16,
}

impl Recorder {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let record: Arc<Mutex<Record>> = Arc::default();
        let open: Arc<AtomicUsize> = Arc::default();
        let (shared, count) = (Arc::clone(&record), Arc::clone(&open));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, count) = (Arc::clone(&shared), Arc::clone(&count));
                count.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    serve(&stream, &shared);
                    count.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { record, open, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/events", self.port)
    }

    /// Waits until what a killed program sent is read to its end.
    pub(crate) fn settle(&self) {
        for _ in 0..500 {
            if self.open.load(Ordering::SeqCst) == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    pub(crate) fn repeats(&self) -> u64 {
        self.record().repeats
    }

    /// Events that came again under an id that another event has.
    pub(crate) fn strangers(&self) -> u64 {
        self.record().strangers
    }

    pub(crate) fn ids(&self) -> HashSet<String> {
        self.record().events.keys().cloned().collect()
    }
}

/// Answers requests until the connection ends. Half a request is no event, as with any server.
fn serve(stream: &TcpStream, record: &Mutex<Record>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut is_gzip, mut line) = (0_u64, false, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).is_err() || line.is_empty() {
                return;
            }
            let header = line.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            is_gzip |= header.starts_with("content-encoding:") && header.contains("gzip");
        }
        let mut body = Vec::new();
        if (&mut reader).take(length).read_to_end(&mut body).is_err() || body.len() as u64 != length {
            return;
        }
        if is_gzip {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(body.as_slice())
                .read_to_end(&mut plain)
                .unwrap();
            body = plain;
        }
        take(&body, &mut record.lock().unwrap());
        let mut stream = stream;
        if stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .is_err()
        {
            return;
        }
    }
}

fn take(body: &[u8], record: &mut Record) {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let event: serde_json::Value = serde_json::from_slice(line).unwrap();
        let id = event["event"]["id"].as_str().unwrap().to_owned();
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        let hash = hasher.finish();
        match record.events.insert(id, hash) {
            None => {}
            Some(before) => {
                record.repeats += 1;
                record.strangers += u64::from(before != hash);
            }
        }
    }
}
