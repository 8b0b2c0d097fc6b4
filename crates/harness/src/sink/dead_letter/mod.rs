//! The dead letter: rows that a sink refused for good, or that gave no event, kept on disk until they are delivered
//! again or dropped.
//!
//! One program has one: whoever delivers keeps what was refused, after the sinks have accepted the rest and before the
//! ledger commits. Nobody holds the file between two writes, so that it can be listed, replayed and emptied while a
//! program polls.

mod letter;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

pub use letter::{Letter, LetterKey, TRANSFORM};

use super::SinkError;
use super::file::{Appender, replace};

/// How long to wait for another program that has the file, which takes it for moments only.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// An NDJSON file of [`Letter`]s. It is private (0600), and made with its first line. A letter that is in it already is
/// not kept a second time.
#[derive(Debug)]
pub struct DeadLetter {
    path: PathBuf,
    known: Known,
}

/// What the file held when it was last looked at.
#[derive(Debug, Default)]
struct Known {
    stamp: Option<Stamp>,
    keys: HashSet<LetterKey>,
    lines: u64,
}

/// Tells whether a file is still as it was: which it is, and how long.
type Stamp = (u64, u64, u64);

impl DeadLetter {
    /// The dead letter at that path. Touches nothing yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            known: Known::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps letters, each once; on disk when it returns. Gives how many are new.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written. Then nothing may be committed.
    pub fn keep(&mut self, letters: &[Letter]) -> Result<usize, SinkError> {
        if letters.is_empty() {
            return Ok(0);
        }
        let now = SystemTime::now();
        let mut file = self.open(now)?;
        self.look(file.file())?;
        let mut lines = Vec::new();
        let mut fresh = HashSet::new();
        for letter in letters {
            let key = letter.key();
            if !self.known.keys.contains(&key) && fresh.insert(key) {
                let line = letter.to_line(now);
                lines.extend(line.map_err(|_| SinkError::Internal("a letter that cannot be written"))?);
            }
        }
        if !fresh.is_empty() {
            file.append(&lines, now)?;
        }
        let kept = fresh.len();
        self.known.lines += kept as u64;
        self.known.keys.extend(fresh);
        self.known.stamp = self.stamp(file.file()).ok();
        Ok(kept)
    }

    /// How many letters there are, as far as this program has seen: those it found at its first look, and since.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn count(&mut self) -> Result<u64, SinkError> {
        match File::open(&self.path) {
            Ok(file) => self.look(&file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.known = Known::default(),
            Err(error) => return Err(SinkError::storage(&self.path, &error)),
        }
        Ok(self.known.lines)
    }

    /// Reads the file from its beginning up to where it ends now, as long as `each` says to go on. A line that is no letter
    /// is `None`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read; a missing one is empty.
    pub fn read(&self, each: &mut dyn FnMut(Option<Letter>) -> bool) -> Result<(), SinkError> {
        match File::open(&self.path) {
            Ok(file) => file
                .metadata()
                .and_then(|metadata| lines(file.take(metadata.len()), |line| each(Letter::read(line)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
        .map_err(|error| SinkError::storage(&self.path, &error))
    }

    /// Takes letters out of the file, whatever was added to it meanwhile. Gives how many.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written. Then it is as it was.
    pub fn remove(&mut self, gone: &dyn Fn(Option<&Letter>) -> bool) -> Result<u64, SinkError> {
        if !self.path.exists() {
            return Ok(0);
        }
        let storage = |error: io::Error| SinkError::storage(&self.path, &error);
        // Held until the new file is in its place: who waits for it finds that the name is another file's.
        let file = self.open(SystemTime::now())?;
        let mut removed = 0;
        let source = File::open(&self.path).map_err(storage)?;
        replace(&self.path, |target| {
            let mut written = Ok(());
            lines(&source, |line| {
                if gone(Letter::read(line).as_ref()) {
                    removed += 1;
                } else {
                    written = target.write_all(line).and_then(|()| target.write_all(b"\n"));
                }
                written.is_ok()
            })?;
            written
        })?;
        drop(file);
        self.known = Known::default();
        Ok(removed)
    }

    /// Opens and locks the file that the path names.
    fn open(&self, now: SystemTime) -> Result<Appender, SinkError> {
        let began = Instant::now();
        loop {
            match Appender::open(&self.path, now) {
                // Between opening and locking, another program may have put a new file in its place.
                Ok(appender) if appender.is_at_its_path() => return Ok(appender),
                Ok(_) => {}
                Err(SinkError::Locked(_)) if began.elapsed() < LOCK_PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads what is in the file, unless it is as it was.
    fn look(&mut self, file: &File) -> Result<(), SinkError> {
        let storage = |error: io::Error| SinkError::storage(&self.path, &error);
        let stamp = self.stamp(file).map_err(storage)?;
        if self.known.stamp == Some(stamp) {
            return Ok(());
        }
        let mut known = Known {
            stamp: Some(stamp),
            ..Known::default()
        };
        // From its beginning, whatever the place of the other handle.
        let file = File::open(&self.path).map_err(storage)?;
        lines(&file, |line| {
            known.lines += 1;
            known.keys.extend(Letter::read(line).map(|letter| letter.key()));
            true
        })
        .map_err(storage)?;
        self.known = known;
        Ok(())
    }

    #[cfg(unix)]
    #[expect(clippy::unused_self, reason = "elsewhere the path tells files apart")]
    fn stamp(&self, file: &File) -> io::Result<Stamp> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = file.metadata()?;
        Ok((metadata.dev(), metadata.ino(), metadata.len()))
    }

    #[cfg(not(unix))]
    fn stamp(&self, file: &File) -> io::Result<Stamp> {
        let created = file.metadata()?.created()?;
        let since = created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok((
            since.as_secs(),
            u64::from(since.subsec_nanos()),
            file.metadata()?.len(),
        ))
    }
}

/// How many letters the file at a path holds; none if there is no file.
///
/// # Errors
///
/// If it cannot be read.
pub fn count_letters(path: &Path) -> io::Result<u64> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut block = vec![0; 64 * 1024];
    let mut count = 0;
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(count);
        }
        count += memchr::memchr_iter(b'\n', block.get(..read).unwrap_or_default()).count() as u64;
    }
}

/// Hands out whole lines, without their line feeds, until it is told not to go on. What follows the last line feed is
/// being written, or torn.
fn lines(file: impl io::Read, mut each: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line.pop() != Some(b'\n') || !each(&line) {
            break;
        }
        line.clear();
    }
    Ok(())
}
