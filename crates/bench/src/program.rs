//! The program `message-trace normalize`, file to file.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use wait4::Wait4 as _;

use crate::arguments::Arguments;
use crate::component::{Guest, engine, load};
use crate::corpus::{BATCH_BYTES, Corpus, chunks};
use crate::rounds::median;

/// How many rounds of whole runs.
const ROUNDS: usize = 5;
/// How many starts.
const STARTS: usize = 11;

/// What the program took; all times are wall times unless they say otherwise.
pub(crate) struct Program {
    /// In-process batches over the same corpus, in the same rounds, in rows a second.
    pub(crate) in_process: f64,
    pub(crate) one_thread: f64,
    pub(crate) two_threads: f64,
    /// The program's speed to that in process, round by round.
    pub(crate) to_in_process: f64,
    /// Two threads to one, round by round.
    pub(crate) two_to_one: f64,
    /// Processor time of all threads, in nanoseconds a row, with one normalizing thread.
    pub(crate) cpu_ns_per_row: f64,
    /// The most resident memory, in bytes, over the corpus, with one and with two threads.
    pub(crate) memory_bytes: [u64; 2],
    /// The same over a file four times as large.
    pub(crate) memory_bytes_large: u64,
    /// The first start, compiling the component, in milliseconds.
    pub(crate) cold_start: f64,
    /// Later starts, in milliseconds.
    pub(crate) warm_start: f64,
}

struct Ran {
    wall: Duration,
    cpu: Duration,
    memory_bytes: u64,
}

struct Runner<'a> {
    program: &'a Path,
    cache: &'a Path,
    out: &'a Path,
}

impl Runner<'_> {
    fn run(&self, input: &Path, threads: usize) -> Result<Ran> {
        // An old file of events is removed first: giving its pages back is not the program's work.
        let _ = std::fs::remove_file(self.out);
        let start = Instant::now();
        let mut child = Command::new(self.program)
            .env("MESSAGE_TRACE_CACHE", self.cache)
            .args(["normalize", "--threads", &threads.to_string(), "--output"])
            .arg(self.out)
            .arg(input)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pid = child.id();
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let memory = scope.spawn(|| most_memory(pid, &ended));
            let used = child.wait4();
            let wall = start.elapsed();
            ended.store(true, Ordering::Relaxed);
            let memory_bytes = memory.join().unwrap_or_default();
            let used = used?;
            ensure!(used.status.success(), "the program failed");
            Ok(Ran {
                wall,
                cpu: used.rusage.utime + used.rusage.stime,
                memory_bytes,
            })
        })
    }
}

/// The most memory that was resident in a process, in bytes, asked for until it has ended; 0 where the system does not
/// say. What `wait4` knows will not do: a child begins with the figure of its parent, which holds the corpus.
fn most_memory(pid: u32, ended: &AtomicBool) -> u64 {
    let mut most = 0;
    while !ended.load(Ordering::Relaxed) {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let kib = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        });
        most = most.max(kib.unwrap_or(0) * 1024);
        std::thread::sleep(Duration::from_millis(5));
    }
    most
}

pub(crate) fn measure(
    arguments: &Arguments,
    corpus: &Corpus,
    skipped: &mut Vec<String>,
) -> Result<Option<Program>> {
    let program = arguments.dist.join("message-trace");
    if !program.exists() {
        skipped.push("program: dist/message-trace is not built".to_owned());
        return Ok(None);
    }
    eprintln!("program");
    let cache = arguments.work.join("program-cache");
    let out = arguments.work.join("program-events.ndjson");
    let runner = Runner {
        program: &program,
        cache: &cache,
        out: &out,
    };

    let one_row = arguments.work.join("one-row.ndjson");
    std::fs::write(&one_row, corpus.head(1))?;
    let (mut cold, mut warm) = (vec![], vec![]);
    for _ in 0..3 {
        let _ = std::fs::remove_dir_all(&cache);
        cold.push(runner.run(&one_row, 1)?.wall.as_secs_f64() * 1e3);
    }
    for _ in 0..STARTS {
        warm.push(runner.run(&one_row, 1)?.wall.as_secs_f64() * 1e3);
    }

    let engine = engine()?;
    let component = load(&engine, &arguments.dist.join("message-trace.wasm"))?;
    let mut guest = Guest::new(&engine, &component, "sekoia")?;
    let (mut in_process, mut one, mut two, mut cpu) = (vec![], vec![], vec![], vec![]);
    let mut memory_bytes = [0; 2];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for chunk in chunks(corpus.bytes(), BATCH_BYTES) {
            guest.batch(chunk)?;
        }
        in_process.push(start.elapsed().as_secs_f64());
        let ran = runner.run(corpus.path(), 1)?;
        one.push(ran.wall.as_secs_f64());
        cpu.push(ran.cpu.as_secs_f64());
        memory_bytes[0] = memory_bytes[0].max(ran.memory_bytes);
        let ran = runner.run(corpus.path(), 2)?;
        two.push(ran.wall.as_secs_f64());
        memory_bytes[1] = memory_bytes[1].max(ran.memory_bytes);
    }

    let large = arguments.work.join("large.ndjson");
    std::fs::write(&large, corpus.bytes().repeat(4))?;
    let memory_bytes_large = runner.run(&large, 2)?.memory_bytes;
    std::fs::remove_file(&large)?;
    let _ = std::fs::remove_file(&out);

    let rows = corpus.rows() as f64;
    let ratio = |over: &[f64], under: &[f64]| {
        median(
            &over
                .iter()
                .zip(under)
                .map(|(over, under)| over / under)
                .collect::<Vec<_>>(),
        )
    };
    Ok(Some(Program {
        in_process: rows / median(&in_process),
        one_thread: rows / median(&one),
        two_threads: rows / median(&two),
        to_in_process: ratio(&in_process, &one),
        two_to_one: ratio(&one, &two),
        cpu_ns_per_row: median(&cpu) * 1e9 / rows,
        memory_bytes,
        memory_bytes_large,
        cold_start: median(&cold),
        warm_start: median(&warm),
    }))
}
