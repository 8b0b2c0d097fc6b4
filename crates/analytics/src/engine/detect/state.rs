//! Which alerts were raised: an alert is raised once, and closed once when its day is over.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

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
    #[serde(skip)]
    path: PathBuf,
}

impl State {
    /// Reads what the run before left; nothing, if there was none.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let what = || format!("cannot read {}", path.display());
        let mut state = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice::<Self>(&bytes)
                .map_err(io::Error::from)
                .with_context(|| {
                    format!(
                        "{}; move the file away to begin anew: alerts are raised again then",
                        what()
                    )
                })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self {
                version: 1,
                ..Self::default()
            },
            Err(error) => return Err(error).with_context(what),
        };
        if state.version != 1 {
            bail!("{} is of a newer version of this program", path.display());
        }
        path.clone_into(&mut state.path);
        Ok(state)
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
        let path = &self.path;
        let what = || format!("cannot write {}", path.display());
        let mut hidden = path.clone().into_os_string();
        hidden.push(".tmp");
        let mut file = File::create(&hidden).with_context(what)?;
        file.write_all(&serde_json::to_vec(self)?).with_context(what)?;
        file.sync_all().with_context(what)?;
        fs::rename(&hidden, path).with_context(what)
    }
}
