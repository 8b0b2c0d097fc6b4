//! How a host in a process of its own is spoken to: one JSON line for each call on its standard input, one JSON line for
//! each answer on its standard output, in the same order. `README.md` of this crate is the contract.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::jobs::{Answer, Call, Job};

/// The longest wait for one answer: hosts compile the module before their first.
const PATIENCE: Duration = Duration::from_mins(2);
/// Answers that wait to be compared.
const ANSWERS_AHEAD: usize = 4;

#[derive(Serialize)]
struct Asked<'a> {
    call: &'static str,
    options: &'a message_trace::Options,
    input: String,
    /// How often to call: the quickest counts.
    times: u32,
    /// As text: JavaScript's numbers end at 2^53.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    #[serde(default)]
    events: String,
    #[serde(default)]
    rejections: Vec<serde_json::Value>,
    #[serde(default)]
    seconds: f64,
    /// Why the host has no such call.
    #[serde(default)]
    declined: Option<String>,
}

/// What a host said to a job.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// This came out.
    Answer(Answer),
    /// The host has no such call.
    Declined(String),
}

/// Gives every job to the process and hands its outcomes on, in order.
pub(crate) fn run(mut command: Command, jobs: &[Job], mut each: impl FnMut(&Job, Outcome)) -> Result<()> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
    let result = talk(&mut child, jobs, &mut each);
    if result.is_err() {
        // It may wait for more; nothing more comes.
        let _ = child.kill();
    }
    let status = child.wait()?;
    result?;
    if !status.success() {
        bail!("ended with {status}");
    }
    Ok(())
}

fn talk(child: &mut Child, jobs: &[Job], each: &mut impl FnMut(&Job, Outcome)) -> Result<()> {
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        bail!("no pipes to the process");
    };
    let (sender, answers) = sync_channel(ANSWERS_AHEAD);
    let reader = thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let result = thread::scope(|scope| {
        let writer = scope.spawn(move || {
            jobs.iter().try_for_each(|job| -> Result<()> {
                let mut line = serde_json::to_vec(&asked(job))?;
                line.push(b'\n');
                Ok(stdin.write_all(&line)?)
            })
        });
        let read = jobs.iter().try_for_each(|job| -> Result<()> {
            each(job, next(&answers).with_context(|| job.name.clone())?);
            Ok(())
        });
        if read.is_err() {
            // Ends a writer that waits for a full pipe.
            let _ = child.kill();
        }
        let written = writer.join();
        read?;
        match written {
            Ok(written) => written.context("cannot write to the process"),
            Err(_) => bail!("cannot write to the process"),
        }
    });
    drop(answers);
    let _ = reader.join();
    result
}

fn asked(job: &Job) -> Asked<'_> {
    let (call, known) = match &job.call {
        Call::Line => ("line", None),
        Call::Batch => ("batch", None),
        Call::Revision(known) => ("revision", Some(known)),
    };
    Asked {
        call,
        options: &job.options,
        input: STANDARD.encode(&job.input),
        times: job.times(),
        sequence: known.map(|known| known.sequence.to_string()),
        previous_status: known.and_then(|known| known.previous_status.as_deref()),
        details: known.and_then(|known| known.details.as_deref()),
    }
}

fn next(answers: &Receiver<std::io::Result<String>>) -> Result<Outcome> {
    let line = answers
        .recv_timeout(PATIENCE)
        .context("no answer: the process ended or hangs")??;
    let Answered {
        events,
        rejections,
        seconds,
        declined,
    } = serde_json::from_str(&line).context("not an answer")?;
    if let Some(why) = declined {
        return Ok(Outcome::Declined(why));
    }
    Ok(Outcome::Answer(Answer {
        events: STANDARD.decode(events).context("events: not base64")?,
        rejections: rejections
            .into_iter()
            .map(crate::jobs::without_sentence)
            .collect(),
        seconds,
        declined: Vec::new(),
    }))
}
