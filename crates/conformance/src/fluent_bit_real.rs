//! A real Fluent Bit with the filter in it, where there is one: `FLUENT_BIT`, or `fluent-bit` on PATH.
//!
//! It reads files, so the rows of all jobs with the same options go through one run, before the first job is asked for.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use message_trace::Options;
use message_trace_fluent_bit_host::function;

use crate::host::{Calls, Missing, artifact};
use crate::jobs::{Answer, Job};
use crate::protocol::Outcome;
use crate::rows::{Line, Natively, at_once, lines};

/// The longest row that is handed over, in bytes: one read of the input.
const MAX_LINE_BYTES: usize = 65_536;

/// Finds the program.
pub(crate) fn load() -> Result<Box<dyn Calls>, Missing> {
    let program = program().ok_or_else(|| {
        Missing(
            "no registry has Fluent Bit: build it, and name it in FLUENT_BIT or put it on PATH".to_owned(),
        )
    })?;
    let filter = artifact("dist/message-trace-fluent-bit.wasm")?;
    Ok(Box::new(FluentBit {
        program,
        filter,
        outcomes: VecDeque::new(),
        native: Natively::default(),
    }))
}

fn program() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("FLUENT_BIT") {
        return Some(path.into());
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join("fluent-bit"))
        .find(|file| file.is_file())
}

struct FluentBit {
    program: PathBuf,
    filter: Vec<u8>,
    /// Of the jobs that were not asked for yet.
    outcomes: VecDeque<Outcome>,
    native: Natively,
}

impl Calls for FluentBit {
    fn prepare(&mut self, jobs: &[Job]) -> Result<()> {
        let folder = std::env::temp_dir().join(format!("message-trace-conformance-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("filter.wasm"), &self.filter)?;
        let outcomes = at_once(
            jobs,
            |_, line| reason(line.text),
            |options, lines| self.run(&folder, options, lines),
        );
        fs::remove_dir_all(&folder)?;
        self.outcomes = outcomes?;
        Ok(())
    }

    fn call(&mut self, _: &Job) -> Result<Outcome> {
        self.outcomes.pop_front().context("more jobs than were prepared")
    }

    fn expected(&mut self, job: &Job) -> Option<Answer> {
        let mut answer = Answer::default();
        for line in lines(job).into_iter().filter(|line| reason(line.text).is_none()) {
            self.native.push(job, line, &mut answer);
        }
        Some(answer)
    }
}

impl FluentBit {
    /// What comes out for rows, one run.
    fn run(&self, folder: &Path, options: &Options, lines: &[Line<'_>]) -> Result<Vec<String>> {
        let mut text = Vec::new();
        for line in lines {
            text.extend_from_slice(line.text);
            text.push(b'\n');
        }
        fs::write(folder.join("lines.ndjson"), text)?;
        // The configuration's values are cut at a space.
        let function = function(options.target.name());
        let options = serde_json::to_string(options)?.replace(' ', "\\u0020");
        let folder_text = folder.display();
        let conf = format!(
            "[SERVICE]\n    Flush 1\n    Grace 30\n\
             [INPUT]\n    Name tail\n    Path {folder_text}/lines.ndjson\n    Read_from_Head on\n    \
             Exit_On_Eof on\n    Buffer_Chunk_Size 1M\n    Buffer_Max_Size 8M\n\
             [FILTER]\n    Name record_modifier\n    Match *\n    Record message_trace_options {options}\n\
             [FILTER]\n    Name wasm\n    Match *\n    WASM_Path {folder_text}/filter.wasm\n    \
             Function_Name {function}\n    Wasm_Stack_Size 64K\n\
             [OUTPUT]\n    Name file\n    Match *\n    Format plain\n    Path {folder_text}\n    File events\n"
        );
        fs::write(folder.join("fluent-bit.conf"), conf)?;
        let status = Command::new(&self.program)
            .args(["-q", "-c"])
            .arg(folder.join("fluent-bit.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .context("cannot start Fluent Bit")?;
        ensure!(status.success(), "Fluent Bit ended with {status}");
        let events = folder.join("events");
        if !events.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&events)?;
        fs::remove_file(&events)?;
        Ok(text.lines().map(str::to_owned).collect())
    }
}

/// Why a row does not reach a filter as it is.
fn reason(line: &[u8]) -> Option<&'static str> {
    if line.len() >= MAX_LINE_BYTES {
        Some("longer than one read of the input")
    } else if std::str::from_utf8(line).is_err() {
        Some("bytes that are no UTF-8 are mended before")
    } else if line.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0)) || line.trim_ascii().is_empty() {
        Some("a file's line ends at its first end of line")
    } else {
        None
    }
}
