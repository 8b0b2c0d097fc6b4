//! How many rows a second go through a stream and its workers, beside what the stream takes alone. `./build.sh streams`.
//!
//!     throughput PROGRAM [ROWS]
//!
//! Needs `nats-server`. Everything is on this machine: server, publisher and workers share its cores. With two workers one
//! is killed in the middle; then every row has to be on the output once.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement ends by panicking, and prints"
)]

#[path = "../tests/nats/server.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod server;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use message_trace::{EventIds, Options, Target};
use message_trace_host::Host;
use message_trace_sinks::{Batch, EventKey, Sink as _};
use message_trace_streams::{JetStreamSink, Login};
use server::Nats;

const BATCH: usize = 1_000;

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let program = PathBuf::from(arguments.next().unwrap());
    let count = arguments
        .next()
        .map_or(1_000_000, |text| text.to_str().unwrap().parse().unwrap());
    println!(
        "{count} rows, {} cores\n",
        std::thread::available_parallelism().unwrap()
    );
    println!(
        "{:<44}{:>10}{:>10}{:>8}{:>14}{:>14}",
        "", "seconds", "rows/s", "ratio", "server CPU s", "workers CPU s"
    );
    let alone = publish_only(&program, count);
    let say = |what: &str, took: Took| {
        let rate = |took: Took| f64::from(u32::try_from(count).unwrap()) / took.seconds;
        println!(
            "{what:<44}{:>10.1}{:>10.0}{:>8.2}{:>14.1}{:>14.1}",
            took.seconds,
            rate(took),
            rate(took) / rate(alone),
            took.server,
            took.workers
        );
    };
    say("events onto the stream alone, acknowledged", alone);
    say(
        "the same, nobody waits for acknowledgements",
        unacknowledged(&program, count),
    );
    say("one worker", workers(&program, count, 1, false));
    say("two workers", workers(&program, count, 2, false));
    say(
        "two workers, one killed in the middle",
        workers(&program, count, 2, true),
    );
    println!("\nEvery row is on the output once, in each of the three.");
}

/// Wall time, and processor time of the server and of the workers that are left.
#[derive(Clone, Copy, Default)]
struct Took {
    seconds: f64,
    server: f64,
    workers: f64,
}

fn server_of(nats: &Nats) -> &Child {
    &nats.server.as_ref().unwrap().0
}

/// Processor time of a process that runs, in seconds.
fn busy(process: &Child) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.map(|text| text.parse::<f64>().unwrap() / 100.0).sum()
}

/// The simulator's rows, a chunk at a time.
fn chunks(program: &Path, count: usize, mut with: impl FnMut(Vec<String>)) {
    let mut writer = Command::new(program)
        .args([
            "simulate",
            "--line-format",
            "graph",
            "--lines",
            &count.to_string(),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    loop {
        let chunk: Vec<String> = lines.by_ref().take(BATCH).map(Result::unwrap).collect();
        if chunk.is_empty() {
            break;
        }
        with(chunk);
    }
    assert!(writer.wait().unwrap().success());
}

/// What the stream takes when events are there already.
fn publish_only(program: &Path, count: usize) -> Took {
    let nats = Nats::start().unwrap();
    nats.stream("EVENTS", &["events"]);
    let options = Options {
        target: Target::Ecs,
        ..Options::default()
    };
    let mut transform = Host::native().transform(&options).unwrap();
    let mut sink = JetStreamSink::new(nats.address("events"), Login::default()).unwrap();
    let mut ids = EventIds::default();
    let mut seconds = Duration::ZERO;
    chunks(program, count, |chunk| {
        let mut batch = Batch::default();
        for line in &chunk {
            let event = transform.normalize(line.as_bytes()).unwrap();
            let id = ids.read(line.as_bytes()).unwrap();
            batch
                .push(EventKey::new(id.as_str(), 0), event.as_bytes())
                .unwrap();
        }
        let began = Instant::now();
        assert_eq!(sink.deliver(&batch).unwrap().refused, []);
        seconds += began.elapsed();
    });
    Took {
        seconds: seconds.as_secs_f64(),
        server: busy(server_of(&nats)),
        workers: 0.0,
    }
}

/// The same, and nobody looks whether the stream has them, until the last one is there.
fn unacknowledged(program: &Path, count: usize) -> Took {
    let nats = Nats::start().unwrap();
    nats.stream("EVENTS", &["events"]);
    let options = Options {
        target: Target::Ecs,
        ..Options::default()
    };
    let mut transform = Host::native().transform(&options).unwrap();
    let mut ids = EventIds::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let address = nats.address("events").servers();
    let client = runtime.block_on(async_nats::connect(address)).unwrap();
    let mut seconds = Duration::ZERO;
    chunks(program, count, |chunk| {
        let events: Vec<_> = chunk
            .iter()
            .map(|line| {
                let id = ids.read(line.as_bytes()).unwrap();
                let mut headers = async_nats::HeaderMap::new();
                headers.insert("Nats-Msg-Id", id.as_str());
                (headers, transform.normalize(line.as_bytes()).unwrap())
            })
            .collect();
        let began = Instant::now();
        runtime.block_on(async {
            for (headers, event) in events {
                client
                    .publish_with_headers("events", headers, event.into())
                    .await
                    .unwrap();
            }
            client.flush().await.unwrap();
        });
        seconds += began.elapsed();
    });
    let began = Instant::now();
    while nats.count("EVENTS") < u64::try_from(count).unwrap() {
        std::thread::sleep(Duration::from_millis(10));
    }
    Took {
        seconds: (seconds + began.elapsed()).as_secs_f64(),
        server: busy(server_of(&nats)),
        workers: 0.0,
    }
}

/// From the first worker's start until nothing is left.
fn workers(program: &Path, count: usize, workers: usize, kill: bool) -> Took {
    let nats = Nats::start().unwrap();
    nats.stream("ROWS", &["rows"]);
    nats.stream("EVENTS", &["events", "events.rejects"]);
    chunks(program, count, |chunk| {
        let rows: Vec<_> = chunk.into_iter().map(|row| (row, Vec::new())).collect();
        nats.publish("rows", &rows);
    });
    let (began, server) = (Instant::now(), busy(server_of(&nats)));
    let mut running: Vec<Child> = (0..workers).map(|_| worker(program, &nats)).collect();
    let expected = u64::try_from(count).unwrap();
    while nats.count("EVENTS") < expected {
        std::thread::sleep(Duration::from_millis(100));
        if kill && running.len() > 1 && nats.count("EVENTS") > expected / 2 {
            let mut dies = running.remove(0);
            dies.kill().unwrap();
            dies.wait().unwrap();
        }
    }
    let took = Took {
        seconds: began.elapsed().as_secs_f64(),
        server: busy(server_of(&nats)) - server,
        workers: running.iter().map(busy).sum(),
    };
    for mut worker in running {
        assert!(worker.wait().unwrap().success());
    }
    assert_eq!(nats.count("EVENTS"), expected);
    assert_eq!(nats.ids("EVENTS").len(), count);
    took
}

fn worker(program: &Path, nats: &Nats) -> Child {
    Command::new(program)
        .args([
            "transform",
            "--once",
            "--target",
            "ecs",
            "--log",
            "warn",
            "--ack-wait",
            "5",
        ])
        .args(["--input", &nats.address("ROWS").to_string()])
        .args(["--output", &nats.address("events").to_string()])
        .spawn()
        .unwrap()
}
