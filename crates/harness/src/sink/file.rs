//! Files: appended, synced, rotated.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Batch, Delivery, Sink, SinkError};

/// How a file is rotated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileOptions {
    /// Rotate before a batch that would grow the file beyond this, in bytes. Default: never. One batch larger than that
    /// still goes into one file.
    pub rotate_bytes: Option<u64>,
    /// Rotate before a batch if the file's first batch is older. Default: never.
    pub rotate_age: Option<Duration>,
}

/// Appends events to a file, on disk before they are acknowledged.
///
/// The file is private (0600) and locked. A rotated file gets its UTC time in its name: `events.ndjson` becomes
/// `events-20260120T081530Z.ndjson`. A file that somebody else moved away is made anew. A last line without its end was
/// never acknowledged: it is moved to `events.ndjson.torn`.
#[derive(Debug)]
pub struct FileSink {
    name: String,
    appender: Appender,
    options: FileOptions,
    clock: fn() -> SystemTime,
}

impl FileSink {
    /// Opens or makes the file.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, repaired, locked or synced.
    pub fn open(path: &Path, options: FileOptions) -> Result<Self, SinkError> {
        Self::open_with_clock(path, options, SystemTime::now)
    }

    /// Opens or makes the file under another clock.
    ///
    /// # Errors
    ///
    /// As [`FileSink::open`].
    pub fn open_with_clock(
        path: &Path,
        options: FileOptions,
        clock: fn() -> SystemTime,
    ) -> Result<Self, SinkError> {
        let appender = Appender::open(path, clock())?;
        Ok(Self {
            name: format!("file:{}", path.display()),
            appender,
            options,
            clock,
        })
    }

    fn is_full(&self, more: usize, now: SystemTime) -> bool {
        let Appender { length, begun, .. } = self.appender;
        let is_large = self
            .options
            .rotate_bytes
            .is_some_and(|limit| length.saturating_add(more as u64) > limit);
        let is_old = self
            .options
            .rotate_age
            .is_some_and(|limit| now.duration_since(begun).is_ok_and(|age| age >= limit));
        length > 0 && (is_large || is_old)
    }
}

impl Sink for FileSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        if batch.is_empty() {
            return Ok(Delivery::default());
        }
        let now = (self.clock)();
        self.appender.follow(now)?;
        if self.is_full(batch.ndjson().len(), now) {
            self.appender.rotate(now)?;
        }
        self.appender.append(batch.ndjson(), now)?;
        Ok(Delivery::default())
    }
}

/// A private, locked file that only grows by whole, synced lines.
#[derive(Debug)]
pub(super) struct Appender<F = File> {
    path: PathBuf,
    file: F,
    /// Bytes on disk and acknowledged.
    length: u64,
    /// When the first of them was written, as far as known.
    begun: SystemTime,
    /// Whether there may be more on disk than was acknowledged: a write failed, and so did cutting it off.
    is_torn: bool,
}

/// What a file must be able to do. Tests give one that fails.
pub(super) trait Disk: Write {
    fn sync(&mut self) -> io::Result<()>;
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Disk for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

impl<F: Disk> Appender<F> {
    /// Appends whole lines and syncs them. On an error the file is cut back to what was acknowledged; if that fails as
    /// well, nothing is appended before it has succeeded: the next line would go on a torn one.
    pub(super) fn append(&mut self, lines: &[u8], now: SystemTime) -> Result<(), SinkError> {
        let (file, length) = (&mut self.file, self.length);
        let mended = if self.is_torn { file.cut(length) } else { Ok(()) };
        if let Err(error) = mended
            .and_then(|()| file.write_all(lines))
            .and_then(|()| file.sync())
        {
            self.is_torn = self.file.cut(self.length).is_err();
            return Err(SinkError::storage(&self.path, &error));
        }
        self.is_torn = false;
        if self.length == 0 {
            self.begun = now;
        }
        self.length += lines.len() as u64;
        Ok(())
    }
}

impl Appender {
    pub(super) fn open(path: &Path, now: SystemTime) -> Result<Self, SinkError> {
        let storage = |error: io::Error| SinkError::storage(path, &error);
        let is_new = !path.exists();
        let mut file = private(OpenOptions::new().read(true).append(true).create(true))
            .open(path)
            .map_err(storage)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SinkError::Locked(path.to_owned())),
            // A file system without locks: two writers cannot be told apart there.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(storage(error)),
        }
        let length = repair(path, &mut file)?;
        if is_new {
            file.sync_all().map_err(storage)?;
            sync_folder(path)?;
        }
        // A pipe or a device has no time of birth; neither is rotated.
        let begun = file
            .metadata()
            .and_then(|metadata| metadata.created())
            .unwrap_or(now);
        Ok(Self {
            path: path.to_owned(),
            file,
            length,
            begun: if length == 0 { now } else { begun },
            is_torn: false,
        })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Whether the path still names this file.
    pub(super) fn is_at_its_path(&self) -> bool {
        is_same(&self.file, &self.path)
    }

    /// Opens the path again if it no longer names this file.
    pub(super) fn follow(&mut self, now: SystemTime) -> Result<(), SinkError> {
        if self.is_at_its_path() {
            Ok(())
        } else {
            self.reopen(now)
        }
    }

    fn rotate(&mut self, now: SystemTime) -> Result<(), SinkError> {
        let aside = free_name(&self.path, now);
        std::fs::rename(&self.path, &aside).map_err(|error| SinkError::storage(&aside, &error))?;
        self.reopen(now)
    }

    fn reopen(&mut self, now: SystemTime) -> Result<(), SinkError> {
        *self = Self::open(&self.path, now)?;
        Ok(())
    }
}

/// Puts a new private file in the place of one, whole and on disk, or leaves the old one.
pub(super) fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), SinkError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let aside = PathBuf::from(aside);
    let replaced = || -> io::Result<()> {
        let new = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&aside)?;
        let mut new = io::BufWriter::new(new);
        write(&mut new)?;
        new.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        std::fs::rename(&aside, path)
    };
    replaced().map_err(|error| SinkError::storage(&aside, &error))?;
    sync_folder(path)
}

/// Moves a last line without its end aside and gives the length of the rest.
fn repair(path: &Path, file: &mut File) -> Result<u64, SinkError> {
    let storage = |error: io::Error| SinkError::storage(path, &error);
    let metadata = file.metadata().map_err(storage)?;
    if !metadata.is_file() {
        return Ok(0);
    }
    let length = metadata.len();
    let whole = whole_lines(file, length).map_err(storage)?;
    if whole < length {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".torn");
        let aside = PathBuf::from(aside);
        let move_aside = || -> io::Result<()> {
            let mut torn = private(OpenOptions::new().append(true).create(true)).open(&aside)?;
            (&*file).seek(SeekFrom::Start(whole))?;
            io::copy(&mut &*file, &mut torn)?;
            torn.write_all(b"\n")?;
            torn.sync_all()
        };
        move_aside().map_err(|error| SinkError::storage(&aside, &error))?;
        file.set_len(whole)
            .and_then(|()| file.sync_all())
            .map_err(storage)?;
        sync_folder(path)?;
        log::warn!(bytes = length - whole; "a torn last line, never acknowledged, was moved aside");
    }
    Ok(whole)
}

/// The length up to the last line feed, searched from the end.
fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut block = vec![0_u8; 64 * 1024];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let size = usize::try_from(end - start).unwrap_or(block.len());
        let part = block.get_mut(..size).unwrap_or_default();
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// The first free name with the time in it.
fn free_name(path: &Path, now: SystemTime) -> PathBuf {
    let time = crate::logging::utc(now).replace(['-', ':'], "");
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path
        .extension()
        .map(|extension| format!(".{}", extension.to_string_lossy()))
        .unwrap_or_default();
    // As many rotations within one second cannot be.
    (1..u32::MAX)
        .map(|nth| {
            let nth = if nth == 1 {
                String::new()
            } else {
                format!("-{nth}")
            };
            path.with_file_name(format!("{stem}-{time}{nth}{extension}"))
        })
        .find(|name| !name.exists())
        .unwrap_or_else(|| path.with_extension("rotated"))
}

/// Makes new files readable by their owner alone: events hold addresses and subjects.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Syncs the folder that holds a file, so that its name survives a power cut.
fn sync_folder(path: &Path) -> Result<(), SinkError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Windows opens no folder as a file, and keeps names by itself.
    if cfg!(unix) {
        let sync = File::open(folder).and_then(|folder| folder.sync_all());
        sync.map_err(|error| SinkError::storage(folder, &error))?;
    }
    Ok(())
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => open.dev() == named.dev() && open.ino() == named.ino(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind, Write};
    use std::path::PathBuf;
    use std::time::SystemTime;

    use super::{Appender, Disk};

    /// A disk with room for so many bytes, which may also fail to cut.
    struct Small {
        bytes: Vec<u8>,
        room: usize,
        can_cut: bool,
    }

    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room - self.bytes.len());
            if taken == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.bytes
                .extend_from_slice(bytes.get(..taken).unwrap_or_default());
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Disk for Small {
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }

        fn cut(&mut self, length: u64) -> io::Result<()> {
            if !self.can_cut {
                return Err(ErrorKind::Other.into());
            }
            self.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            Ok(())
        }
    }

    #[test]
    fn nothing_is_written_behind_a_torn_line_that_could_not_be_cut_off() {
        let now = SystemTime::UNIX_EPOCH;
        let mut appender = Appender {
            path: PathBuf::from("events.ndjson"),
            file: Small {
                bytes: Vec::new(),
                room: 12,
                can_cut: false,
            },
            length: 0,
            begun: now,
            is_torn: false,
        };
        assert!(appender.append(b"{\"n\":1}\n", now).is_ok());
        assert!(appender.append(b"{\"n\":2}\n", now).is_err());
        assert_eq!(appender.file.bytes, b"{\"n\":1}\n{\"n\"");
        appender.file.room = 100;
        assert!(appender.append(b"{\"n\":3}\n", now).is_err());
        assert_eq!(appender.file.bytes, b"{\"n\":1}\n{\"n\"");
        appender.file.can_cut = true;
        assert!(appender.append(b"{\"n\":3}\n", now).is_ok());
        assert_eq!(appender.file.bytes, b"{\"n\":1}\n{\"n\":3}\n");
    }
}
