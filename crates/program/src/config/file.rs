//! The TOML file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layers::{Setting, did_you_mean};
use super::sink::SinkTable;
use super::{ConfigError, KEYS, Kind, Place};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) settings: BTreeMap<&'static str, Setting>,
    pub(super) sinks: Vec<SinkTable>,
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        // No line: the file as a whole is meant.
        let whole = |what: &str| ConfigError::new(Place::Missing, path.display().to_string(), what);
        let unreadable = |error: std::io::Error| {
            let what = format!(
                "the file cannot be read ({}); check its name and rights",
                error.kind()
            );
            ConfigError::storage(path.display().to_string(), what)
        };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if metadata.len() > MAX_BYTES && metadata.is_file() {
            return Err(whole("the file is larger than 1 MiB; is it the right one?"));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|_| whole("the file is not UTF-8"))?;
        Self::parse(path, &text)
    }

    /// Reads the file's text; the path is for errors.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let source = Source {
            path: path.to_owned(),
            text,
        };
        let table = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            // The message alone: the whole text of the error quotes the line.
            ConfigError::new(source.place(start), "", format!("not TOML: {}", error.message()))
        })?;
        let mut file = Self::default();
        for (name, value) in table.get_ref() {
            let place = source.place(name.span().start);
            let name = name.get_ref().as_ref();
            let Some(key) = KEYS.iter().find(|key| key.name == name) else {
                return Err(ConfigError::new(
                    place,
                    name,
                    unknown(name, KEYS.iter().map(|key| key.name)),
                ));
            };
            if key.name == "sinks" && is_tables(value.get_ref()) {
                for table in value.get_ref().as_array().into_iter().flatten() {
                    file.sinks.push(SinkTable::read(&source, table)?);
                }
                continue;
            }
            let expected = match key.kind {
                Kind::One => "expected one text or number",
                Kind::Switch => "expected true or false",
                Kind::Many => "expected a list of texts",
            };
            let texts = texts(value.get_ref(), key.kind)
                .ok_or_else(|| ConfigError::new(place.clone(), name, expected))?;
            file.settings.insert(key.name, Setting { texts, place });
        }
        Ok(file)
    }
}

/// The file's text, for the lines of errors.
pub(super) struct Source<'a> {
    path: PathBuf,
    text: &'a str,
}

impl Source<'_> {
    pub(super) fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        Place::File(self.path.clone(), before.matches('\n').count() + 1)
    }
}

fn is_tables(value: &DeValue<'_>) -> bool {
    value
        .as_array()
        .is_some_and(|values| values.iter().any(|value| value.get_ref().is_table()))
}

/// The texts of a value, if it is of the kind.
pub(super) fn texts(value: &DeValue<'_>, kind: Kind) -> Option<Vec<String>> {
    let one = |value: &Spanned<DeValue<'_>>| value.get_ref().as_str().map(str::to_owned);
    match (value, kind) {
        (DeValue::Boolean(is), Kind::Switch) => Some(vec![is.to_string()]),
        (DeValue::String(text), Kind::One | Kind::Many) => Some(vec![text.to_string()]),
        (DeValue::Integer(number), Kind::One) => Some(vec![number.as_str().to_owned()]),
        (DeValue::Array(values), Kind::Many) => values.iter().map(one).collect(),
        _ => None,
    }
}

/// What to say of a key that there is not.
pub(super) fn unknown<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let is_secret = [
        "client-secret",
        "secret",
        "password",
        "certificate-password",
        "token",
        "api-key",
    ];
    if is_secret.contains(&name.replace('_', "-").to_lowercase().as_str()) {
        return "no secret belongs in this file; set MESSAGE_TRACE_CLIENT_SECRET, or name a private file with \
                client-secret-file or certificate-password-file"
            .to_owned();
    }
    format!("there is no such key{}", did_you_mean(name, names))
}
