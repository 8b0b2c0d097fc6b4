//! A table of the file, read key by key; and where secrets are.

use std::path::PathBuf;

use http::HeaderName;
use secrecy::{ExposeSecret, SecretString};
use toml::Spanned;
use toml::de::DeValue;

use super::file::{Source, texts, unknown};
use super::{ConfigError, Kind, OpenError, Place, Secrets, bytes};
use message_trace_net::auth::read_secret_file;
use message_trace_net::http::SecretHeader;

/// Where the value of a secret header is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSource {
    /// An environment variable.
    pub variable: Option<String>,
    /// A private file; counts where no variable is named.
    pub file: Option<PathBuf>,
    /// What goes before the secret, such as `Bearer `. No secret.
    pub prefix: String,
}

impl SecretSource {
    pub(super) fn read(&self, name: &HeaderName, secrets: Secrets<'_>) -> Result<SecretHeader, OpenError> {
        self.header(&format!("header {name}"), name.clone(), secrets)
    }

    /// The secret as a header, behind its prefix. `what` is how an error calls it.
    pub(super) fn header(
        &self,
        what: &str,
        name: HeaderName,
        secrets: Secrets<'_>,
    ) -> Result<SecretHeader, OpenError> {
        let secret = self.value(what, secrets)?;
        let value = SecretString::from(format!("{}{}", self.prefix, secret.expose_secret()));
        SecretHeader::new(name, value).ok_or_else(|| {
            OpenError::Secret(format!(
                "the sink's {what}: the secret holds characters that no header has; check its last line"
            ))
        })
    }

    /// The secret alone.
    pub(super) fn value(&self, what: &str, secrets: Secrets<'_>) -> Result<SecretString, OpenError> {
        let wrong = |error: String| OpenError::Secret(format!("the sink's {what}: {error}"));
        let secret = match (&self.variable, &self.file) {
            (Some(variable), _) => secrets(variable)
                .map(|secret| secret.ok_or_else(|| wrong(format!("{variable} is not set; set it")))),
            (None, Some(file)) => read_secret_file(file).map(Ok),
            (None, None) => Ok(Err(wrong("it names no secret".to_owned()))),
        };
        secret.map_err(|error| wrong(error.to_string()))?
    }

    /// The same secret behind another prefix.
    pub(super) fn with_prefix(&self, prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            ..self.clone()
        }
    }
}

/// A table of the file, with the place of each key.
pub(super) struct Table<'a, 'b> {
    pub(super) source: &'a Source<'b>,
    name: &'static str,
    start: usize,
    rows: Vec<(String, Place, &'a DeValue<'b>)>,
}

impl<'a, 'b> Table<'a, 'b> {
    pub(super) fn read(
        source: &'a Source<'b>,
        value: &'a Spanned<DeValue<'b>>,
        name: &'static str,
    ) -> Result<Self, ConfigError> {
        let start = value.span().start;
        let table = value.get_ref().as_table();
        let table = table.ok_or_else(|| ConfigError::new(source.place(start), name, "expected a table"))?;
        let row = |(key, value): (&Spanned<_>, &'a Spanned<DeValue<'b>>)| {
            let key: &Spanned<toml::de::DeString<'_>> = key;
            (
                key.get_ref().to_string(),
                source.place(key.span().start),
                value.get_ref(),
            )
        };
        Ok(Self {
            source,
            name,
            start,
            rows: table.iter().map(row).collect(),
        })
    }

    pub(super) fn allow(&self, keys: &[&str]) -> Result<(), ConfigError> {
        match self.rows.iter().find(|(name, ..)| !keys.contains(&name.as_str())) {
            Some((name, place, _)) => Err(ConfigError::new(
                place.clone(),
                name,
                unknown(name, keys.iter().copied()),
            )),
            None => Ok(()),
        }
    }

    pub(super) fn missing(&self, key: &str, what: &str) -> ConfigError {
        ConfigError::new(self.place(key), format!("{}.{key}", self.name), what)
    }

    pub(super) fn place(&self, key: &str) -> Place {
        let row = self.rows.iter().find(|(name, ..)| name == key);
        row.map_or_else(|| self.source.place(self.start), |(_, place, _)| place.clone())
    }

    pub(super) fn value(&self, key: &str) -> Option<&'a DeValue<'b>> {
        self.rows
            .iter()
            .find(|(name, ..)| name == key)
            .map(|(.., value)| *value)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let text = texts(value, Kind::One).and_then(|texts| texts.into_iter().next());
        text.map(Some)
            .ok_or_else(|| self.missing(key, "expected a text or number"))
    }

    pub(super) fn parse<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let read =
            |text: String| read(&text).ok_or_else(|| self.missing(key, &format!("expected {expected}")));
        self.text(key)?.map(read).transpose()
    }

    pub(super) fn switch(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        let read = |value: &DeValue<'_>| {
            value
                .as_bool()
                .ok_or_else(|| self.missing(key, "expected true or false"))
        };
        self.value(key).map(read).transpose()
    }

    /// The sink's own name, if it has one.
    pub(super) fn sink_name(&self) -> Result<Option<String>, ConfigError> {
        let is_name = |text: &str| {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        };
        self.parse("name", "a name of at most 64 visible characters", |text| {
            is_name(text).then(|| text.to_owned())
        })
    }

    /// One text, or a list of them.
    pub(super) fn list(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(Vec::new());
        };
        texts(value, Kind::Many).ok_or_else(|| self.missing(key, "expected a text or a list of texts"))
    }

    /// A number of events, 1 to 100,000.
    pub(super) fn count(&self, key: &str) -> Result<Option<usize>, ConfigError> {
        self.parse(key, "a number of events, 1 to 100000", |text| {
            text.parse().ok().filter(|count| (1..=100_000).contains(count))
        })
    }

    /// A size in bytes, at least 1 KiB.
    pub(super) fn size(&self, key: &str, most: usize) -> Result<Option<usize>, ConfigError> {
        self.parse(
            key,
            &format!("a size such as 1MiB, 1KiB to {most} bytes"),
            |text| {
                let size = usize::try_from(bytes(text)?).ok()?;
                (1024..=most).contains(&size).then_some(size)
            },
        )
    }

    /// Where a secret is, if the key is there.
    pub(super) fn secret(&self, key: &str) -> Result<Option<SecretSource>, ConfigError> {
        let wrong = || {
            self.missing(
                key,
                "expected { variable = \"NAME\" } or { file = \"PATH\" }; a secret has no place here",
            )
        };
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let table = value.as_table().ok_or_else(wrong)?;
        let mut source = SecretSource {
            variable: None,
            file: None,
            prefix: String::new(),
        };
        for (name, value) in table {
            let text = value.get_ref().as_str().map(str::to_owned).ok_or_else(wrong)?;
            match name.get_ref().as_ref() {
                "variable" => source.variable = Some(text),
                "file" => source.file = Some(text.into()),
                _ => return Err(wrong()),
            }
        }
        if source.variable.is_some() == source.file.is_some() {
            return Err(wrong());
        }
        Ok(Some(source))
    }
}
