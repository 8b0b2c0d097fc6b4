//! Writes events, rejects, the first rejections on stderr, progress, and the summary.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use message_trace_remedy::{Code, Failure};

use super::account::{Account, Unit};
use super::job::Done;
use super::pipeline::Ended;
use super::source::Source;
use super::stop::Stopping;
use super::{Arguments, pipeline, source};

/// Where everything goes.
pub(super) struct Writer {
    events: Sink,
    rejects: Option<Sink>,
    progress: Option<ProgressBar>,
    read_bytes: Arc<AtomicU64>,
    started: Instant,
    account: Account,
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
        for written in [output, rejects]
            .into_iter()
            .flatten()
            .filter(|file| *file != Path::new(STDOUT))
        {
            if sources
                .iter()
                .filter_map(|source| source.path.as_deref())
                .any(|read| is_same(read, written))
            {
                let sentence = format!("{} is read and cannot be written as well", written.display());
                return Err(Failure::say(Code::Usage, sentence));
            }
        }
        let stdout = Path::new(STDOUT);
        let (to, rejects_to) = (output.as_deref().unwrap_or(stdout), rejects.as_deref());
        if rejects_to.is_some_and(|rejects| to == rejects || is_same(to, rejects)) {
            return Err(Failure::say(
                Code::Usage,
                "events and rejects cannot go into the same file",
            ));
        }
        Ok(Self {
            events: Sink::open(to)?,
            rejects: rejects_to.map(Sink::open).transpose()?,
            progress: progress(sources),
            read_bytes: Arc::default(),
            started: Instant::now(),
            account: Account::default(),
            bytes: 0,
        })
    }

    /// Counts what is read of the sources, in bytes.
    pub(super) fn read_bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read_bytes)
    }

    /// A source begins. `foreign` says what it looks like, if not like a message trace.
    pub(super) fn begin(&mut self, name: Arc<str>, unit: Unit, foreign: Option<String>) {
        self.account.begin(name, unit, foreign);
    }

    /// A source has ended, or could not be read any further.
    pub(super) fn end(&mut self, ended: Result<(), Failure>) {
        if let Some(sentence) = self.account.end() {
            self.say(&sentence);
        }
        if let Err(Failure { error, .. }) = ended {
            self.account.cannot_read();
            self.say(&format!("{error:#}"));
        }
    }

    /// Writes what a job became.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn write(&mut self, done: Done) -> Result<(), Failure> {
        let Done {
            events,
            count,
            lines,
            is_page,
            note,
            bytes,
            refused,
            rejects,
        } = done;
        self.bytes += bytes;
        self.events.write(&events)?;
        if let Some(sink) = &mut self.rejects {
            sink.write(&rejects)?;
        }
        for sentence in self.account.add(lines, is_page, count, refused) {
            self.say(&sentence);
        }
        if let Some(note) = note {
            self.say(&note);
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
    /// What the run ended with. A closed pipe is no error: whoever reads the events may stop early, as `head` does.
    pub(super) fn finish(
        mut self,
        ended: Result<Ended, Failure>,
        stopping: &Stopping,
        strict: bool,
    ) -> Result<ExitCode, Failure> {
        let ended = match ended {
            Ok(ended) => self.flush().map(|()| ended),
            // What came before the failure is there.
            Err(failure) => self.flush().and(Err(failure)),
        };
        if let Some(progress) = self.progress.take() {
            progress.finish_and_clear();
        }
        let is_stopped = match ended {
            Ok(ended) => ended == Ended::Stopped,
            Err(failure) if is_broken_pipe(&failure) => return Ok(ExitCode::SUCCESS),
            Err(failure) => return Err(failure),
        };
        if let Some(hint) = self.account.date_hint() {
            self.say(&hint);
        }
        if is_stopped {
            self.say("stopped before the end; what is written so far is whole events");
        }
        self.say(&self.summary());
        Ok(if is_stopped {
            stopping.code().into()
        } else if self.account.unread() > 0 {
            Code::IO.into()
        } else if self.account.is_nothing_read() {
            Code::NotATrace.into()
        } else if strict && self.account.has_rejected() {
            Code::Rejected.into()
        } else {
            ExitCode::SUCCESS
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for reading, to one decimal")]
    fn summary(&self) -> String {
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = self.bytes as f64 / 1e6 / seconds.max(1e-9);
        format!("{}, {seconds:.2} s, {rate:.1} MB/s", self.account.summary())
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

/// What is written to stdout, as the command line names it.
const STDOUT: &str = "-";

impl Sink {
    fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new(STDOUT) {
            return Ok(Self {
                out: Box::new(io::stdout()),
                name: "stdout".to_owned(),
            });
        }
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
    let style = ProgressStyle::with_template(
        "{wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}",
    )
    .ok()?;
    Some(ProgressBar::new(total).with_style(style))
}
