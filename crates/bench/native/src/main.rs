//! The normalizer, natively: answers commands on stdin until stdin ends, so that the bench can interleave it with
//! everything else. Built once for the default target and once for x86-64-v3.
//!
//! `run TARGET KIND BYTES` makes one pass over the corpus: KIND is `line` or `batch`, BYTES the size of a chunk. The
//! answer is the thread's processor time in nanoseconds and the bytes of the events.
//! `write TARGET KIND ROWS PATH` writes the events of the first rows.

use std::io::{BufRead as _, Write as _};

use anyhow::{Context as _, Result, bail, ensure};
use message_trace::{Normalizer, Options, Target};
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(corpus), Some(rows)) = (arguments.next(), arguments.next()) else {
        bail!("usage: message-trace-native CORPUS ROWS");
    };
    let mut corpus = std::fs::read(&corpus).with_context(|| format!("cannot read {corpus}"))?;
    corpus.truncate(head(&corpus, rows.parse()?).len());
    let mut stdout = std::io::stdout().lock();
    for command in std::io::stdin().lock().lines() {
        let command = command?;
        match command.split(' ').collect::<Vec<_>>()[..] {
            ["run", target, kind, bytes] => {
                let (time, written) = run(&corpus, options(target)?, kind, bytes.parse()?)?;
                writeln!(stdout, "{time} {written}")?;
            }
            ["write", target, _, rows, path] => {
                let mut events = Vec::new();
                let lines = head(&corpus, rows.parse()?);
                Normalizer::new(options(target)?).normalize_batch(lines, &mut events, &mut Vec::new());
                std::fs::write(path, events).with_context(|| format!("cannot write {path}"))?;
                writeln!(stdout, "0 0")?;
            }
            _ => bail!("there is no command {command:?}"),
        }
        stdout.flush()?;
    }
    Ok(())
}

/// The first rows of the corpus.
fn head(corpus: &[u8], rows: usize) -> &[u8] {
    let lines = corpus.split_inclusive(|byte| *byte == b'\n').take(rows);
    &corpus[..lines.map(<[u8]>::len).sum()]
}

fn options(target: &str) -> Result<Options> {
    let target = Target::from_name(target).with_context(|| format!("there is no target {target:?}"))?;
    Ok(Options {
        target,
        ..Options::default()
    })
}

fn run(corpus: &[u8], options: Options, kind: &str, chunk_bytes: usize) -> Result<(i64, usize)> {
    let mut normalizer = Normalizer::new(options);
    let (mut events, mut rejections, mut written) = (Vec::new(), Vec::new(), 0);
    let start = now();
    if kind == "line" {
        for line in corpus
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            events.clear();
            normalizer.normalize(line, &mut events)?;
            written += events.len();
        }
    } else {
        let mut rest = corpus;
        while !rest.is_empty() {
            let most = chunk_bytes.min(rest.len());
            let end = rest[..most]
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(rest.len(), |at| at + 1);
            let (chunk, after) = rest.split_at(end);
            events.clear();
            normalizer.normalize_batch(chunk, &mut events, &mut rejections);
            written += events.len();
            rest = after;
        }
    }
    let time = now() - start;
    ensure!(rejections.is_empty(), "{} lines were refused", rejections.len());
    Ok((time, written))
}

/// The processor time of this thread, in nanoseconds.
fn now() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
