//! Which files there are, and which of them have rested.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use glob::{MatchOptions, Pattern};
use message_trace_normalize::files_of;

/// A file that never rests is read after this many rests all the same, as far as its rows are whole.
const RESTLESS: u32 = 30;
/// After this many rests without a change, and after [`FINAL`], what a file ends with is taken for its end.
const FINAL_RESTS: u32 = 60;
/// The shortest time without a change after which what a file ends with is taken for its end.
const FINAL: Duration = Duration::from_mins(10);
/// How programs call what they still write, in a folder. A glob that names them gets them.
const UNFINISHED: [&str; 4] = ["tmp", "part", "partial", "crdownload"];

/// A folder, or a pattern of files, that is looked at again and again.
#[derive(Debug)]
pub struct Folder {
    pattern: String,
    /// Files of this program, by absolute path: none to read.
    own: Vec<PathBuf>,
    rest: Duration,
    seen: HashMap<PathBuf, Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    bytes: u64,
    changed: SystemTime,
    /// When it was seen like that first.
    since: SystemTime,
    /// When it was seen changing first, after it was read.
    restless: SystemTime,
}

/// What was found at one look.
#[derive(Debug, Default)]
pub struct Look {
    /// Files that have rested, those that were changed first at the front.
    pub rested: Vec<Found>,
    /// All files that are there.
    pub paths: Vec<PathBuf>,
    /// How many of them are still being written.
    pub restless: usize,
}

/// A file that has rested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was changed last, in nanoseconds since 1970-01-01 UTC.
    pub changed_ns: i64,
    /// Whether it has not changed for so long that what it ends with is its end.
    pub is_final: bool,
}

impl Folder {
    /// A folder with all files in it and in the folders in it, hidden and unfinished ones left out; or a pattern with `*`,
    /// `?`, `[…]`, and `**` for any folders between.
    ///
    /// # Errors
    ///
    /// Where the pattern is none: what is wrong with it.
    pub fn new(pattern: &str, own: Vec<PathBuf>, rest: Duration) -> Result<Self, String> {
        Pattern::new(pattern).map_err(|error| error.msg.to_owned())?;
        Ok(Self {
            pattern: pattern.to_owned(),
            own,
            rest,
            seen: HashMap::new(),
        })
    }

    /// The folder that must be there: the one that is named, or what stands before the first `*`, `?` or `[`.
    #[must_use]
    pub fn base(&self) -> PathBuf {
        let path = Path::new(&self.pattern);
        let is_fixed = |part: &Path| !part.to_string_lossy().contains(['*', '?', '[']);
        if path.is_dir() || is_fixed(path) && !path.exists() {
            return path.to_owned();
        }
        let parents = path.ancestors().skip(1);
        let base = parents
            .filter(|part| !part.as_os_str().is_empty())
            .find(|part| is_fixed(part));
        base.unwrap_or(Path::new(".")).to_owned()
    }

    /// Looks what is there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed. A single file that cannot be looked at is found, and cannot be read then.
    pub fn look(&mut self, now: SystemTime) -> io::Result<Look> {
        let mut look = Look::default();
        let mut still = HashMap::new();
        // In a folder, only one that cannot be listed stands for itself.
        let are_folders_named = Path::new(&self.pattern).is_dir();
        for path in self.list()? {
            let metadata = path.metadata();
            let is_file = |metadata: &Metadata| metadata.is_file() || metadata.is_dir() && are_folders_named;
            if metadata.as_ref().is_ok_and(|metadata| !is_file(metadata)) || self.is_own(&path) {
                continue;
            }
            look.paths.push(path.clone());
            // It went away, or may not be looked at: the latter is said by whoever opens it.
            let (bytes, changed) = match metadata {
                Ok(metadata) => (metadata.len(), changed(&metadata)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(_) => (0, SystemTime::UNIX_EPOCH),
            };
            let seen = match self.seen.get(&path) {
                Some(seen) if (seen.bytes, seen.changed) == (bytes, changed) => *seen,
                before => Seen {
                    bytes,
                    changed,
                    since: now,
                    restless: before.map_or(now, |seen| seen.restless),
                },
            };
            // A clock of a file server may be ahead of this one: then it counts how long the file was seen unchanged.
            let passed = |since: SystemTime| now.duration_since(since).unwrap_or_default();
            let rested = passed(seen.since).max(passed(changed));
            let has_rested = rested >= self.rest;
            if has_rested || passed(seen.restless) >= self.rest * RESTLESS {
                look.rested.push(Found {
                    path: path.clone(),
                    bytes,
                    changed_ns: nanoseconds(changed),
                    is_final: rested >= FINAL.max(self.rest * FINAL_RESTS),
                });
                still.insert(
                    path,
                    Seen {
                        restless: now,
                        ..seen
                    },
                );
            } else {
                look.restless += 1;
                still.insert(path, seen);
            }
        }
        self.seen = still;
        look.rested
            .sort_by(|one, two| (one.changed_ns, &one.path).cmp(&(two.changed_ns, &two.path)));
        Ok(look)
    }

    fn list(&self) -> io::Result<Vec<PathBuf>> {
        let folder = Path::new(&self.pattern);
        if folder.is_dir() {
            std::fs::read_dir(folder)?;
            let is_finished = |path: &PathBuf| {
                let extension = path.extension().and_then(|extension| extension.to_str());
                !extension.is_some_and(|extension| UNFINISHED.contains(&extension))
            };
            return Ok(files_of(folder).into_iter().filter(is_finished).collect());
        }
        std::fs::read_dir(self.base())?;
        let options = MatchOptions {
            require_literal_separator: true,
            require_literal_leading_dot: true,
            ..MatchOptions::new()
        };
        let found = glob::glob_with(&self.pattern, options)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.msg))?;
        Ok(found
            .map(|entry| entry.unwrap_or_else(|error| error.path().to_owned()))
            .collect())
    }

    fn is_own(&self, path: &Path) -> bool {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.own.contains(&path)
    }
}

fn changed(metadata: &Metadata) -> SystemTime {
    // A system that does not say has files that were seen, and nothing else.
    metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn nanoseconds(time: SystemTime) -> i64 {
    let of = |passed: Duration| i64::try_from(passed.as_nanos()).unwrap_or(i64::MAX);
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or_else(|before| -of(before.duration()), of)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn names(look: &Look) -> Vec<String> {
        let name = |found: &Found| found.path.file_name().unwrap().to_string_lossy().into_owned();
        look.rested.iter().map(name).collect()
    }

    #[test]
    fn a_file_is_found_when_it_has_rested() {
        let folder = tempfile::tempdir().unwrap();
        let rest = Duration::from_mins(1);
        let mut watched = Folder::new(folder.path().to_str().unwrap(), Vec::new(), rest).unwrap();
        let file = folder.path().join("a.ndjson");
        std::fs::write(&file, "{}\n").unwrap();
        std::fs::write(folder.path().join("b.csv.part"), "x").unwrap();
        std::fs::write(folder.path().join(".hidden"), "x").unwrap();
        let now = SystemTime::now();
        let look = watched.look(now).unwrap();
        assert_eq!((names(&look).len(), look.restless, look.paths.len()), (0, 1, 1));
        let look = watched.look(now + rest).unwrap();
        assert_eq!(names(&look), ["a.ndjson"]);
        assert!(!look.rested[0].is_final);
        std::fs::write(&file, "{}\n{}\n").unwrap();
        let changed = std::fs::File::options().write(true).open(&file).unwrap();
        changed.set_modified(now + rest).unwrap();
        assert_eq!(watched.look(now + rest + rest / 2).unwrap().restless, 1);
        assert!(watched.look(now + rest * 80).unwrap().rested[0].is_final);
    }

    #[test]
    fn a_file_that_never_rests_is_read_now_and_then() {
        let folder = tempfile::tempdir().unwrap();
        let rest = Duration::from_secs(10);
        let mut watched = Folder::new(folder.path().to_str().unwrap(), Vec::new(), rest).unwrap();
        let file = folder.path().join("a.ndjson");
        let now = SystemTime::now() + Duration::from_secs(100);
        let mut reads = 0;
        for second in 0..600 {
            std::fs::write(&file, "x".repeat(second + 1)).unwrap();
            let changed = now + Duration::from_secs(second as u64);
            std::fs::File::options()
                .write(true)
                .open(&file)
                .unwrap()
                .set_modified(changed)
                .unwrap();
            reads += watched.look(changed).unwrap().rested.len();
        }
        assert_eq!(reads, 1);
    }

    #[test]
    fn a_pattern_names_files_and_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["2026/01/a.csv", "2026/02/b.csv", "2026/c.json", "own.db-wal"] {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "x").unwrap();
        }
        let look = |pattern: &str, own: Vec<PathBuf>| {
            let pattern = folder.path().join(pattern);
            let mut watched = Folder::new(pattern.to_str().unwrap(), own, Duration::ZERO).unwrap();
            (watched.base(), names(&watched.look(SystemTime::now()).unwrap()))
        };
        let at = |name: &str| folder.path().join(name);
        assert_eq!(
            look("2026/*/*.csv", vec![]),
            (at("2026"), vec!["a.csv".into(), "b.csv".into()])
        );
        assert_eq!(look("**/?.json", vec![]), (at(""), vec!["c.json".into()]));
        assert_eq!(look("2026/c.json", vec![]), (at("2026"), vec!["c.json".into()]));
        assert_eq!(look("own.*", vec![at("own.db-wal")]).1, Vec::<String>::new());
        assert!(Folder::new("a/***", Vec::new(), Duration::ZERO).is_err());
        for missing in ["no/*.csv", "2026x", "2026/d.json"] {
            let missing = at(missing);
            let mut missing = Folder::new(missing.to_str().unwrap(), Vec::new(), Duration::ZERO).unwrap();
            assert!(missing.look(SystemTime::now()).is_err());
        }
    }
}
