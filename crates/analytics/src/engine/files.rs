//! The files of an archive.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::NaiveDate;
use datafusion::arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::batches::SCHEMA;

const DAY: &str = "day=";
pub(super) const ENDING: &str = "parquet";
/// Rows of a group: what a reader may leave out at once.
const GROUP: usize = 128 * 1024;
/// How old a file of a writer that is gone has to be, before it is taken away.
const LEFT_BEHIND: Duration = Duration::from_hours(24);
/// How often to list until two listings agree.
pub(super) const LISTINGS: usize = 100;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Rows as they came.
    Part,
    /// Each event of the day once, if the file is alone.
    Events,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Part => "part",
            Self::Events => "events",
        }
    }
}

/// One day's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) files: Vec<PathBuf>,
}

impl Day {
    /// Whether each event is there once.
    pub(super) fn is_compact(&self) -> bool {
        let is_events = |file: &PathBuf| {
            let name = file.file_name().and_then(OsStr::to_str);
            name.is_some_and(|name| name.starts_with(Part::Events.name()))
        };
        matches!(&self.files[..], [file] if is_events(file))
    }
}

/// Every day of an archive with its files.
///
/// A listing is not one moment: while a day is compacted it could miss the old files and the new one. So it is taken again
/// until two in a row agree.
pub(super) fn days(archive: &Path) -> io::Result<BTreeMap<NaiveDate, Day>> {
    let mut found = list(archive)?;
    for _ in 0..LISTINGS {
        let again = list(archive)?;
        if again == found {
            return Ok(found);
        }
        found = again;
    }
    Ok(found)
}

fn list(archive: &Path) -> io::Result<BTreeMap<NaiveDate, Day>> {
    let mut days = BTreeMap::new();
    for entry in fs::read_dir(archive)? {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str);
        let Some(date) = name.and_then(day_of) else {
            continue;
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(&path)? {
            let file = entry?.path();
            let is_hidden = file
                .file_name()
                .and_then(OsStr::to_str)
                .is_none_or(|name| name.starts_with('.'));
            if !is_hidden && file.extension().is_some_and(|ending| ending == ENDING) {
                files.push(file);
            }
        }
        files.sort();
        if !files.is_empty() {
            days.insert(date, Day { files });
        }
    }
    Ok(days)
}

/// Takes away what writers left behind that were killed.
pub(super) fn sweep(archive: &Path) -> io::Result<()> {
    for entry in fs::read_dir(archive)? {
        let folder = entry?.path();
        let is_day = folder
            .file_name()
            .and_then(OsStr::to_str)
            .is_some_and(|name| name.starts_with(DAY));
        if !is_day {
            continue;
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_ours = name.to_str().is_some_and(|name| {
                name.starts_with('.') && name.rsplit_once('.').is_some_and(|(_, end)| end == "tmp")
            });
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if is_ours && age > LEFT_BEHIND {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

/// The folder of a day.
pub(super) fn folder(date: NaiveDate) -> String {
    format!("{DAY}{date}")
}

/// The day of a folder, if it is one.
pub(super) fn day_of(folder: &str) -> Option<NaiveDate> {
    folder.strip_prefix(DAY)?.parse().ok()
}

/// A name that no other file has; `more` tells machines apart.
pub(super) fn name(part: Part, more: Option<u64>) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let more = more.map(|more| format!("-{more:016x}")).unwrap_or_default();
    format!(
        "{}-{now:020}-{}-{number}{more}.{ENDING}",
        part.name(),
        process::id()
    )
}

/// How rows are written.
pub(super) fn properties() -> anyhow::Result<WriterProperties> {
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(GROUP))
        .build())
}

/// A file that is being written.
pub(super) struct NewFile {
    writer: ArrowWriter<File>,
    folder: PathBuf,
    hidden: PathBuf,
    path: PathBuf,
}

impl NewFile {
    /// Begins a file of a day.
    pub(super) fn create(archive: &Path, date: NaiveDate, part: Part) -> anyhow::Result<Self> {
        let folder = archive.join(folder(date));
        fs::create_dir_all(&folder)?;
        let name = name(part, None);
        let hidden = folder.join(format!(".{name}.tmp"));
        let file = File::create_new(&hidden)?;
        Ok(Self {
            writer: ArrowWriter::try_new(file, std::sync::Arc::clone(&SCHEMA), Some(properties()?))?,
            path: folder.join(name),
            hidden,
            folder,
        })
    }

    pub(super) fn write(&mut self, rows: &RecordBatch) -> anyhow::Result<()> {
        Ok(self.writer.write(rows)?)
    }

    /// Makes it durable and seen, in this order.
    pub(super) fn finish(&mut self) -> anyhow::Result<PathBuf> {
        self.writer.finish()?;
        self.writer.inner().sync_all()?;
        fs::rename(&self.hidden, &self.path)?;
        File::open(&self.folder)?.sync_all()?;
        // The day itself may be new.
        if let Some(archive) = self.folder.parent() {
            File::open(archive)?.sync_all()?;
        }
        Ok(self.path.clone())
    }
}

/// Takes away files that another one stands for. One that is gone already is no fault.
pub(super) fn remove(files: &[PathBuf]) -> io::Result<()> {
    for file in files {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
