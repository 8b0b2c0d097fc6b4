//! Which rows are asked about.

use super::layers::Layers;
use super::{ConfigError, SinkSetup};

/// The statuses of rows whose details are wanted, as their words are compared: in lower case, letters only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statuses {
    /// Every row.
    All,
    /// Rows of these.
    Of(Vec<String>),
}

/// What may be asked about, as a setup writes it.
const WORDS: [&str; 8] = [
    "failed",
    "quarantined",
    "filtered-as-spam",
    "pending",
    "getting-status",
    "expanded",
    "delivered",
    "recalled",
];

impl Statuses {
    /// Whether a row of that status is asked about.
    #[must_use]
    pub fn has(&self, status: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(words) => words.contains(&compared(status)),
        }
    }

    /// Whether no row is asked about.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::Of(Vec::new())
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => return Some(Self::Of(Vec::new())),
            "all" => return Some(Self::All),
            _ => {}
        }
        let words = text.split(',').map(|word| {
            let word = compared(word.trim());
            WORDS.iter().any(|known| compared(known) == word).then_some(word)
        });
        words.collect::<Option<_>>().map(Self::Of)
    }
}

fn compared(status: &str) -> String {
    status
        .chars()
        .filter(|letter| *letter != '-')
        .flat_map(char::to_lowercase)
        .collect()
}

/// Reads them.
pub(super) fn read(
    layers: &Layers,
    raw: bool,
    is_folder: bool,
    sinks: &[SinkSetup],
) -> Result<Statuses, ConfigError> {
    let expected = format!("none, all, or statuses with commas between: {}", WORDS.join(", "));
    let statuses = layers.read_or("details", Statuses::Of(Vec::new()), &expected, Statuses::parse)?;
    let refused = if statuses.is_none() || sinks.is_empty() {
        return Ok(statuses);
    } else if raw {
        "raw rows have no place for details; leave one of the two out"
    } else if is_folder {
        "a folder of files cannot be asked about a message; `message-trace normalize --details FILE` maps saved answers"
    } else {
        return Ok(statuses);
    };
    Err(ConfigError::new(layers.place("details"), "details", refused))
}

#[cfg(test)]
mod tests {
    use super::Statuses;

    #[test]
    fn words_are_compared_however_services_write_them() {
        let parsed = Statuses::parse("failed, filtered-as-spam");
        let Some(statuses) = parsed else {
            unreachable!("both are known")
        };
        for (status, has) in [
            ("failed", true),
            ("Failed", true),
            ("FilteredAsSpam", true),
            ("filteredAsSpam", true),
            ("quarantined", false),
            ("", false),
        ] {
            assert_eq!(statuses.has(status), has, "{status}");
        }
        assert!(Statuses::parse("none").is_some_and(|statuses| statuses.is_none()));
        assert_eq!(Statuses::parse("all"), Some(Statuses::All));
        for wrong in ["", "fail", "failed,,", "all,failed", "none,failed"] {
            assert_eq!(Statuses::parse(wrong), None, "{wrong}");
        }
    }
}
