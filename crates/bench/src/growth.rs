//! How the cost grows with the length of a line and with their number: in both it should stay flat, a byte and a row.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::component::{Guest, engine, load};
use crate::corpus::{BATCH_BYTES, Corpus, chunks};
use crate::rounds::median;
use crate::variant::thread_time;

/// The lengths of a line, in bytes.
const LENGTHS: [usize; 8] = [200, 400, 1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000];
/// How many bytes each length is measured over.
const BYTES: usize = 32_000_000;
/// How often each is measured; the median counts.
const ROUNDS: usize = 5;
/// What makes a subject long: with a quotation mark, an escape and letters beyond ASCII every so often.
const FILLER: &str =
    "Quarterly figures and \"open\" questions of the Zürich office, see the notes of Monday; ";

pub(crate) struct Growth {
    /// Length of the line in bytes, nanoseconds a line.
    pub(crate) lengths: Vec<(usize, f64)>,
    /// Number of lines, nanoseconds a line.
    pub(crate) counts: Vec<(usize, f64)>,
}

pub(crate) fn measure(arguments: &Arguments, corpus: &Corpus) -> Result<Growth> {
    eprintln!("growth");
    let engine = engine()?;
    let component = load(&engine, &arguments.dist.join("message-trace.wasm"))?;
    let mut guest = Guest::new(&engine, &component, "sekoia")?;

    let mut inputs = Vec::new();
    for length in LENGTHS {
        let line = line_of(length)?;
        let count = (BYTES / line.len()).max(1);
        inputs.push((length, count, line.repeat(count)));
    }
    let mut figures = vec![Vec::new(); inputs.len()];
    for _ in 0..ROUNDS {
        for ((_, count, lines), figures) in inputs.iter().zip(&mut figures) {
            let start = thread_time();
            for chunk in chunks(lines, BATCH_BYTES) {
                guest.batch(chunk)?;
            }
            figures.push((thread_time() - start).as_nanos() as f64 / *count as f64);
        }
    }
    let lengths = inputs
        .iter()
        .zip(&figures)
        .map(|((length, ..), figures)| (*length, median(figures)));
    let lengths = lengths.collect();

    let mut guest = Guest::new(&engine, &component, "sekoia")?;
    let most = if arguments.full { 10_000_000 } else { 1_000_000 };
    let mut counts = Vec::new();
    let mut count = 1_000;
    while count <= most {
        let mut figures = Vec::new();
        // The corpus as often as it takes; its size divides what is longer.
        let rows = count.min(corpus.rows());
        let lines = corpus.head(rows);
        for _ in 0..if count < 1_000_000 { 9 } else { 3 } {
            let start = thread_time();
            for _ in 0..count / rows {
                for chunk in chunks(lines, BATCH_BYTES) {
                    guest.batch(chunk)?;
                }
            }
            figures.push((thread_time() - start).as_nanos() as f64 / count as f64);
        }
        counts.push((count, median(&figures)));
        count *= 10;
    }
    Ok(Growth { lengths, counts })
}

/// A row of Graph that is exactly so many bytes long, its line feed included.
fn line_of(length: usize) -> Result<Vec<u8>> {
    let row = |subject: &str| -> Result<Vec<u8>> {
        let row: Value = json!({
            "id": "b6016539-a89b-f100-9298-0e31fce86eb5",
            "receivedDateTime": "2026-01-05T00:00:31Z",
            "senderAddress": "a@example.com",
            "recipientAddress": "b@example.org",
            "status": "delivered",
            "subject": subject,
        });
        let mut line = serde_json::to_vec(&row)?;
        line.push(b'\n');
        Ok(line)
    };
    let room = length
        .checked_sub(row("")?.len())
        .context("a line that short has no room for its row")?;
    let mut subject = String::new();
    let mut used = 0;
    for letter in FILLER.chars().cycle() {
        // A quotation mark takes two bytes.
        let bytes = if letter == '"' { 2 } else { letter.len_utf8() };
        if used + bytes > room {
            break;
        }
        subject.push(letter);
        used += bytes;
    }
    subject.extend(std::iter::repeat_n('.', room - used));
    row(&subject)
}
