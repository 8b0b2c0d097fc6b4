//! An archive that grows while events come.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use message_trace_remedy::Remedy;
use tokio::runtime::Runtime;

use super::archive::{compact_days, date};
use super::batches::{Rows, day};
use super::place::Place;
use super::store::StoreFault;
use super::{runtime, told};
use crate::{Reader, Refused};

/// How many files a day may have before they are made one. Each delivery adds one.
const MOST_FILES: usize = 64;

/// Keeps events in an archive as they are delivered.
#[derive(Debug)]
pub struct Keeper {
    archive: Place,
    runtime: Runtime,
    reader: Reader,
    /// The days that were written since they were looked at last.
    touched: BTreeSet<i32>,
}

impl Keeper {
    /// Opens an archive: a folder, which is made in one that is there, or the address of a store. A store that fails for now is
    /// opened all the same.
    ///
    /// # Errors
    ///
    /// If it can be neither read nor made.
    pub fn open(archive: &Path) -> Result<Self> {
        let archive = Place::of(archive)?;
        let runtime = runtime()?;
        match &archive {
            Place::Folder(folder) if !folder.exists() => std::fs::create_dir(folder)?,
            Place::Folder(_) => {}
            Place::Store(store) => match told(runtime.block_on(store.check())) {
                Err(error) if !can_wait(&error) => return Err(error),
                _ => {}
            },
        }
        archive.sweep()?;
        Ok(Self {
            archive,
            runtime,
            // Events have their direction already.
            reader: Reader::new(Vec::new()),
            touched: BTreeSet::new(),
        })
    }

    /// Asks whether the archive is there and may be read.
    ///
    /// # Errors
    ///
    /// What is wrong.
    pub fn check(&self) -> Result<()> {
        told(self.runtime.block_on(self.archive.check()))
    }

    /// Adds events, one a line: durable when it returns. Gives the places, from 0, of those that no archive takes. Events that
    /// are added again count once.
    ///
    /// # Errors
    ///
    /// If a file cannot be written. Some days may have theirs.
    pub fn add(&mut self, events: &[u8]) -> Result<Vec<(usize, Refused)>> {
        let mut refused = Vec::new();
        let mut found: BTreeMap<i32, Rows> = BTreeMap::new();
        let lines = events.strip_suffix(b"\n").unwrap_or(events);
        for (place, line) in lines.split(|byte| *byte == b'\n').enumerate() {
            match self.reader.row(line) {
                Ok(row) => match day(&row) {
                    Some(day) => found.entry(day).or_insert_with(|| Rows::new(day)).push(&row),
                    None => refused.push((place, Refused::NoTime)),
                },
                Err(why) => refused.push((place, why)),
            }
        }
        for (day, mut rows) in found {
            let rows = rows.take()?;
            told(self.runtime.block_on(self.archive.keep(date(day), &rows)))?;
            self.touched.insert(day);
        }
        Ok(refused)
    }

    /// Makes one file of each day that has grown to many. The events are kept whether it succeeds or not.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub fn tidy(&mut self) -> Result<()> {
        let touched = std::mem::take(&mut self.touched);
        told(self.runtime.block_on(async {
            let all = self.archive.days_of(touched.iter().map(|day| date(*day))).await;
            let mut all = all.with_context(|| format!("cannot read {}", self.archive))?;
            all.retain(|_, day| day.files.len() > MOST_FILES);
            compact_days(&self.archive, all).await
        }))
    }
}

/// Whether it is for now that a store fails.
fn can_wait(error: &anyhow::Error) -> bool {
    StoreFault::behind(error).is_some_and(|fault| fault.remedy() == Remedy::Retry)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::engine::{query::texts, runtime, view};

    fn event(number: usize, sequence: usize) -> Vec<u8> {
        format!(
            r#"{{"@timestamp":"2026-11-20T10:30:00Z","ecs":{{"version":"9.0.0"}},"event":{{"id":"{number}","sequence":{sequence},"action":"delivered"}}}}"#
        )
        .into_bytes()
    }

    fn counted(archive: &Path) -> Vec<String> {
        let sql = "SELECT CAST(COUNT(*) * 1000 + MAX(sequence) AS VARCHAR) FROM events";
        let answer = runtime().unwrap().block_on(async {
            let archive = view::open(&Place::Folder(archive.to_owned())).await.unwrap();
            texts(&archive, sql).await
        });
        answer.unwrap()
    }

    #[test]
    fn many_deliveries_become_few_files_and_an_event_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("archive");
        let mut keeper = Keeper::open(&archive).unwrap();
        let mut most = 0;
        for round in 0..2 {
            for number in 0..100 {
                let refused = keeper.add(&event(number, round)).unwrap();
                assert_eq!(refused.len(), 0);
                keeper.tidy().unwrap();
                let files = std::fs::read_dir(archive.join("day=2026-11-20")).unwrap().count();
                most = most.max(files);
            }
        }
        assert_eq!(most, MOST_FILES);
        assert_eq!(counted(&archive), ["100001"]);
    }

    #[test]
    fn what_is_no_event_is_named_and_the_others_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("archive");
        let mut keeper = Keeper::open(&archive).unwrap();
        let lines = [event(1, 0), b"{}".to_vec(), event(2, 0), b"no event".to_vec()];
        let refused = keeper.add(&lines.join(&b'\n')).unwrap();
        let places: Vec<usize> = refused.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [1, 3]);
        assert_eq!(counted(&archive), ["2000"]);
        assert!(Keeper::open(&folder.path().join("no/archive")).is_err());
    }
}
