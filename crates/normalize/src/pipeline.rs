//! Reader → threads → writer, in order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use message_trace::{EventIds, Options};

use message_trace_host::{Batch, Host, Reason, Refused, Transform};
use message_trace_remedy::Failure;

use super::account::Unit;
use super::details::Saved;
use super::job::{Done, Job, Rows, Work};
use super::lines::Stop;
use super::source::Source;
use super::stop::Stopping;
use super::write::Writer;
use super::{Dates, detect, foreign, lines, pages, pretty, rejects, tables};

/// More threads than this by default would only wait for the reader.
const MAX_DEFAULT_THREADS: usize = 8;

/// What the run is to do.
pub(super) struct Plan {
    pub(super) host: Host,
    pub(super) options: Options,
    pub(super) threads: usize,
    pub(super) dates: Option<Dates>,
    pub(super) pretty: bool,
    pub(super) keep_rejects: bool,
    pub(super) details: Option<Arc<Saved>>,
}

/// A job and where its result goes.
type Ticket = (Job, Sender<Done>);
/// What the reader tells the writer, in the order in which it came up.
enum Turn {
    /// A source begins: its name, what its pieces are called, and what it looks like, if not like a message trace.
    Begin(Arc<str>, Unit, Option<String>),
    /// The result of a job.
    Result(Receiver<Done>),
    /// The source has ended, or could not be read any further. The next one follows.
    End(Result<(), Failure>),
}

/// How a run ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All sources are read.
    Finished,
    /// The person has stopped it.
    Stopped,
}

/// How often a run that waits looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// As many threads as there are cores.
pub(super) fn default_threads() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MAX_DEFAULT_THREADS)
}

/// Runs the plan. A source that cannot be read is said, and the next one is read.
///
/// # Errors
///
/// If the events cannot be written, or the component cannot be started.
pub(super) fn run(
    plan: Plan,
    sources: Vec<Source>,
    writer: &mut Writer,
    stopping: &Stopping,
) -> Result<Ended, Failure> {
    let read_bytes = writer.read_bytes();
    let (jobs, taken) = sync_channel::<Ticket>(plan.threads);
    let (order, ordered) = sync_channel::<Turn>(plan.threads * 2);
    let taken = Arc::new(Mutex::new(taken));
    for number in 0..plan.threads {
        let transform = plan.host.transform(&plan.options)?;
        let worker = Worker {
            transform,
            pretty: plan.pretty,
            keep_rejects: plan.keep_rejects,
            limit: plan.options.max_line_bytes,
            details: plan.details.clone(),
            ids: EventIds::default(),
        };
        let taken = Arc::clone(&taken);
        std::thread::Builder::new()
            .name(format!("normalize-{number}"))
            .spawn(move || worker.run(&taken))
            .context("cannot start a thread")?;
    }
    drop(taken);
    // Not joined: when the writer ends early, the reader may sit in a read of stdin for ever.
    let (limit, dates) = (plan.options.max_line_bytes, plan.dates);
    std::thread::Builder::new()
        .name("read".to_owned())
        .spawn(move || {
            for source in &sources {
                let ended = match read(source, limit, dates, &read_bytes, &jobs, &order) {
                    Ok(()) => Ok(()),
                    Err(Stop::Closed) => return,
                    Err(Stop::Io(error)) => Err(source.cannot_read(error)),
                    Err(Stop::Failed(failure)) => Err(failure),
                };
                // The writer may be gone already; then nobody asks.
                if order.send(Turn::End(ended)).is_err() {
                    return;
                }
            }
        })
        .context("cannot start a thread")?;
    loop {
        let Some(turn) = next(&ordered, writer, stopping)? else {
            return Ok(if stopping.is_asked() {
                Ended::Stopped
            } else {
                Ended::Finished
            });
        };
        match turn {
            Turn::Begin(name, unit, foreign) => writer.begin(name, unit, foreign),
            Turn::Result(result) => {
                writer.write(result.recv().context("a thread that normalizes ended early")?)?;
            }
            Turn::End(ended) => writer.end(ended),
        }
    }
}

/// What comes next. `None` at the end, and when the run is to stop.
fn next(ordered: &Receiver<Turn>, writer: &mut Writer, stopping: &Stopping) -> Result<Option<Turn>, Failure> {
    if stopping.is_asked() {
        return Ok(None);
    }
    match ordered.try_recv() {
        Ok(turn) => return Ok(Some(turn)),
        Err(TryRecvError::Disconnected) => return Ok(None),
        // Nothing waits to be written, so what is written should be seen.
        Err(TryRecvError::Empty) => writer.flush()?,
    }
    loop {
        match ordered.recv_timeout(LOOK) {
            Ok(turn) => return Ok(Some(turn)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if stopping.is_asked() => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Cuts one source into jobs.
fn read(
    source: &Source,
    limit: u32,
    dates: Option<Dates>,
    read_bytes: &Arc<AtomicU64>,
    jobs: &SyncSender<Ticket>,
    order: &SyncSender<Turn>,
) -> Result<(), Stop> {
    let mut send = |work: Work| {
        let (result, pending) = channel();
        order.send(Turn::Result(pending)).map_err(|_| Stop::Closed)?;
        let source = Arc::clone(&source.name);
        jobs.send((Job { source, work }, result))
            .map_err(|_| Stop::Closed)
    };
    let mut open = source.open(read_bytes).map_err(Stop::Failed)?;
    let first = open.peek(detect::is_enough)?;
    let kind = detect::kind(first);
    let foreign = match kind {
        detect::Kind::Table(_) => None,
        detect::Kind::Lines | detect::Kind::Pages => foreign::describe(first),
    };
    let begin = Turn::Begin(Arc::clone(&source.name), kind.unit(), foreign);
    order.send(begin).map_err(|_| Stop::Closed)?;
    match kind {
        detect::Kind::Lines => lines::read(&mut open, limit, &mut send),
        detect::Kind::Pages => pages::read(&mut open, limit, &mut send).map(drop),
        detect::Kind::Table(table) => tables::read(&mut open, &table, limit, dates, &mut send),
    }
}

/// One thread that normalizes.
struct Worker {
    transform: Box<dyn Transform>,
    pretty: bool,
    keep_rejects: bool,
    limit: u32,
    details: Option<Arc<Saved>>,
    /// Says which row is which, for details.
    ids: EventIds,
}

impl Worker {
    fn run(mut self, taken: &Mutex<Receiver<Ticket>>) {
        loop {
            let next = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((job, result)) = next else { return };
            if result.send(self.work(job)).is_err() {
                return;
            }
        }
    }

    fn work(&mut self, job: Job) -> Done {
        let Job { source, work } = job;
        let mut done = Done::default();
        match work {
            Work::Lines { bytes, first, lines } => {
                done.lines = lines;
                self.lines(&source, &bytes, |line| first + u64::from(line) - 1, &mut done);
            }
            Work::Rows(rows) => {
                done.lines = rows.ends.len() as u64;
                let number = |line: u32| {
                    let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
                    rows.ends.get(index).map_or(0, |(_, line)| *line)
                };
                self.lines(&source, &rows.bytes, number, &mut done);
            }
            Work::FoldedRows(rows) => self.folded(&source, &rows, &mut done),
            Work::Refused { line, reason, raw } => {
                done.lines = 1;
                done.bytes = raw.length;
                if self.keep_rejects {
                    rejects::push(&mut done.rejects, &source, line, &reason, &raw.prefix, raw.length);
                }
                done.refused.push((line, reason));
            }
            Work::Note(note) => done.note = Some(format!("{source}: {note}")),
        }
        if self.pretty {
            let events = std::mem::take(&mut done.events);
            for event in events
                .split(|byte| *byte == b'\n')
                .filter(|event| !event.is_empty())
            {
                pretty::push(&mut done.events, event);
            }
        }
        done
    }

    /// Normalizes lines as a batch. `number` says which line of the source a line of the batch is.
    fn lines(&mut self, source: &str, bytes: &[u8], number: impl Fn(u32) -> u64, done: &mut Done) {
        let revised = match &self.details {
            Some(details) => details.revised(bytes, &mut self.ids),
            None => Vec::new(),
        };
        let Batch {
            events,
            count,
            refused,
        } = self.transform.normalize_revised_batch(bytes, &revised);
        if let Some(details) = &self.details {
            details.look_at(&events);
        }
        done.bytes = bytes.len() as u64;
        done.events = events;
        done.count = u64::from(count);
        let mut lines = bytes.split(|byte| *byte == b'\n').zip(1_u32..);
        let mut current: (&[u8], u32) = (&[], 0);
        for Refused { line, reason } in refused {
            if self.keep_rejects {
                while current.1 < line {
                    let Some(next) = lines.next() else { break };
                    current = next;
                }
            }
            self.refuse(source, number(line), reason, current.0, done);
        }
    }

    fn folded(&mut self, source: &str, rows: &Rows, done: &mut Done) {
        for (row, line) in rows.iter() {
            let known = self
                .details
                .as_ref()
                .and_then(|details| details.revision(row, &mut self.ids));
            let answer = match &known {
                None => self.transform.normalize(row),
                Some(revision) => self.transform.normalize_revision(row, revision),
            };
            if let (Some(details), Ok(event)) = (&self.details, &answer) {
                details.look_at(event.as_bytes());
            }
            self.one(source, answer, row, line, done);
            done.lines += 1;
        }
    }

    fn one(&self, source: &str, answer: Result<String, Reason>, row: &[u8], line: u64, done: &mut Done) {
        done.bytes += row.len() as u64;
        match answer {
            Ok(event) => {
                done.events.extend_from_slice(event.as_bytes());
                done.events.push(b'\n');
                done.count += 1;
            }
            Err(reason) => self.refuse(source, line, reason, row.strip_suffix(b"\n").unwrap_or(row), done),
        }
    }

    fn refuse(&self, source: &str, line: u64, reason: Reason, raw: &[u8], done: &mut Done) {
        if self.keep_rejects {
            let is_long = raw.len() as u64 > u64::from(self.limit);
            let kept = if is_long { rejects::prefix(raw) } else { raw };
            rejects::push(&mut done.rejects, source, line, &reason, kept, raw.len() as u64);
        }
        done.refused.push((line, reason));
    }
}

/// How far the sources are read, for the progress bar.
pub(super) fn position(read_bytes: &AtomicU64) -> u64 {
    read_bytes.load(Ordering::Relaxed)
}
