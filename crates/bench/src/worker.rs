//! What runs in a process of its own: the native builds and Python. Each answers with the processor time of its thread.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use message_trace::Target;

use crate::arguments::Arguments;
use crate::corpus::{BATCH_BYTES, Corpus};
use crate::variant::Variant;

/// How many rows a run of a slow peer takes.
pub(crate) const SLOW_ROWS: usize = 50_000;

const SCRIPT: &str = include_str!("../peers/sekoia.py");

struct Worker {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    fn start(command: &mut Command, corpus: &Path, rows: usize) -> Result<Rc<RefCell<Self>>> {
        let mut child = command
            .arg(corpus)
            .arg(rows.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let commands = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("no stdout")?);
        Ok(Rc::new(RefCell::new(Self {
            child,
            commands,
            answers,
        })))
    }

    /// The processor time, and the bytes of the events.
    fn ask(&mut self, command: &str) -> Result<(Duration, u64)> {
        writeln!(self.commands.as_mut().context("no stdin")?, "{command}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let (time, written) = answer.trim().split_once(' ').context("the process ended early")?;
        Ok((Duration::from_nanos(time.parse()?), written.parse()?))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The end of its stdin ends it.
        self.commands = None;
        let _ = self.child.wait();
    }
}

struct Task {
    name: String,
    worker: Rc<RefCell<Worker>>,
    /// `TARGET KIND BYTES` of the command.
    work: String,
    rows: usize,
    bytes: usize,
    file: std::path::PathBuf,
}

pub(crate) fn add(
    variants: &mut Vec<Box<dyn Variant>>,
    skipped: &mut Vec<String>,
    corpus: &Corpus,
    arguments: &Arguments,
) -> Result<()> {
    let mut push = |name: String, worker: &Rc<RefCell<Worker>>, work: String, rows: usize| {
        variants.push(Box::new(Task {
            name,
            worker: Rc::clone(worker),
            work,
            rows,
            bytes: corpus.head(rows).len(),
            file: arguments.work.join("events.ndjson"),
        }));
    };
    for (build, file) in [("native", "native-default"), ("native x86-64-v3", "native-v3")] {
        let program = arguments.work.join(file);
        if !program.exists() {
            skipped.push(format!("{build}: not built for this processor"));
            continue;
        }
        let worker = Worker::start(&mut Command::new(program), corpus.path(), corpus.rows())?;
        for target in Target::ALL.map(Target::name) {
            let name = format!("{build}, batch, {target}");
            push(
                name,
                &worker,
                format!("{target} batch {BATCH_BYTES}"),
                corpus.rows(),
            );
        }
        push(
            format!("{build}, line, sekoia"),
            &worker,
            "sekoia line 0".to_owned(),
            corpus.rows(),
        );
    }
    let python = arguments.work.join("venv/bin/python");
    if python.exists() {
        let rows = SLOW_ROWS.min(corpus.rows());
        let worker = Worker::start(Command::new(&python).args(["-c", SCRIPT]), corpus.path(), rows)?;
        push(
            "Python, json".to_owned(),
            &worker,
            "sekoia json 0".to_owned(),
            rows,
        );
        let orjson = Command::new(&python)
            .args(["-c", "import orjson"])
            .stderr(Stdio::null())
            .status()?;
        if orjson.success() {
            push(
                "Python, orjson".to_owned(),
                &worker,
                "sekoia orjson 0".to_owned(),
                rows,
            );
        } else {
            skipped.push("Python with orjson: orjson is not there".to_owned());
        }
    } else {
        skipped.push("Python: there is no python3 with venv".to_owned());
    }
    Ok(())
}

impl Variant for Task {
    fn name(&self) -> &str {
        &self.name
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn run(&mut self) -> Result<Duration> {
        let (time, written) = self.worker.borrow_mut().ask(&format!("run {}", self.work))?;
        ensure!(
            written > self.bytes as u64,
            "expected events, but found {written} bytes"
        );
        Ok(time)
    }

    fn events(&mut self, rows: usize) -> Result<Option<Vec<u8>>> {
        let words: Vec<_> = self.work.split(' ').collect();
        if words[0] != "sekoia" || words[1] == "line" {
            return Ok(None);
        }
        let command = format!("write {} {} {rows} {}", words[0], words[1], self.file.display());
        self.worker.borrow_mut().ask(&command)?;
        Ok(Some(std::fs::read(&self.file)?))
    }

    fn is_ours(&self) -> bool {
        self.name.starts_with("native")
    }
}
