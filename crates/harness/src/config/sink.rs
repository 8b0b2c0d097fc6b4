//! The sinks of a setup.

use std::path::PathBuf;

use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use toml::Spanned;
use toml::de::DeValue;

use super::file::{Source, texts, unknown};
use super::layers::Layers;
use super::{ConfigError, Kind, OpenError, Place, Secrets, bytes, duration};
use crate::auth::read_secret_file;
use crate::http::{Link, Origin, OriginError, SecretHeader};
use crate::sink::{BodyFormat, FileOptions, HttpOptions};

/// A sink, set up. Holds no secret.
#[derive(Clone, Debug)]
pub enum SinkSetup {
    /// Standard output.
    Stdout,
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Its rotation.
        options: FileOptions,
    },
    /// A collector.
    Http {
        /// Its address.
        link: Link,
        /// How it is spoken to, without the secret headers.
        options: Box<HttpOptions>,
        /// Headers whose values are secrets.
        secret_headers: Vec<(HeaderName, SecretSource)>,
    },
}

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
        let wrong = |what: String| OpenError::Secret(format!("the sink's header {name}: {what}"));
        let secret = match (&self.variable, &self.file) {
            (Some(variable), _) => secrets(variable)
                .map(|secret| secret.ok_or_else(|| wrong(format!("{variable} is not set; set it")))),
            (None, Some(file)) => read_secret_file(file).map(Ok),
            (None, None) => Ok(Err(wrong("it names no secret".to_owned()))),
        };
        let secret = secret.map_err(|error| wrong(error.to_string()))??;
        let value = SecretString::from(format!("{}{}", self.prefix, secret.expose_secret()));
        let malformed =
            || wrong("the secret holds characters that no header has; check its last line".to_owned());
        SecretHeader::new(name.clone(), value).ok_or_else(malformed)
    }
}

/// A `[[sinks]]` table of the file.
#[derive(Clone, Debug)]
pub(super) struct SinkTable {
    setup: SinkSetup,
}

const STDOUT_KEYS: [&str; 1] = ["type"];
const FILE_KEYS: [&str; 4] = ["type", "path", "rotate-size", "rotate-every"];
const HTTP_KEYS: [&str; 10] = [
    "type",
    "url",
    "format",
    "gzip",
    "max-events",
    "max-bytes",
    "expect-status",
    "accept-html",
    "headers",
    "secret-headers",
];

impl SinkTable {
    pub(super) fn read(source: &Source<'_>, value: &Spanned<DeValue<'_>>) -> Result<Self, ConfigError> {
        let table = Table::read(source, value, "sinks")?;
        let setup = match table.text("type")?.as_deref() {
            Some("stdout") => {
                table.allow(&STDOUT_KEYS)?;
                SinkSetup::Stdout
            }
            Some("file") => {
                table.allow(&FILE_KEYS)?;
                let path = table
                    .text("path")?
                    .ok_or_else(|| table.missing("path", "expected the file's path"))?;
                let options = FileOptions {
                    rotate_bytes: table.parse("rotate-size", "a size such as 100MiB", bytes)?,
                    rotate_age: table.parse("rotate-every", "a duration such as 24h", duration)?,
                };
                SinkSetup::File {
                    path: path.into(),
                    options,
                }
            }
            Some("http") => {
                table.allow(&HTTP_KEYS)?;
                table.http()?
            }
            _ => return Err(table.missing("type", "expected type = \"stdout\", \"file\" or \"http\"")),
        };
        Ok(Self { setup })
    }
}

/// A table of the file, with the place of each key.
struct Table<'a, 'b> {
    source: &'a Source<'b>,
    name: &'static str,
    start: usize,
    rows: Vec<(String, Place, &'a DeValue<'b>)>,
}

impl<'a, 'b> Table<'a, 'b> {
    fn read(
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

    fn allow(&self, keys: &[&str]) -> Result<(), ConfigError> {
        match self.rows.iter().find(|(name, ..)| !keys.contains(&name.as_str())) {
            Some((name, place, _)) => Err(ConfigError::new(
                place.clone(),
                name,
                unknown(name, keys.iter().copied()),
            )),
            None => Ok(()),
        }
    }

    fn missing(&self, key: &str, what: &str) -> ConfigError {
        ConfigError::new(self.place(key), format!("{}.{key}", self.name), what)
    }

    fn place(&self, key: &str) -> Place {
        let row = self.rows.iter().find(|(name, ..)| name == key);
        row.map_or_else(|| self.source.place(self.start), |(_, place, _)| place.clone())
    }

    fn value(&self, key: &str) -> Option<&'a DeValue<'b>> {
        self.rows
            .iter()
            .find(|(name, ..)| name == key)
            .map(|(.., value)| *value)
    }

    fn text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let text = texts(value, Kind::One).and_then(|texts| texts.into_iter().next());
        text.map(Some)
            .ok_or_else(|| self.missing(key, "expected a text or number"))
    }

    fn parse<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let read =
            |text: String| read(&text).ok_or_else(|| self.missing(key, &format!("expected {expected}")));
        self.text(key)?.map(read).transpose()
    }

    fn switch(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        let read = |value: &DeValue<'_>| {
            value
                .as_bool()
                .ok_or_else(|| self.missing(key, "expected true or false"))
        };
        self.value(key).map(read).transpose()
    }

    fn http(&self) -> Result<SinkSetup, ConfigError> {
        let url = self
            .text("url")?
            .ok_or_else(|| self.missing("url", "expected the collector's URL"))?;
        let link = sink_link(&url).map_err(|what| self.missing("url", &what))?;
        let count = |text: &str| text.parse().ok().filter(|count| (1..=100_000).contains(count));
        let size = |text: &str| {
            bytes(text)
                .filter(|size| *size <= 1 << 30)
                .and_then(|size| usize::try_from(size).ok())
        };
        let format = |text: &str| match text {
            "ndjson" => Some(BodyFormat::Ndjson),
            "json-array" => Some(BodyFormat::JsonArray),
            _ => None,
        };
        let default = HttpOptions::default();
        let options = HttpOptions {
            format: self
                .parse("format", "ndjson or json-array", format)?
                .unwrap_or(default.format),
            gzip: self.switch("gzip")?.unwrap_or(default.gzip),
            max_events: self
                .parse("max-events", "a number of events, 1 to 100000", count)?
                .unwrap_or(default.max_events),
            max_bytes: self
                .parse("max-bytes", "a size such as 4MiB, at most 1GiB", size)?
                .unwrap_or(default.max_bytes),
            headers: self.headers()?,
            expect_status: self.statuses()?,
            accept_html: self.switch("accept-html")?.unwrap_or(default.accept_html),
            ..default
        };
        Ok(SinkSetup::Http {
            link,
            options: Box::new(options),
            secret_headers: self.secret_headers()?,
        })
    }

    /// The statuses that acknowledge: one number, or a list of them.
    fn statuses(&self) -> Result<Vec<u16>, ConfigError> {
        let Some(value) = self.value("expect-status") else {
            return Ok(Vec::new());
        };
        let one = |value: &DeValue<'_>| {
            let number = value.as_integer()?.as_str().parse().ok();
            number.filter(|status| (200..=299).contains(status))
        };
        let statuses: Option<Vec<u16>> = match value.as_array() {
            Some(values) => values.iter().map(|value| one(value.get_ref())).collect(),
            None => one(value).map(|status| vec![status]),
        };
        statuses.filter(|statuses| !statuses.is_empty()).ok_or_else(|| {
            self.missing(
                "expect-status",
                "expected a status from 200 to 299, or a list of them",
            )
        })
    }

    /// The table under a key, as rows of its own.
    fn table(&self, key: &str) -> Result<Vec<(HeaderName, Place, &'a DeValue<'b>)>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(Vec::new());
        };
        let table = value
            .as_table()
            .ok_or_else(|| self.missing(key, "expected a table of headers"))?;
        let row = |(name, value): (&Spanned<toml::de::DeString<'b>>, &'a Spanned<DeValue<'b>>)| {
            let place = self.source.place(name.span().start);
            let name = name.get_ref().parse();
            let name = name.map_err(|_| ConfigError::new(place.clone(), key, "expected a header's name"))?;
            Ok((name, place, value.get_ref()))
        };
        table.iter().map(row).collect()
    }

    fn headers(&self) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        for (name, place, value) in self.table("headers")? {
            const SECRET: [&str; 6] = [
                "authorization",
                "proxy-authorization",
                "cookie",
                "x-api-key",
                "api-key",
                "x-identity-header",
            ];
            if SECRET.contains(&name.as_str()) {
                let what = "the value of this header is a secret; give it in secret-headers";
                return Err(ConfigError::new(place, format!("headers.{name}"), what));
            }
            let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
            let what = "expected a text of visible ASCII";
            let value = value.ok_or_else(|| ConfigError::new(place, format!("headers.{name}"), what))?;
            headers.insert(name, value);
        }
        Ok(headers)
    }

    fn secret_headers(&self) -> Result<Vec<(HeaderName, SecretSource)>, ConfigError> {
        let mut headers = Vec::new();
        for (name, place, value) in self.table("secret-headers")? {
            let key = format!("secret-headers.{name}");
            let what =
                "expected { variable = \"NAME\" } or { file = \"PATH\" }, and perhaps prefix = \"Bearer \"";
            let wrong = || ConfigError::new(place.clone(), key.clone(), what);
            let table = value.as_table().ok_or_else(wrong)?;
            let text = |key: &str| {
                table
                    .get(key)
                    .map(|value| value.get_ref().as_str().map(str::to_owned))
            };
            let text = |key: &str| text(key).map(|text| text.ok_or_else(wrong)).transpose();
            let source = SecretSource {
                variable: text("variable")?,
                file: text("file")?.map(Into::into),
                prefix: text("prefix")?.unwrap_or_default(),
            };
            let is_known = |name: &Spanned<toml::de::DeString<'_>>| {
                matches!(name.get_ref().as_ref(), "variable" | "file" | "prefix")
            };
            if source.variable.is_some() == source.file.is_some() || !table.keys().all(is_known) {
                return Err(wrong());
            }
            headers.push((name, source));
        }
        Ok(headers)
    }
}

/// Reads a collector's URL, which may have a query.
fn sink_link(url: &str) -> Result<Link, String> {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url
        .get(authority..)
        .and_then(|rest| rest.find(['/', '?']))
        .map_or(url.len(), |at| authority + at);
    let origin =
        Origin::parse(url.get(..end).unwrap_or_default()).map_err(|error: OriginError| error.to_string())?;
    origin.admit(url).map_err(|error| error.to_string())
}

/// The sinks of the nearest layer that has any; standard output if none has.
pub(super) fn read(layers: &Layers) -> Result<Vec<SinkSetup>, ConfigError> {
    let Some(setting) = layers.setting("sinks") else {
        let tables: Vec<SinkSetup> = layers.sinks.iter().map(|table| table.setup.clone()).collect();
        return Ok(if tables.is_empty() {
            vec![SinkSetup::Stdout]
        } else {
            tables
        });
    };
    let short = |text: &String| {
        let wrong = |what: String| ConfigError::new(setting.place.clone(), "sinks", what);
        match text.as_str() {
            "stdout" => Ok(SinkSetup::Stdout),
            text if text.starts_with("file:") && text.len() > 5 => {
                let path = text.trim_start_matches("file:").into();
                Ok(SinkSetup::File {
                    path,
                    options: FileOptions::default(),
                })
            }
            text if text.starts_with("http://") || text.starts_with("https://") => Ok(SinkSetup::Http {
                link: sink_link(text).map_err(wrong)?,
                options: Box::default(),
                secret_headers: Vec::new(),
            }),
            _ => Err(wrong(
                "expected stdout, file:PATH or http(s)://HOST/PATH".to_owned(),
            )),
        }
    };
    setting.texts.iter().map(short).collect()
}
