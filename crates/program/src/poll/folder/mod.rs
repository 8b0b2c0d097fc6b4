//! Polls a folder of saved traces: looks, reads, holds rows against the ledger, hands them over.
//!
//! The core of polling is not in it: a folder has no windows, no budget and no clock of its own. What is the same is the
//! handover, the ledger, and their order: a batch is accepted by the sinks, then committed, then the next one is read.

mod deliver;
mod say;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use message_trace_collector::ledger::{Behind, FileLedger, Keys, Ledger as _, LedgerError, Mark, told_apart};
use message_trace_collector::poll::Fault;
use message_trace_folder::{FileError, Folder, Found, Look, Outcome, plan, read};
use message_trace_net::auth::take_variable;
use message_trace_net::http::{Client, Pause as _, Stop, Transport};
use message_trace_remedy::Remedy;
use message_trace_sinks::DeadLetter;

use super::handover::Handover;
use super::run::{Ended, left_behind, prepare, transform, watch_signals};
use crate::config::{FolderSetup, KeptSecrets, Setup, SinkSetup, beside, open_sinks};
use say::sentence;

/// How long a file that cannot be read to its end is left alone.
const LEFT_ALONE: Duration = Duration::from_hours(1);

/// Whose a folder's ledger is: the files say it, no tenant does.
const OWNER: &str = "folder";

/// How a step ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Went {
    On,
    Stopped,
}

#[derive(Debug, Default)]
struct Tally {
    new: u64,
    changed: u64,
    known: u64,
    files: u64,
}

struct Run<'a> {
    setup: &'a Setup,
    folder: Folder,
    of: &'a FolderSetup,
    ledger: FileLedger,
    keys: Keys,
    /// The sequence number of rows that a lost ledger may have delivered.
    base: u64,
    handover: Handover,
    marks: HashMap<String, Mark>,
    stop: Stop,
    /// What was said of files, so that it is said once.
    said: HashSet<String>,
    /// Files that could not be read to their end: how they were, and when that was if they are to be left alone.
    failed: HashMap<PathBuf, (Found, Option<Instant>)>,
    /// When rows were forgotten last.
    forgot: Option<Instant>,
    accepted: HashSet<String>,
    is_proven: bool,
    tally: Tally,
}

/// Polls a folder until all of it is read, or until told to stop, as the setup says.
pub(super) fn run(setup: &Setup, of: &FolderSetup) -> Ended {
    let secrets = KeptSecrets::of(&take_variable);
    let client =
        Client::new(setup.client.clone()).map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    let transport: Arc<dyn Transport> = Arc::new(client);
    let sinks = open_sinks(&setup.outward(), &|name: &str| secrets.get(name), &transport)
        .map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    let folder = Folder::new(&of.pattern, own_files(setup), of.rest)
        .map_err(|why| Fault::new(Remedy::Configure, format!("folder: {why}")))?;
    let mut ledger =
        FileLedger::open(&setup.ledger, OWNER, OWNER).map_err(|error| of_ledger(told_apart(error)))?;
    let mut handover = Handover::new(
        transform(setup)?,
        sinks,
        DeadLetter::new(setup.dead_letter.clone()),
        Behind::open(Behind::path_of(&setup.ledger)).map_err(of_ledger)?,
    );
    let is_proven = prepare(&mut handover, &mut ledger)?;
    let base = ledger.load().map_err(of_ledger)?.sequence_base;
    let marks = ledger.marks().map_err(of_ledger)?;
    let mut run = Run {
        setup,
        folder,
        of,
        keys: ledger.keys(),
        base,
        ledger,
        handover,
        marks: marks.into_iter().map(|mark| (mark.path.clone(), mark)).collect(),
        stop: Stop::default(),
        said: HashSet::new(),
        failed: HashMap::new(),
        forgot: None,
        accepted: HashSet::new(),
        is_proven,
        tally: Tally::default(),
    };
    let stop = run.stop.clone();
    watch_signals(move || stop.request());
    let began = Instant::now();
    log::info!(
        source:% = of.pattern, sink = run.handover.sinks().name(), ledger:% = setup.ledger.display(),
        target = setup.options.target.name(), once = setup.once;
        "polling begins"
    );
    let ended = run.poll();
    let how = match &ended {
        Ok(Went::On) => "caught up",
        Ok(Went::Stopped) => "stopped",
        Err(_) => "ended",
    };
    run.tell(how, Some(began));
    let lagging = left_behind(&mut run.handover);
    match ended? {
        Went::Stopped => Ok(()),
        Went::On => lagging.and_then(|()| run.unreadable()),
    }
}

/// What this program writes itself is nothing to read.
fn own_files(setup: &Setup) -> Vec<PathBuf> {
    let ledger = &setup.ledger;
    let mut own: Vec<PathBuf> = ["", "-wal", "-shm", "-journal", ".lock", ".new"]
        .iter()
        .map(|suffix| {
            let mut name = ledger.as_os_str().to_owned();
            name.push(suffix);
            name.into()
        })
        .collect();
    own.extend([beside(ledger), setup.dead_letter.clone()]);
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = Behind::path_of(ledger).into_os_string();
        name.push(suffix);
        own.push(name.into());
    }
    for sink in &setup.sinks {
        let bare = match sink {
            SinkSetup::Named { sink, .. } => sink,
            sink => sink,
        };
        if let SinkSetup::File { path, .. } = bare {
            own.push(path.clone());
        }
    }
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    own.into_iter().map(absolute).collect()
}

impl Run<'_> {
    fn poll(&mut self) -> Result<Went, Fault> {
        let mut told: Option<Instant> = None;
        let mut is_first = true;
        loop {
            let look = match self.folder.look(SystemTime::now()) {
                Ok(look) => Some(look),
                Err(error) => {
                    let sentence = format!("cannot list {}: {error}", self.folder.base().display());
                    if is_first || self.setup.once {
                        return Err(Fault::new(Remedy::Storage, sentence));
                    }
                    // A share that is away comes back.
                    self.say(format!("{sentence}; it is tried again"));
                    None
                }
            };
            is_first = false;
            let mut restless = 0;
            if let Some(look) = look {
                if look.paths.is_empty() {
                    self.say(format!("no file matches {}", self.of.pattern));
                }
                restless = look.restless;
                if self.read_all(&look)? == Went::Stopped {
                    return Ok(Went::Stopped);
                }
            }
            if self.setup.once {
                let is_over = told.is_some_and(|began| began.elapsed() >= self.of.rest * 2);
                if restless == 0 || is_over {
                    if restless > 0 {
                        log::warn!(files = restless; "files are still being written; they are left for the next run");
                    }
                    return Ok(Went::On);
                }
                // What was written just now is there: it is given the time to rest.
                told.get_or_insert_with(Instant::now);
                if !self.stop.pause(self.of.rest.min(Duration::from_millis(500))) {
                    return Ok(Went::Stopped);
                }
                continue;
            }
            if told.is_none_or(|told| told.elapsed() >= self.setup.log_interval) {
                self.tell(
                    if told.is_none() {
                        "caught up; polling goes on"
                    } else {
                        "polling"
                    },
                    None,
                );
                told = Some(Instant::now());
            }
            if !self.stop.pause(self.of.interval) {
                return Ok(Went::Stopped);
            }
            // Also where no rows come: the next delivery says what is wrong.
            if let Err(failure) = self.handover.catch_up() {
                log::debug!("{failure}");
            }
        }
    }

    /// Reads what has rested and is not read yet, and forgets what is long gone.
    fn read_all(&mut self, look: &Look) -> Result<Went, Fault> {
        let there: HashSet<String> = look
            .paths
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        self.failed
            .retain(|path, _| there.contains(&*path.to_string_lossy()));
        for found in &look.rested {
            if self.stop.is_requested() || self.read_one(found, &there)? == Went::Stopped {
                return Ok(Went::Stopped);
            }
        }
        self.forget(&there)
    }

    fn read_one(&mut self, found: &Found, there: &HashSet<String>) -> Result<Went, Fault> {
        if let Some((then, Some(at))) = self.failed.get(&found.path)
            && then == found
            && at.elapsed() < LEFT_ALONE
        {
            return Ok(Went::On);
        }
        let is_gone = |path: &str| !there.contains(path);
        let todo = match plan(found, &self.marks, &is_gone) {
            Ok(Some(todo)) => todo,
            Ok(None) => return Ok(Went::On),
            Err(FileError(why)) => {
                self.cannot_read(found, why, None);
                return Ok(Went::On);
            }
        };
        let (limit, dates) = (self.setup.options.max_line_bytes, self.of.dates);
        let mut went = Ok(Went::On);
        let outcome = read(found, &todo, limit, dates, &mut |rows| {
            went = self.take(rows, None, &[]);
            went == Ok(Went::On) && !self.stop.is_requested()
        });
        if went? == Went::Stopped {
            return Ok(Went::Stopped);
        }
        let Outcome {
            rows,
            mark,
            told,
            unreadable,
            is_stopped,
        } = match outcome {
            Ok(outcome) => outcome,
            Err(FileError(why)) => {
                self.cannot_read(found, why, None);
                return Ok(Went::On);
            }
        };
        if is_stopped {
            return Ok(Went::Stopped);
        }
        for told in told {
            self.say(sentence(&found.path, told));
        }
        let mark = mark.map(|mark| Mark {
            seen_s: now_s(),
            ..mark
        });
        let renamed: Vec<String> = todo.renamed.into_iter().collect();
        if self.take(rows, mark.clone(), &renamed)? == Went::Stopped {
            return Ok(Went::Stopped);
        }
        for path in &renamed {
            self.marks.remove(path);
        }
        if let Some(mark) = mark {
            self.marks.insert(mark.path.clone(), mark);
            self.tally.files += 1;
        }
        match unreadable {
            Some(why) => self.cannot_read(found, why, Some(Instant::now())),
            None => drop(self.failed.remove(&found.path)),
        }
        Ok(Went::On)
    }
}

fn of_ledger(error: LedgerError) -> Fault {
    Fault::new(error.remedy(), error.to_string())
}

fn now_s() -> i64 {
    let passed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(passed.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}
