//! An archive that grows while events come.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::archive::{compact_days, date};
use super::batches::{Rows, day};
use super::files::{NewFile, Part, days, sweep};
use crate::{Reader, Refused};

/// How many files a day may have before they are made one. Each delivery adds one.
const MOST_FILES: usize = 64;

/// Keeps events in an archive as they are delivered.
#[derive(Debug)]
pub struct Keeper {
    archive: PathBuf,
    reader: Reader,
    /// The days that were written since they were looked at last.
    touched: BTreeSet<i32>,
}

impl Keeper {
    /// Opens an archive, or makes its folder in one that is there.
    ///
    /// # Errors
    ///
    /// If it can be neither read nor made.
    pub fn open(archive: PathBuf) -> io::Result<Self> {
        if !archive.exists() {
            std::fs::create_dir(&archive)?;
        }
        sweep(&archive)?;
        Ok(Self {
            archive,
            // Events have their direction already.
            reader: Reader::new(Vec::new()),
            touched: BTreeSet::new(),
        })
    }

    /// The archive's folder.
    #[must_use]
    pub fn archive(&self) -> &Path {
        &self.archive
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
            let mut file = NewFile::create(&self.archive, date(day), Part::Part)?;
            file.write(&rows.take()?)?;
            file.finish()?;
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
        let mut all =
            days(&self.archive).with_context(|| format!("cannot read {}", self.archive.display()))?;
        all.retain(|of, day| day.files.len() > MOST_FILES && touched.iter().any(|day| date(*day) == *of));
        if all.is_empty() {
            return Ok(());
        }
        compact_days(&self.archive, all)
    }
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
            let archive = view::open(archive).await.unwrap();
            texts(&archive, sql).await
        });
        answer.unwrap()
    }

    #[test]
    fn many_deliveries_become_few_files_and_an_event_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("archive");
        let mut keeper = Keeper::open(archive.clone()).unwrap();
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
        let mut keeper = Keeper::open(archive.clone()).unwrap();
        let lines = [event(1, 0), b"{}".to_vec(), event(2, 0), b"no event".to_vec()];
        let refused = keeper.add(&lines.join(&b'\n')).unwrap();
        let places: Vec<usize> = refused.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [1, 3]);
        assert_eq!(counted(&archive), ["2000"]);
        assert!(Keeper::open(folder.path().join("no/archive")).is_err());
    }
}
