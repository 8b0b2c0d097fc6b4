//! The fixtures, read from the folder `fixtures/` of the repository.

use crate::json::Json;
use message_trace::{Options, Rejection, Revision, Target};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A raw line and what must become of it.
#[derive(Debug)]
pub struct Case {
    /// The file's path below `fixtures/` without its endings: `ip/ipv6-zone`.
    pub name: String,
    /// The line, byte for byte.
    pub input: Vec<u8>,
    /// The options of the file beside it, or the defaults. Set the target before use.
    pub options: Options,
    /// What a poller knows of the row.
    pub revision: Option<Delivered>,
}

/// A revision that owns its texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Higher than that of every delivery before.
    pub sequence: u64,
    /// The status before.
    pub previous_status: Option<String>,
    /// The details, as they came.
    pub details: Option<String>,
}

impl Delivered {
    /// The revision, as the library takes it.
    #[must_use]
    pub fn revision(&self) -> Revision<'_> {
        Revision {
            sequence: self.sequence,
            previous_status: self.previous_status.as_deref(),
            details: self.details.as_deref(),
        }
    }
}

/// What a case must give for one target.
#[derive(Debug, PartialEq, Eq)]
pub enum Expected {
    /// This event; the order of keys is that of the wire.
    Event(Json),
    /// This rejection, as [`rejection_json`] writes it.
    Rejection(Json),
}

/// Lines, their events and their rejections.
#[derive(Debug)]
pub struct Batch {
    /// The lines and their options.
    pub case: Case,
}

/// The shelf whose cases have many lines.
const BATCHES: &str = "batch";

/// The folder `fixtures/`.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// All cases of one line, by name: the seeds, and what stands on any shelf but `batch/`.
///
/// # Errors
///
/// A file that cannot be read, or options that are none.
pub fn cases() -> io::Result<Vec<Case>> {
    let mut cases = read_shelf("")?;
    for entry in fs::read_dir(folder()).map_err(|error| named(&folder(), &error))? {
        let shelf = entry?;
        let name = shelf.file_name().to_string_lossy().into_owned();
        if name != BATCHES && shelf.file_type()?.is_dir() {
            cases.extend(read_shelf(&format!("{name}/"))?);
        }
    }
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(cases)
}

/// All cases of `fixtures/batch/`, by name.
///
/// # Errors
///
/// A file that cannot be read, or options that are none.
pub fn batches() -> io::Result<Vec<Batch>> {
    Ok(read_shelf(&format!("{BATCHES}/"))?
        .into_iter()
        .map(|case| Batch { case })
        .collect())
}

impl Case {
    /// The case's file with that ending.
    #[must_use]
    pub fn file(&self, ending: &str) -> PathBuf {
        folder().join(format!("{}.{ending}", self.name))
    }

    /// The case's options for that target.
    #[must_use]
    pub fn options_for(&self, target: Target) -> Options {
        Options {
            target,
            ..self.options.clone()
        }
    }

    /// What the files say must come out; the rejection's file stands for every target.
    ///
    /// # Errors
    ///
    /// No file, or a file that is not JSON.
    pub fn expected(&self, target: Target) -> io::Result<Expected> {
        let rejection = self.file("rejection.json");
        if rejection.exists() {
            return Ok(Expected::Rejection(read_json(&rejection)?));
        }
        Ok(Expected::Event(read_json(
            &self.file(&format!("{}.json", target.name())),
        )?))
    }
}

impl Batch {
    /// The events that the file says must come out, in order.
    ///
    /// # Errors
    ///
    /// No file, or a line that is not JSON.
    pub fn events(&self, target: Target) -> io::Result<Vec<Json>> {
        let path = self.case.file(&format!("{}.ndjson", target.name()));
        let text = fs::read(&path).map_err(|error| named(&path, &error))?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| Json::read(line).map_err(|fault| broken(&path, fault)))
            .collect()
    }

    /// The rejections that the file says must come out, as [`rejection_json`] writes them with `line` before.
    ///
    /// # Errors
    ///
    /// No file, or a file that is not JSON.
    pub fn rejections(&self) -> io::Result<Json> {
        read_json(&self.case.file("rejections.json"))
    }
}

/// A rejection as the fixtures keep it: `reason` and, but for `syntax` and `unknown-format`, `detail`. Where exactly
/// reading stopped is for the reader to choose, so that offset is not kept.
#[must_use]
pub fn rejection_json(rejection: &Rejection, line: Option<u32>) -> Json {
    let detail = match *rejection {
        Rejection::Syntax(_) | Rejection::UnknownFormat => None,
        Rejection::MissingField(name) | Rejection::InvalidField(name) => Some(Json::from(name)),
        Rejection::Envelope(count) | Rejection::TooLong(count) | Rejection::TooDeep(count) => {
            Some(Json::from(u64::from(count)))
        }
    };
    let members = [
        ("line", line.map(|line| Json::from(u64::from(line)))),
        ("reason", Some(Json::from(rejection.name()))),
        ("detail", detail),
    ];
    Json::Object(
        members
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
    )
}

/// Writes a file if it does not say the same already.
///
/// # Errors
///
/// The file cannot be written.
pub fn bless(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| named(path, &error))
}

/// The cases that stand in `shelf` itself, by name; it is empty, or a folder's name with a slash behind it.
fn read_shelf(shelf: &str) -> io::Result<Vec<Case>> {
    let folder = folder().join(shelf);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| named(&folder, &error))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".in.txt").map(|name| format!("{shelf}{name}")));
    }
    names.sort();
    names.into_iter().map(read_case).collect()
}

fn read_case(name: String) -> io::Result<Case> {
    let path = |ending: &str| folder().join(format!("{name}.{ending}"));
    let input = fs::read(path("in.txt"))?;
    let options = match fs::read(path("options.json")) {
        Ok(text) => serde_json::from_slice(&text)?,
        Err(_) => Options::default(),
    };
    let revision = match fs::read(path("revision.json")) {
        Ok(text) => {
            let value: serde_json::Value = serde_json::from_slice(&text)?;
            Some(Delivered {
                sequence: value["sequence"].as_u64().unwrap_or_default(),
                previous_status: value["previous_status"].as_str().map(str::to_owned),
                details: fs::read_to_string(path("details.txt")).ok(),
            })
        }
        Err(_) => None,
    };
    Ok(Case {
        name,
        input,
        options,
        revision,
    })
}

fn read_json(path: &Path) -> io::Result<Json> {
    let text = fs::read(path).map_err(|error| named(path, &error))?;
    Json::read(&text).map_err(|fault| broken(path, fault))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn broken(path: &Path, fault: crate::json::Fault) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{}: {fault:?}", path.display()),
    )
}
