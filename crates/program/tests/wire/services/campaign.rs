//! Seeded faults against each fake: nothing lost, repeats only under the same id, no innocent in the dead letter, the order
//! of a row's changes kept.
//!
//! `SEEDS=2000 cargo test --workspace --test wire -- services::campaign --nocapture` prints the table.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use message_trace_net::http::Transport;
use message_trace_sinks::elasticsearch::Destination;
use message_trace_sinks::{EventKey, Sink, SinkError};

use super::elasticsearch::{self, FakeElastic};
use super::fake::{Fake, Faulty, batch, distinct, event};
use super::sekoia::{self, FakeSekoia};
use super::sentinel::{self, FakeSentinel};
use super::splunk::{self, FakeSplunk};

const URL: &str = "http://127.0.0.1";

/// What the seeds of one sink came to.
#[derive(Default)]
struct Row {
    faults: u64,
    events: usize,
    repeats: usize,
    refused: usize,
    crashes: usize,
    attempts: usize,
}

/// The changes of a few rows, in pages, with a bad event or an oversized one here and there.
fn pages(random: &mut fastrand::Rng, oversized: usize) -> Vec<Vec<(EventKey, Vec<u8>)>> {
    let statuses = ["pending", "delivered", "failed", "quarantined"];
    let mut changes: HashMap<u32, u32> = HashMap::new();
    (0..3)
        .map(|page| {
            let rows: HashSet<u32> = (0..15).map(|_| random.u32(0..24)).collect();
            let mut rows: Vec<u32> = rows.into_iter().collect();
            rows.sort_unstable();
            rows.into_iter()
                .enumerate()
                .map(|(place, row)| {
                    let sequence = *changes
                        .entry(row)
                        .and_modify(|sequence| *sequence += 1)
                        .or_default();
                    let extra = match (page, place, random.u8(0..20)) {
                        (1.., 2.., 0) => r#","poison":"ada@example.com""#.to_owned(),
                        (1.., 2, 1) if oversized > 0 => format!(r#","pad":"{}""#, "x".repeat(oversized)),
                        _ => String::new(),
                    };
                    event(row, sequence, statuses[sequence as usize % 4], &extra)
                })
                .collect()
        })
        .collect()
}

/// Delivers until it is acknowledged; gives the places that were refused.
fn deliver(sink: &mut dyn Sink, events: &[(EventKey, Vec<u8>)], row: &mut Row) -> Vec<usize> {
    let batch = batch(events);
    for _ in 0..2_000 {
        row.attempts += 1;
        match sink.deliver(&batch) {
            Ok(delivery) => return delivery.refused.iter().map(|refused| refused.index).collect(),
            Err(SinkError::NotYetAcknowledged { .. }) => std::thread::sleep(Duration::from_millis(1)),
            Err(error) => assert!(
                !error.to_string().contains("ada@example.com") && !error.to_string().contains("canary")
            ),
        }
    }
    panic!("never acknowledged")
}

/// One seed against one sink.
fn run<F: Fake + 'static>(
    seed: u64,
    fake: F,
    oversized: usize,
    open: &dyn Fn(Arc<dyn Transport>) -> Box<dyn Sink>,
    row: &mut Row,
) -> Arc<Faulty<F>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let faulty = Faulty::new(fake, seed, 30);
    let way = || -> Arc<dyn Transport> { Arc::<Faulty<F>>::clone(&faulty) };
    let mut sink = open(way());
    let mut sent = Vec::new();
    for page in pages(&mut random, if seed.is_multiple_of(50) { oversized } else { 0 }) {
        let mut refused = deliver(&mut *sink, &page, row);
        if random.u8(0..4) == 0 {
            // Acknowledged, and killed before the ledger knew it.
            row.crashes += 1;
            sink = open(way());
            sink.note_accepted();
            let again = deliver(&mut *sink, &page, row);
            assert_eq!(refused, again, "seed {seed}: the verdict is the same again");
            refused = again;
        }
        for (place, (key, json)) in page.into_iter().enumerate() {
            let is_bad =
                String::from_utf8_lossy(&json).contains("poison") || oversized > 0 && json.len() > oversized;
            assert_eq!(refused.contains(&place), is_bad, "seed {seed}: {key:?}");
            row.refused += usize::from(is_bad);
            if !is_bad {
                sent.push((key.id, u64::from(key.sequence)));
            }
        }
    }
    let arrived = faulty.with(|fake| fake.arrived());
    let there = distinct(&arrived);
    let lost: Vec<_> = sent.iter().filter(|event| !there.contains(*event)).collect();
    assert!(lost.is_empty(), "seed {seed}: lost {lost:?}");
    assert_eq!(
        there.len(),
        sent.len(),
        "seed {seed}: something arrived that was never sent"
    );
    let mut last: HashMap<String, u64> = HashMap::new();
    let mut seen = HashSet::new();
    for (id, sequence) in &arrived {
        if seen.insert((id, sequence)) {
            let trace = id.split('/').next().unwrap().to_owned();
            let before = last.insert(trace, *sequence);
            assert!(
                before.is_none_or(|before| before < *sequence),
                "seed {seed}: order of {id}"
            );
        }
    }
    row.faults += faulty.faults();
    row.events += sent.len();
    row.repeats += arrived.len() - there.len();
    faulty
}

#[test]
fn seeded_faults_lose_nothing() {
    let seeds: u64 = std::env::var("SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(200);
    let mut table = String::from(
        "sink                    seeds  faults  events  lost  repeats  refused  crashes  attempts\n",
    );
    let mut add = |name: &str, one: &dyn Fn(u64, &mut Row)| {
        let mut row = Row::default();
        (1..=seeds).for_each(|seed| one(seed, &mut row));
        let Row {
            faults,
            events,
            repeats,
            refused,
            crashes,
            attempts,
        } = row;
        assert!(
            faults > seeds && crashes > 0 && refused > 0,
            "the faults came about"
        );
        writeln!(
            table,
            "{name:<22} {seeds:>6} {faults:>7} {events:>7} {:>5} {repeats:>8} {refused:>8} {crashes:>8} {attempts:>9}",
            0
        )
        .unwrap();
    };
    let busy = || FakeElastic {
        busy_percent: 10,
        ..FakeElastic::default()
    };
    add("elasticsearch stream", &|seed, row| {
        let open = |way| Box::new(elasticsearch::sink(&[URL], elasticsearch::stream(), way)) as Box<dyn Sink>;
        let faulty = run(seed, busy(), elasticsearch::MAX_BYTES, &open, row);
        faulty.with(|fake| assert_eq!(fake.documents.len(), fake.arrived().len()));
    });
    add("splunk acknowledged", &|seed, row| {
        let open = |way| Box::new(splunk::sink(URL, true, splunk::hasty(), way)) as Box<dyn Sink>;
        let fake = FakeSplunk {
            acknowledges: true,
            restart_percent: 5,
            ..FakeSplunk::default()
        };
        run(seed, fake, 5 * 1024 * 1024, &open, row);
    });
    add("splunk", &|seed, row| {
        let open = |way| Box::new(splunk::sink(URL, false, splunk::hasty(), way)) as Box<dyn Sink>;
        run(seed, FakeSplunk::default(), 5 * 1024 * 1024, &open, row);
    });
    add("sekoia", &|seed, row| {
        let open = |way| Box::new(sekoia::sink(URL, "canary-key", way)) as Box<dyn Sink>;
        run(seed, FakeSekoia::default(), 250_000, &open, row);
    });
    add("sentinel", &|seed, row| {
        let open = |way| Box::new(sentinel::sink(URL, way)) as Box<dyn Sink>;
        let fake = FakeSentinel {
            revoke_percent: 5,
            ..FakeSentinel::default()
        };
        run(seed, fake, 1_000_000, &open, row);
    });
    eprintln!("{table}");
}

#[test]
fn an_index_ends_with_the_last_change_of_each_row() {
    for seed in 1..=100 {
        let mut random = fastrand::Rng::with_seed(seed);
        let faulty = Faulty::new(
            FakeElastic {
                busy_percent: 10,
                ..FakeElastic::default()
            },
            seed,
            30,
        );
        let way: Arc<dyn Transport> = Arc::<Faulty<FakeElastic>>::clone(&faulty);
        let index = Destination::Index("mail".to_owned());
        let mut sink = elasticsearch::sink(&[URL], index, way);
        let mut last = HashMap::new();
        for page in pages(&mut random, 0) {
            let refused = deliver(&mut sink, &page, &mut Row::default());
            for (place, (key, _)) in page.into_iter().enumerate() {
                if !refused.contains(&place) {
                    let row = key.id.rsplit_once('/').unwrap().0.to_owned();
                    last.insert(row, u64::from(key.sequence));
                }
            }
        }
        faulty.with(|fake| {
            let there: HashMap<_, _> = fake
                .documents
                .iter()
                .map(|(id, (version, _))| (id.clone(), *version))
                .collect();
            assert_eq!(there, last, "seed {seed}");
        });
    }
}
