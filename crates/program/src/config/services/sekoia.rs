//! `type = "sekoia"`.

use std::sync::Arc;

use super::{Kind, Opening, ServiceSetup, misfit, origin, secret, value};
use crate::config::table::Table;
use crate::config::{ConfigError, OpenError, SecretSource};
use message_trace_net::http::Origin;
use message_trace_sinks::sekoia::{Sekoia, SekoiaOptions};
use message_trace_sinks::{ServiceSink, Sink};

pub(super) const KIND: Kind = Kind {
    name: "sekoia",
    keys: &["url", "intake-key", "gzip"],
    read,
};

#[derive(Clone, Debug)]
struct Setup {
    url: Origin,
    intake_key: SecretSource,
    gzip: bool,
}

fn read(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    const FRANCE: &str = "https://intake.sekoia.io";
    let url = match origin(
        table,
        "url",
        "the region's intake, such as https://intake.sekoia.io",
    )? {
        Some(url) => url,
        None => Origin::parse(FRANCE).map_err(|error| table.missing("url", &error.to_string()))?,
    };
    Ok(Arc::new(Setup {
        url,
        intake_key: secret(table, "intake-key")?,
        gzip: table.switch("gzip")?.unwrap_or(true),
    }))
}

impl ServiceSetup for Setup {
    fn place(&self) -> String {
        self.url.name() + self.url.prefix()
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>, OpenError> {
        let options = SekoiaOptions {
            url: self.url.clone(),
            intake_key: value("intake-key", &self.intake_key, opening.secrets)?,
            gzip: self.gzip,
        };
        let service = Sekoia::new(options, Arc::clone(opening.transport));
        Ok(Box::new(ServiceSink::of(
            service.ok_or_else(|| misfit("url and /batch"))?,
        )))
    }
}
