//! Where an archive is: a folder, or a place in a store.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use datafusion::arrow::array::RecordBatch;
use datafusion::prelude::SessionContext;

use super::archive::is_gone;
use super::files::{self, Day, Part};
use super::store::{Store, Upload, is_address};
use super::{BEFORE_A_TRY, TRIES, TRIES_OF_STORE};

/// Where an archive is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A place in a store of objects.
    Store(Store),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Store(store) => f.write_str(store.name()),
        }
    }
}

impl Place {
    /// What is named: a folder, or the address of a store. Asks nothing yet.
    ///
    /// # Errors
    ///
    /// An address that cannot be read, or an environment that does not fit it.
    pub(super) fn of(archive: &Path) -> Result<Self> {
        match archive.to_str().filter(|text| is_address(text)) {
            Some(address) => Ok(Self::Store(Store::open(address)?)),
            None => Ok(Self::Folder(archive.to_owned())),
        }
    }

    /// Fails if it is a folder that cannot be read. A store says so by itself when it is listed.
    pub(super) fn is_there(&self) -> Result<()> {
        if let Self::Folder(folder) = self {
            std::fs::read_dir(folder).with_context(|| format!("cannot read the archive {self}"))?;
        }
        Ok(())
    }

    /// Asks whether it can be read.
    pub(super) async fn check(&self) -> Result<()> {
        match self {
            Self::Folder(_) => self.is_there(),
            Self::Store(store) => store.check().await,
        }
    }

    /// How often to begin anew when a compaction takes files away.
    pub(super) fn tries(&self) -> usize {
        match self {
            Self::Folder(_) => TRIES,
            Self::Store(_) => TRIES_OF_STORE,
        }
    }

    /// Reads, and begins anew when a compaction takes files away meanwhile. The first reading knows that it is the first.
    ///
    /// # Errors
    ///
    /// What the reading says, and an archive that changes every time.
    pub(super) fn read<T>(&self, mut read: impl FnMut(bool) -> Result<T>) -> Result<T> {
        let mut left = self.tries();
        loop {
            let is_first = left == self.tries();
            left -= 1;
            match read(is_first) {
                Err(error) if left > 0 && is_gone(&error) => self.wait(),
                Err(error) if is_gone(&error) => {
                    return Err(error).context("the archive changed meanwhile; ask again");
                }
                done => return done,
            }
        }
    }

    /// Waits before the next try. A folder shows at once what became of it.
    pub(super) fn wait(&self) {
        if let Self::Store(_) = self {
            std::thread::sleep(BEFORE_A_TRY);
        }
    }

    /// Takes away what writers left behind that were killed. A store has a rule for that.
    pub(super) fn sweep(&self) -> io::Result<()> {
        match self {
            Self::Folder(folder) => files::sweep(folder),
            Self::Store(_) => Ok(()),
        }
    }

    /// Every day with its files.
    pub(super) async fn days(&self) -> Result<BTreeMap<NaiveDate, Day>> {
        match self {
            Self::Folder(folder) => Ok(files::days(folder)?),
            Self::Store(store) => store.days().await,
        }
    }

    /// The same for some days.
    pub(super) async fn days_of(
        &self,
        dates: impl Iterator<Item = NaiveDate>,
    ) -> Result<BTreeMap<NaiveDate, Day>> {
        let dates: BTreeSet<NaiveDate> = dates.collect();
        match self {
            Self::Folder(folder) => {
                let mut days = files::days(folder)?;
                days.retain(|date, _| dates.contains(date));
                Ok(days)
            }
            Self::Store(store) => store.days_of(dates).await,
        }
    }

    /// Begins a file of a day.
    pub(super) fn create(&self, date: NaiveDate, part: Part) -> Result<NewFile> {
        match self {
            Self::Folder(folder) => Ok(NewFile::File(files::NewFile::create(folder, date, part)?)),
            Self::Store(store) => {
                let upload = store.create(&files::folder(date), &files::name(part, Some(random())))?;
                Ok(NewFile::Object(upload))
            }
        }
    }

    /// Keeps rows of a day as a file of their own.
    pub(super) async fn keep(&self, date: NaiveDate, rows: &RecordBatch) -> Result<()> {
        let mut file = self.create(date, Part::Part)?;
        file.write(rows).await?;
        file.finish().await?;
        Ok(())
    }

    /// Takes away files that another one stands for, once that one is found.
    pub(super) async fn replace(&self, files: &[PathBuf], by: &Path) -> Result<()> {
        match self {
            Self::Folder(_) => Ok(files::remove(files)?),
            Self::Store(store) => {
                store.until_listed(by).await?;
                store.remove(files).await
            }
        }
    }

    /// Fails if one of the files went away.
    pub(super) async fn still_there(&self, files: &[PathBuf]) -> Result<()> {
        match self {
            Self::Folder(_) => {
                for file in files {
                    std::fs::metadata(file)?;
                }
                Ok(())
            }
            Self::Store(store) => store.still_there(files).await,
        }
    }

    /// Tells an engine of it.
    pub(super) fn register(&self, context: &SessionContext) -> Result<()> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Store(store) => store.register(context),
        }
    }

    /// What the engine calls a file.
    pub(super) fn url(&self, file: &Path) -> String {
        match self {
            Self::Folder(_) => file.to_string_lossy().into_owned(),
            Self::Store(_) => Store::url(file),
        }
    }
}

/// Machines that share a store may have the same time and process number.
fn random() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    RandomState::new().build_hasher().finish()
}

/// A file that is being written: nobody sees it before it is finished.
pub(super) enum NewFile {
    File(files::NewFile),
    Object(Upload),
}

impl NewFile {
    pub(super) async fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        match self {
            Self::File(file) => file.write(rows),
            Self::Object(upload) => upload.write(rows).await,
        }
    }

    /// Makes it durable and seen.
    pub(super) async fn finish(&mut self) -> Result<PathBuf> {
        match self {
            Self::File(file) => file.finish(),
            Self::Object(upload) => Ok(PathBuf::from(upload.finish().await?.as_ref())),
        }
    }

    /// Takes back what was sent of it. What is left of a file is swept later.
    pub(super) async fn abandon(&mut self) {
        match self {
            Self::File(_) => {}
            Self::Object(upload) => upload.abandon().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn gone() -> anyhow::Error {
        io::Error::from(io::ErrorKind::NotFound).into()
    }

    #[test]
    fn what_a_compaction_took_away_is_read_anew_a_few_times() {
        let place = Place::Folder(PathBuf::new());
        let mut first = Vec::new();
        let read = place.read(|is_first| {
            first.push(is_first);
            if first.len() < TRIES { Err(gone()) } else { Ok(7) }
        });
        assert!(matches!(read, Ok(7)));
        assert_eq!(first, [true, false, false, false, false]);

        let mut count = 0;
        let read: Result<()> = place.read(|_| {
            count += 1;
            Err(gone())
        });
        assert_eq!(count, TRIES);
        assert!(read.is_err_and(|error| error.to_string().contains("ask again")));
    }

    #[test]
    fn any_other_fault_is_told_at_once() {
        let mut count = 0;
        let read: Result<()> = Place::Folder(PathBuf::new()).read(|_| {
            count += 1;
            bail!("no such column")
        });
        assert!(read.is_err());
        assert_eq!(count, 1);
    }
}
