//! `kill -9` while a folder is polled.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use crate::sequence;
use crate::stand::{Stand, gzip, id, lines, page, table};

/// Killed at any moment: nothing is lost, and what comes again is a batch at the most, under the same ids.
#[test]
#[expect(clippy::print_stdout, reason = "it says what it found")]
fn kills_lose_nothing_and_repeat_a_batch_at_most() {
    const BATCH: usize = 5_000;
    let kills: u32 = std::env::var("KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(25);
    let stand = Stand::new();
    let mut chance = fastrand::Rng::with_seed(11);
    let mut record = Record::default();
    let (mut next, mut most_repeats, mut hits) = (0, 0, 0);
    for kill in 0..kills {
        let numbers = next..next + 20_000;
        next += 20_000;
        match kill % 3 {
            0 => stand.write(&format!("{kill}.ndjson"), lines(numbers, "delivered")),
            1 => stand.write(&format!("{kill}.csv"), table(numbers, "Delivered", 1)),
            _ => stand.write(&format!("{kill}.json.gz"), gzip(page(numbers, "delivered"))),
        }
        let before = record.repeats;
        let mut service = stand.start();
        std::thread::sleep(Duration::from_millis(chance.u64(50..500)));
        service.kill().unwrap();
        service.wait().unwrap();
        record.read(&stand);
        most_repeats = most_repeats.max(record.repeats - before);
        hits += u32::from(record.events.len() % 20_000 != 0);
    }
    let sink = format!("file:{}", stand.path("events.ndjson").display());
    let ran = stand.once_with("in", &["--sink", &sink]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    record.read(&stand);
    println!(
        "{kills} kills, {hits} of them inside a file: {} rows, {} repeated, at most {most_repeats} after one kill",
        record.events.len(),
        record.repeats
    );
    let mut expected = (0..next).map(|number| id(number, "delivered"));
    assert!(expected.all(|id| record.events.contains(&id)), "lost");
    assert_eq!(record.events.len(), next as usize, "strange");
    assert!(most_repeats <= BATCH, "{most_repeats} after one kill");
}

/// What a sink's file holds, read on from where it was read to.
#[derive(Default)]
struct Record {
    at: usize,
    events: HashSet<String>,
    repeats: usize,
}

impl Record {
    fn read(&mut self, stand: &Stand) {
        let text = std::fs::read(stand.path("events.ndjson")).unwrap_or_default();
        let new = text.get(self.at..).unwrap_or_default();
        // A killed program may leave half a line.
        let end = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        for line in new[..end].split(|byte| *byte == b'\n') {
            let Ok(event) = serde_json::from_slice::<Value>(line) else {
                continue;
            };
            assert_eq!(sequence(&event), None, "a row came as another");
            let id = event.pointer("/event/id").unwrap().as_str().unwrap();
            self.repeats += usize::from(!self.events.insert(id.to_owned()));
        }
        self.at += end;
    }
}
