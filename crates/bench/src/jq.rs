//! `jq`, one process for a run; its start is part of the figure, and small beside ten thousand rows.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use wait4::Wait4 as _;

use crate::arguments::Arguments;
use crate::corpus::Corpus;
use crate::variant::Variant;

/// How many rows a run takes.
const ROWS: usize = 10_000;

const PROGRAM: &str = include_str!("../peers/sekoia.jq");

struct Jq {
    file: PathBuf,
    corpus: &'static [u8],
    rows: usize,
    bytes: usize,
}

pub(crate) fn add(
    variants: &mut Vec<Box<dyn Variant>>,
    skipped: &mut Vec<String>,
    corpus: &Corpus,
    arguments: &Arguments,
) -> Result<()> {
    if Command::new("jq")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        skipped.push("jq: it is not there".to_owned());
        return Ok(());
    }
    let rows = ROWS.min(corpus.rows());
    let head = corpus.head(rows);
    let file = arguments.work.join("jq.ndjson");
    std::fs::write(&file, head)?;
    variants.push(Box::new(Jq {
        file,
        corpus: corpus.bytes(),
        rows,
        bytes: head.len(),
    }));
    Ok(())
}

impl Variant for Jq {
    fn name(&self) -> &str {
        "jq"
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn run(&mut self) -> Result<Duration> {
        let mut child = Command::new("jq")
            .args(["-c", "-R", PROGRAM])
            .stdin(File::open(&self.file)?)
            .stdout(Stdio::null())
            .spawn()?;
        let used = child.wait4()?;
        ensure!(used.status.success(), "jq failed");
        Ok(used.rusage.utime + used.rusage.stime)
    }

    fn events(&mut self, rows: usize) -> Result<Option<Vec<u8>>> {
        let lines = self.file.with_extension("checked.ndjson");
        std::fs::write(&lines, crate::corpus::head(self.corpus, rows))?;
        let mut child = Command::new("jq")
            .args(["-c", "-R", PROGRAM])
            .stdin(File::open(&lines)?)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut events = Vec::new();
        child
            .stdout
            .take()
            .context("no stdout")?
            .read_to_end(&mut events)?;
        ensure!(child.wait()?.success(), "jq failed");
        Ok(Some(events))
    }
}
