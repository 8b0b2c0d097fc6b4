//! Which alerts were raised: an alert is raised once, and closed once when its day is over. And what no sink has yet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use object_store::UpdateVersion;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::runtime::Handle;

use crate::engine::place::Place;
use crate::engine::store::Store;

/// How long a closed alert is remembered, in days.
const REMEMBERED: i64 = 400;

/// How many alerts may wait for sinks; while so many do, no more are raised.
const MOST_WAITING: usize = 10_000;

/// What is known of earlier runs.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    version: u32,
    /// Alerts of days that are not over, by id.
    pub(super) open: BTreeMap<String, Json>,
    /// Days of alerts that are closed, by id.
    pub(super) closed: BTreeMap<String, String>,
    /// Alerts that not all sinks have acknowledged, in the order in which they came about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) waiting: Vec<Waiting>,
    /// Where it is kept, if it is.
    #[serde(skip)]
    keeping: Option<Keeping>,
}

/// Where what was raised is kept.
#[derive(Debug)]
pub(super) enum Keeping {
    /// A file, which no other run has as long as this lives.
    File { path: PathBuf, _lock: File },
    /// An object, which is written only over the version that was read.
    Object {
        store: Store,
        name: &'static str,
        read: Option<UpdateVersion>,
        runtime: Handle,
    },
}

impl Keeping {
    /// The file that is named, else one of this name beside the days.
    pub(super) fn of(
        named: Option<&Path>,
        archive: &Place,
        name: &'static str,
        runtime: &Handle,
    ) -> Result<Self> {
        let path = match (named, archive) {
            (Some(path), _) => path.to_owned(),
            (None, Place::Folder(folder)) => folder.join(name),
            (None, Place::Store(store)) => {
                return Ok(Self::Object {
                    store: store.clone(),
                    name,
                    read: None,
                    runtime: runtime.clone(),
                });
            }
        };
        let lock = lock(&path)?;
        Ok(Self::File { path, _lock: lock })
    }

    /// What stands there.
    fn read(&mut self) -> Result<Option<Vec<u8>>> {
        match self {
            Self::File { path, .. } => match fs::read(&path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
            },
            Self::Object {
                store,
                name,
                read,
                runtime,
            } => {
                let (bytes, version) = runtime.block_on(store.read(name))?.unzip();
                *read = version;
                Ok(bytes)
            }
        }
    }

    /// Replaces it so that a crash leaves the old one or the new one.
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::File { path, .. } => {
                replace(path, bytes).with_context(|| format!("cannot write {}", path.display()))
            }
            Self::Object {
                store,
                name,
                read,
                runtime,
            } => {
                *read = Some(runtime.block_on(store.write(name, bytes, read.take()))?);
                Ok(())
            }
        }
    }
}

impl fmt::Display for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => path.display().fmt(f),
            Self::Object { store, name, .. } => write!(f, "{}/{name}", store.name()),
        }
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut hidden = path.to_owned().into_os_string();
    hidden.push(".tmp");
    let mut file = File::create(&hidden)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&hidden, path)
}

/// An alert on its way.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiting {
    /// `event.id`.
    pub(super) id: String,
    /// 0 for one that was raised, 1 for one that was closed.
    pub(super) sequence: u32,
    /// The event, as it is delivered however often that is tried.
    pub(super) event: Json,
    /// The sinks that have not acknowledged it.
    pub(super) to: Vec<String>,
}

/// Another run has the file of what was raised.
#[derive(Debug)]
pub struct Busy(PathBuf);

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.display();
        write!(
            f,
            "{path}: another detect is at work with this file; start again when it is done, or name another one with --state"
        )
    }
}

impl std::error::Error for Busy {}

impl State {
    /// Reads what the run before left; nothing, if there was none.
    pub(super) fn read(mut keeping: Keeping) -> Result<Self> {
        let mut state = match keeping.read()? {
            Some(bytes) => serde_json::from_slice::<Self>(&bytes)
                .map_err(io::Error::from)
                .with_context(|| {
                    format!(
                        "cannot read {keeping}; move the file away to begin anew: alerts are raised again then"
                    )
                })?,
            None => Self {
                version: 1,
                ..Self::default()
            },
        };
        if state.version != 1 {
            bail!("{keeping} is of a newer version of this program");
        }
        state.keeping = Some(keeping);
        Ok(state)
    }

    /// Whether one more alert may wait.
    pub(super) const fn has_room(&self) -> bool {
        self.waiting.len() < MOST_WAITING
    }

    /// Puts an alert on its way to sinks.
    pub(super) fn post(&mut self, id: &str, action: &str, event: Json, to: &[String]) {
        self.waiting.push(Waiting {
            id: format!("{id}/{action}"),
            sequence: u32::from(action == super::alert::CLOSED),
            event,
            to: to.to_vec(),
        });
    }

    /// The ids of alerts that were raised, and that a sink does not have.
    pub(super) fn raised_and_waiting(&self) -> BTreeSet<String> {
        let raised = self.waiting.iter().filter(|alert| alert.sequence == 0);
        raised.map(|alert| alert.id.clone()).collect()
    }

    /// Forgets what waits for a sink; gives how much that was.
    pub(super) fn forget(&mut self, sink: &str) -> usize {
        let waited = self
            .waiting
            .iter()
            .filter(|alert| alert.to.iter().any(|to| to == sink));
        let forgotten = waited.count();
        let all: Vec<usize> = (0..self.waiting.len()).collect();
        self.acknowledge(sink, &all);
        forgotten
    }

    /// A sink has the alerts at these places, or is not to have them any more. What no sink is to have leaves the list.
    pub(super) fn acknowledge(&mut self, sink: &str, places: &[usize]) {
        for &place in places {
            if let Some(alert) = self.waiting.get_mut(place) {
                alert.to.retain(|to| to != sink);
            }
        }
        self.waiting.retain(|alert| !alert.to.is_empty());
    }

    /// Takes out the alerts whose day is over, each with its last event; they count as closed.
    pub(super) fn over(&mut self, newest: NaiveDate) -> Result<Vec<(String, Json)>> {
        let mut over = Vec::new();
        for (id, mut event) in std::mem::take(&mut self.open) {
            let day = event["m365"]["message_trace"]["alert"]["day"]
                .as_str()
                .and_then(|day| day.parse().ok());
            let day: NaiveDate = day.context("the file of what was raised holds an alert without a day")?;
            if day >= newest {
                self.open.insert(id, event);
                continue;
            }
            super::alert::close(&id, &mut event);
            self.closed.insert(id.clone(), day.to_string());
            over.push((id, event));
        }
        Ok(over)
    }

    pub(super) fn knows(&self, id: &str) -> bool {
        self.open.contains_key(id) || self.closed.contains_key(id)
    }

    /// Writes it so that a crash leaves the old one or the new one.
    pub(super) fn write(&mut self, today: NaiveDate) -> Result<()> {
        let age = |day: &String| {
            let day = day.parse::<NaiveDate>();
            day.map_or(0, |day| (today - day).num_days())
        };
        self.closed.retain(|_, day| age(day) < REMEMBERED);
        let bytes = serde_json::to_vec(self)?;
        match &mut self.keeping {
            Some(keeping) => keeping.write(&bytes),
            None => Ok(()),
        }
    }
}

/// Keeps other runs from a state's file. The lock has a file of its own, for the state's is replaced whenever it is written.
fn lock(path: &Path) -> Result<File> {
    let mut beside = path.to_owned().into_os_string();
    beside.push(".lock");
    let what = || format!("cannot write {}", path.display());
    let file = File::options()
        .create(true)
        .append(true)
        .open(&beside)
        .with_context(what)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Busy(path.to_owned()).into()),
        Err(TryLockError::Error(error)) => Err(error).with_context(what),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MOST_WAITING, State};

    #[test]
    fn so_many_alerts_may_wait_and_leave_when_each_sink_has_them() {
        let mut state = State::default();
        let sinks = ["one".to_owned(), "two".to_owned()];
        for number in 0..MOST_WAITING {
            assert!(state.has_room());
            state.post(&number.to_string(), "raised", json!({}), &sinks);
        }
        assert!(!state.has_room());
        state.acknowledge("one", &[0, 1]);
        assert!(!state.has_room(), "the other sink has none yet");
        assert_eq!(state.forget("two"), MOST_WAITING);
        assert_eq!(state.forget("two"), 0);
        assert_eq!(state.waiting.len(), MOST_WAITING - 2);
        assert!(state.waiting.iter().all(|alert| alert.to == ["one"]));
    }
}
