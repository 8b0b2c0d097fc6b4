//! The keys, and their layers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::file::File;
use super::sink::SinkTable;
use super::{ConfigError, Place, PollArgs, SECRET_VARIABLES};

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One text or number.
    One,
    /// True or false.
    Switch,
    /// Any number of texts; separated by commas in a variable.
    Many,
}

/// A key of the setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in the file; the flag and the variable follow from it.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
}

const fn key(name: &'static str, kind: Kind) -> Key {
    Key { name, kind }
}

/// Every key, in the order of `example.toml`.
pub const KEYS: [Key; 39] = [
    key("tenant-id", Kind::One),
    key("client-id", Kind::One),
    key("auth", Kind::One),
    key("client-secret-file", Kind::One),
    key("certificate-file", Kind::One),
    key("key-file", Kind::One),
    key("certificate-password-file", Kind::One),
    key("token-file", Kind::One),
    key("identity-client-id", Kind::One),
    key("source", Kind::One),
    key("folder", Kind::One),
    key("folder-interval", Kind::One),
    key("folder-rest", Kind::One),
    key("folder-remember", Kind::One),
    key("folder-dates", Kind::One),
    key("cloud", Kind::One),
    key("graph-url", Kind::One),
    key("reporting-url", Kind::One),
    key("login-url", Kind::One),
    key("api", Kind::One),
    key("ledger", Kind::One),
    key("create", Kind::Switch),
    key("since", Kind::One),
    key("once", Kind::Switch),
    key("backfill", Kind::One),
    key("settling", Kind::One),
    key("budget", Kind::One),
    key("reread", Kind::One),
    key("details", Kind::One),
    key("raw", Kind::Switch),
    key("target", Kind::One),
    key("organization-domains", Kind::Many),
    key("keep-original", Kind::Switch),
    key("component", Kind::One),
    key("sinks", Kind::Many),
    key("dead-letter", Kind::One),
    key("ca-file", Kind::One),
    key("log", Kind::One),
    key("log-interval", Kind::One),
];

/// The prefix of this program's variables.
pub(super) const PREFIX: &str = "MESSAGE_TRACE_";

impl Key {
    /// Its environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }

    /// Its flag. A key with many values is given once for each.
    #[must_use]
    pub fn flag(&self) -> String {
        match self.kind {
            Kind::Many => format!("--{}", self.name.trim_end_matches('s')),
            Kind::One | Kind::Switch => format!("--{}", self.name),
        }
    }
}

/// The variables that a setup may read: this program's own, those of Azure's identities, and the proxy's; none that holds
/// the program's secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// Whether it is known that no variable holds the client secret.
    lacks_secret: bool,
}

impl Environment {
    /// This process's environment. Variables that are not UTF-8 are left out.
    #[must_use]
    pub fn of_process() -> Self {
        let is_read = |name: &String| {
            let is_ours = [PREFIX, "AZURE_", "IDENTITY_", "IMDS_"]
                .iter()
                .any(|prefix| name.starts_with(prefix));
            (is_ours || name.to_ascii_uppercase().ends_with("_PROXY"))
                && !SECRET_VARIABLES.contains(&name.as_str())
        };
        let names = std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(is_read);
        Self {
            variables: names
                .filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)))
                .collect(),
            lacks_secret: std::env::var_os("MESSAGE_TRACE_CLIENT_SECRET").is_none(),
        }
    }

    /// An environment of these variables, for tests.
    #[must_use]
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            variables: variables.into_iter().map(own).collect(),
            lacks_secret: false,
        }
    }

    /// The value of a variable; an empty one counts as not set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
    }

    /// The names of variables with this program's prefix.
    pub(super) fn own_names(&self) -> impl Iterator<Item = &str> {
        let names = self.variables.keys().map(String::as_str);
        names.filter(|name| name.starts_with(PREFIX))
    }

    /// Whether it is known that no variable holds the client secret.
    pub(super) const fn lacks_secret(&self) -> bool {
        self.lacks_secret
    }
}

impl fmt::Debug for Environment {
    /// Names alone: others' secrets may be among the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

/// A setting: its texts, and where they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) texts: Vec<String>,
    pub(super) place: Place,
}

/// All settings, each from the layer that counts.
#[derive(Debug, Default)]
pub(super) struct Layers {
    settings: BTreeMap<&'static str, Setting>,
    pub(super) sinks: Vec<SinkTable>,
}

impl Layers {
    pub(super) fn read(args: &PollArgs, environment: &Environment) -> Result<Self, ConfigError> {
        let config = args
            .config
            .clone()
            .or_else(|| environment.variable("MESSAGE_TRACE_CONFIG").map(Into::into));
        let file = config
            .as_deref()
            .map_or_else(|| Ok(File::default()), |path: &Path| File::read(path))?;
        let mut layers = Self {
            settings: file.settings,
            sinks: file.sinks,
        };
        for key in KEYS {
            let Some(value) = environment.variable(&key.variable()) else {
                continue;
            };
            let texts = match key.kind {
                Kind::Many => value
                    .split(',')
                    .map(|text| text.trim().to_owned())
                    .filter(|text| !text.is_empty())
                    .collect(),
                Kind::One | Kind::Switch => vec![value],
            };
            layers.set(key.name, texts, Place::Variable(key.variable()));
        }
        for (name, texts) in args.settings() {
            let flag = KEYS
                .iter()
                .find(|key| key.name == name)
                .map(Key::flag)
                .unwrap_or_default();
            layers.set(name, texts, Place::Flag(flag));
        }
        Ok(layers)
    }

    fn set(&mut self, name: &'static str, texts: Vec<String>, place: Place) {
        if name == "sinks" {
            // Sinks of a nearer layer stand in the place of the file's, tables included.
            self.sinks.clear();
        }
        self.settings.insert(name, Setting { texts, place });
    }

    pub(super) fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.setting(name)?.texts.first().map(String::as_str)
    }

    pub(super) fn place(&self, name: &str) -> Place {
        self.setting(name)
            .map_or(Place::Missing, |setting| setting.place.clone())
    }

    /// The setting read by a function, or the default if it is not set.
    pub(super) fn read_or<T>(
        &self,
        name: &str,
        default: T,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        match self.text(name) {
            None => Ok(default),
            Some(text) => read(text)
                .ok_or_else(|| ConfigError::new(self.place(name), name, format!("expected {expected}"))),
        }
    }
}

/// ` (did you mean NAME?)` for the nearest of the names, or nothing if none is near.
pub(super) fn did_you_mean<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> String {
    let text = text.replace('_', "-").to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&name.replace('_', "-").to_lowercase(), &text);
    let nearest = names.map(|name| (distance(name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= 3.max(text.len() / 4) && distance < name.len() => {
            format!(" (did you mean {name}?)")
        }
        _ => String::new(),
    }
}
