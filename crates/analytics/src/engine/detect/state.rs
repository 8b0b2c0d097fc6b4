//! Which alerts were raised: an alert is raised once, and closed once when its day is over.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use object_store::UpdateVersion;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::engine::place::Place;
use crate::engine::store::Store;

/// What it is called beside the days.
const NAME: &str = "detect-state.json";
/// How long a closed alert is remembered, in days.
const REMEMBERED: i64 = 400;

/// What is known of earlier runs.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    version: u32,
    /// Alerts of days that are not over, by id.
    pub(super) open: BTreeMap<String, Json>,
    /// Days of alerts that are closed, by id.
    pub(super) closed: BTreeMap<String, String>,
    /// Which version of the object was read.
    #[serde(skip)]
    read: Option<UpdateVersion>,
}

impl State {
    /// Reads what the run before left; nothing, if there was none.
    pub(super) async fn read(keeping: &Keeping) -> Result<Self> {
        let what = || format!("cannot read {keeping}");
        let (bytes, version) = match keeping {
            Keeping::File(path) => match fs::read(path) {
                Ok(bytes) => (Some(bytes), None),
                Err(error) if error.kind() == io::ErrorKind::NotFound => (None, None),
                Err(error) => return Err(error).with_context(what),
            },
            Keeping::Object(store) => store.read(NAME).await?.unzip(),
        };
        let mut state = match bytes {
            Some(bytes) => serde_json::from_slice::<Self>(&bytes)
                .map_err(io::Error::from)
                .with_context(|| {
                    format!(
                        "{}; move the file away to begin anew: alerts are raised again then",
                        what()
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
        state.read = version;
        Ok(state)
    }

    pub(super) fn knows(&self, id: &str) -> bool {
        self.open.contains_key(id) || self.closed.contains_key(id)
    }

    /// Writes it so that a crash leaves the old one or the new one. In a store only over what was read.
    pub(super) async fn write(&mut self, keeping: &Keeping, today: NaiveDate) -> Result<()> {
        let age = |day: &String| {
            let day = day.parse::<NaiveDate>();
            day.map_or(0, |day| (today - day).num_days())
        };
        self.closed.retain(|_, day| age(day) < REMEMBERED);
        let bytes = serde_json::to_vec(self)?;
        match keeping {
            Keeping::File(path) => replace(path, &bytes).with_context(|| format!("cannot write {keeping}")),
            Keeping::Object(store) => store.write(NAME, &bytes, self.read.take()).await,
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

/// Where it is kept.
pub(super) enum Keeping {
    File(PathBuf),
    Object(Store),
}

impl Keeping {
    /// The file that is named, else beside the days.
    pub(super) fn of(named: Option<&Path>, archive: &Place) -> Self {
        match (named, archive) {
            (Some(path), _) => Self::File(path.to_owned()),
            (None, Place::Folder(folder)) => Self::File(folder.join(NAME)),
            (None, Place::Store(store)) => Self::Object(store.clone()),
        }
    }
}

impl fmt::Display for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Object(store) => write!(f, "{}/{NAME}", store.name()),
        }
    }
}
