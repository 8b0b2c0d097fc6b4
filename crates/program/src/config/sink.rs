//! The sinks of a setup.

use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use toml::Spanned;
use toml::de::DeValue;

use super::file::Source;
use super::layers::Layers;
use super::services::{KINDS, ServiceSetup};
use super::table::{SecretSource, Table};
use super::{ConfigError, Place, bytes, duration};
use message_trace_net::http::{Link, Origin, OriginError};
use message_trace_sinks::{BodyFormat, FileOptions, HttpOptions};

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
    /// A service with keys of its own.
    Service {
        /// Its `type`.
        kind: &'static str,
        /// Its keys.
        service: Arc<dyn ServiceSetup>,
    },
    /// A sink with a name of its own.
    Named {
        /// The name.
        name: String,
        /// The sink; never a named one.
        sink: Box<SinkSetup>,
    },
}

/// A `[[sinks]]` table of the file.
#[derive(Clone, Debug)]
pub(super) struct SinkTable {
    setup: SinkSetup,
}

const STDOUT_KEYS: [&str; 2] = ["type", "name"];
const FILE_KEYS: [&str; 5] = ["type", "name", "path", "rotate-size", "rotate-every"];
const HTTP_KEYS: [&str; 11] = [
    "type",
    "name",
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
        let kind = table.text("type")?;
        let service = KINDS.iter().find(|known| Some(known.name) == kind.as_deref());
        let setup = match kind.as_deref() {
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
            _ => match service {
                Some(known) => {
                    table.allow(&[&["type", "name"], known.keys].concat())?;
                    SinkSetup::Service {
                        kind: known.name,
                        service: (known.read)(&table)?,
                    }
                }
                None => return Err(table.missing("type", &expected_kinds())),
            },
        };
        let setup = match table.sink_name()? {
            Some(name) => SinkSetup::Named {
                name,
                sink: Box::new(setup),
            },
            None => setup,
        };
        Ok(Self { setup })
    }
}

fn expected_kinds() -> String {
    let services: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    format!("expected stdout, file, http, {}", services.join(", "))
}

impl<'a, 'b> Table<'a, 'b> {
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
            text if text.starts_with("archive:") && text.len() > 8 => {
                let archive = super::services::archive(text.trim_start_matches("archive:"));
                let (kind, service) = archive.map_err(|what| wrong(what.to_owned()))?;
                Ok(SinkSetup::Service { kind, service })
            }
            text if text.starts_with("http://") || text.starts_with("https://") => Ok(SinkSetup::Http {
                link: sink_link(text).map_err(wrong)?,
                options: Box::default(),
                secret_headers: Vec::new(),
            }),
            _ => Err(wrong(
                "expected stdout, file:PATH, archive:DIR or http(s)://HOST/PATH".to_owned(),
            )),
        }
    };
    setting.texts.iter().map(short).collect()
}
