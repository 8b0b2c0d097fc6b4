//! The folder of a setup.

use std::time::Duration;

use message_trace_folder::{Dates, Folder};

use super::layers::Layers;
use super::{ConfigError, duration};

/// A folder of saved traces that is polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderSetup {
    /// The folder, or a pattern of files.
    pub pattern: String,
    /// How often it is looked at.
    pub interval: Duration,
    /// How long a file must not have changed before it is read.
    pub rest: Duration,
    /// How long a row is remembered after it was read last.
    pub remember: Duration,
    /// The order of day and month in CSV reports, if it is known.
    pub dates: Option<Dates>,
}

/// What only a service has: windows of time, and a quota.
const OF_A_SERVICE: [&str; 5] = ["since", "backfill", "settling", "budget", "reread"];

/// Reads it, if the source is a folder. A wrong value is said also where a service is polled.
pub(super) fn read(layers: &Layers) -> Result<Option<FolderSetup>, ConfigError> {
    let is_folder = layers.text("source") == Some("folder");
    let pattern = layers.text("folder").unwrap_or_default().to_owned();
    let checked = Folder::new(&pattern, Vec::new(), Duration::ZERO);
    if is_folder && pattern.is_empty() || checked.is_err() {
        let why = checked.err().map_or_else(String::new, |why| format!(": {why}"));
        let what = format!("expected a folder, or a pattern with *, ?, [...] and **{why}");
        return Err(ConfigError::new(layers.place("folder"), "folder", what));
    }
    let of_a_service = OF_A_SERVICE
        .into_iter()
        .find(|name| layers.setting(name).is_some());
    if let Some(name) = of_a_service.filter(|_| is_folder) {
        let what = "a folder is read whole, without windows or a quota; leave it out";
        return Err(ConfigError::new(layers.place(name), name, what));
    }
    let span = |name: &str, default: Duration, expected: &str, least: Duration, most: Duration| {
        layers.read_or(name, default, expected, |text| {
            duration(text).filter(|span| (least..=most).contains(span))
        })
    };
    let (second, hour, day) = (
        Duration::from_secs(1),
        Duration::from_hours(1),
        Duration::from_hours(24),
    );
    let setup = FolderSetup {
        pattern,
        interval: span(
            "folder-interval",
            second * 10,
            "a duration from 1s to 24h",
            second,
            day,
        )?,
        rest: span(
            "folder-rest",
            second * 2,
            "a duration from 1s to 1h",
            second,
            hour,
        )?,
        remember: span(
            "folder-remember",
            day * 400,
            "a duration from 1d to 3650d",
            day,
            day * 3_650,
        )?,
        dates: match layers.text("folder-dates") {
            None => None,
            Some("dmy") => Some(Dates::Dmy),
            Some("mdy") => Some(Dates::Mdy),
            Some(_) => {
                let what = "expected dmy or mdy";
                return Err(ConfigError::new(
                    layers.place("folder-dates"),
                    "folder-dates",
                    what,
                ));
            }
        },
    };
    Ok(is_folder.then_some(setup))
}
