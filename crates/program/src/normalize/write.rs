//! Writes events, rejects, the first rejections on stderr, progress, and the summary.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::{Code, Failure};

use super::job::Done;
use super::source::Source;
use super::{Arguments, pipeline, source};

/// How many rejections are said on stderr; the rest is counted.
const SAID_REJECTIONS: u64 = 10;

/// Where everything goes.
pub(super) struct Writer {
    events: Sink,
    rejects: Option<Sink>,
    progress: Option<ProgressBar>,
    read_bytes: Arc<AtomicU64>,
    started: Instant,
    lines: u64,
    count: u64,
    rejected: u64,
    bytes: u64,
}

/// Something to write to, and what errors call it.
struct Sink {
    out: Box<dyn Write>,
    name: String,
}

impl Writer {
    /// Opens what is to be written.
    ///
    /// # Errors
    ///
    /// If a file cannot be created, or one that is read would be written.
    pub(super) fn open(sources: &[Source], arguments: &Arguments) -> Result<Self, Failure> {
        let Arguments { output, rejects, .. } = arguments;
        for written in [output, rejects].into_iter().flatten() {
            if sources
                .iter()
                .filter_map(|source| source.path.as_deref())
                .any(|read| is_same(read, written))
            {
                let sentence = format!("{} is read and cannot be written as well", written.display());
                return Err(Failure::say(Code::Usage, sentence));
            }
        }
        if let (Some(output), Some(rejects)) = (output, rejects)
            && (output == rejects || is_same(output, rejects))
        {
            return Err(Failure::say(
                Code::Usage,
                "events and rejects cannot go into the same file",
            ));
        }
        let events = match output {
            Some(file) => Sink::file(file)?,
            None => Sink {
                out: Box::new(io::stdout()),
                name: "stdout".to_owned(),
            },
        };
        Ok(Self {
            events,
            rejects: rejects.as_deref().map(Sink::file).transpose()?,
            progress: progress(sources),
            read_bytes: Arc::default(),
            started: Instant::now(),
            lines: 0,
            count: 0,
            rejected: 0,
            bytes: 0,
        })
    }

    /// Counts what is read of the sources, in bytes.
    pub(super) fn read_bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read_bytes)
    }

    /// Writes what a job became.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn write(&mut self, done: Done) -> Result<(), Failure> {
        let Done {
            source,
            events,
            count,
            lines,
            bytes,
            refused,
            rejects,
        } = done;
        self.lines += lines;
        self.count += count;
        self.bytes += bytes;
        self.events.write(&events)?;
        if let Some(sink) = &mut self.rejects {
            sink.write(&rejects)?;
        }
        let source = source.as_deref().unwrap_or_default();
        for (line, reason) in refused {
            self.rejected += 1;
            if self.rejected <= SAID_REJECTIONS {
                self.say(&format!("{source}:{line}: {reason}"));
            }
        }
        if let Some(progress) = &self.progress {
            progress.set_position(pipeline::position(&self.read_bytes));
        }
        Ok(())
    }

    /// Shows what is written so far.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.events.flush()?;
        if let Some(sink) = &mut self.rejects {
            sink.flush()?;
        }
        Ok(())
    }

    /// Ends the run: the summary and the exit code.
    ///
    /// # Errors
    ///
    /// The error that ended the run. A closed pipe is none: whoever reads the events may stop early, as `head` does.
    pub(super) fn finish(mut self, ended: Result<(), Failure>, strict: bool) -> Result<ExitCode, Failure> {
        let ended = match ended {
            Ok(()) => self.flush(),
            // What came before the failure is there.
            Err(failure) => self.flush().and(Err(failure)),
        };
        if let Some(progress) = self.progress.take() {
            progress.finish_and_clear();
        }
        if let Err(failure) = ended {
            return if is_broken_pipe(&failure) {
                Ok(ExitCode::SUCCESS)
            } else {
                Err(failure)
            };
        }
        self.say(&self.summary());
        Ok(if strict && self.rejected > 0 {
            Code::Rejected.into()
        } else {
            ExitCode::SUCCESS
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for reading, to one decimal")]
    fn summary(&self) -> String {
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = self.bytes as f64 / 1e6 / seconds.max(1e-9);
        let more = match self.rejected.saturating_sub(SAID_REJECTIONS) {
            0 => String::new(),
            unsaid => format!(" ({unsaid} not shown)"),
        };
        let of = |count: u64, thing| format!("{count} {thing}{}", if count == 1 { "" } else { "s" });
        format!(
            "{}, {}, {} rejected{more}, {seconds:.2} s, {rate:.1} MB/s",
            of(self.lines, "line"),
            of(self.count, "event"),
            self.rejected
        )
    }

    /// A line on stderr, above the progress bar.
    fn say(&self, text: &str) {
        // Nobody is told when stderr is closed: there is no other place to tell.
        let write = || {
            let _ = writeln!(io::stderr(), "message-trace: {text}");
        };
        match &self.progress {
            Some(progress) => progress.suspend(write),
            None => write(),
        }
    }
}

impl Sink {
    fn file(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| cannot_write(&name, error))?;
        Ok(Self {
            out: Box::new(BufWriter::with_capacity(64 * 1024, file)),
            name,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out
            .write_all(bytes)
            .map_err(|error| cannot_write(&self.name, error))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| cannot_write(&self.name, error))
    }
}

fn cannot_write(name: &str, error: io::Error) -> Failure {
    Failure::new(
        Code::IO,
        anyhow::Error::new(error).context(format!("cannot write {name}")),
    )
}

fn is_broken_pipe(failure: &Failure) -> bool {
    failure
        .error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Whether two paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok().filter(|path| path.is_file());
    real(one).is_some_and(|one| real(other) == Some(one))
}

/// A bar on a terminal, for files only: how much stdin holds is not known.
fn progress(sources: &[Source]) -> Option<ProgressBar> {
    if !source::is_watched() {
        return None;
    }
    let total = sources.iter().map(Source::size).sum::<Option<u64>>()?;
    let style =
        ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}").ok()?;
    Some(ProgressBar::new(total).with_style(style))
}
