//! `type = "splunk"`.

use std::sync::Arc;

use super::{Kind, Opening, ServiceSetup, authorization, misfit, origin, secret};
use crate::config::table::Table;
use crate::config::{ConfigError, OpenError, SecretSource};
use message_trace_net::http::Origin;
use message_trace_sinks::service::Patience;
use message_trace_sinks::splunk::{Splunk, SplunkOptions};
use message_trace_sinks::{ServiceSink, Sink};

pub(super) const KIND: Kind = Kind {
    name: "splunk",
    keys: &[
        "url",
        "token",
        "acknowledge",
        "source",
        "sourcetype",
        "index",
        "gzip",
        "max-events",
    ],
    read,
};

#[derive(Clone, Debug)]
struct Setup {
    url: Origin,
    token: SecretSource,
    acknowledge: bool,
    source: String,
    sourcetype: String,
    index: Option<String>,
    gzip: bool,
    max_events: usize,
}

fn read(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let what = "the collector's address, such as https://splunk.example.com:8088";
    Ok(Arc::new(Setup {
        url: origin(table, "url", what)?.ok_or_else(|| table.missing("url", &format!("expected {what}")))?,
        token: secret(table, "token")?,
        acknowledge: table.switch("acknowledge")?.unwrap_or(false),
        source: table
            .text("source")?
            .unwrap_or_else(|| "message-trace".to_owned()),
        sourcetype: table
            .text("sourcetype")?
            .unwrap_or_else(|| "m365:message_trace".to_owned()),
        index: table.text("index")?,
        gzip: table.switch("gzip")?.unwrap_or(true),
        max_events: table.count("max-events")?.unwrap_or(1000),
    }))
}

impl ServiceSetup for Setup {
    fn place(&self) -> String {
        let Self {
            url,
            index,
            sourcetype,
            ..
        } = self;
        format!("{}{} {index:?} {sourcetype}", url.name(), url.prefix())
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>, OpenError> {
        let options = SplunkOptions {
            url: self.url.clone(),
            token: authorization("token", &self.token.with_prefix("Splunk "), opening.secrets)?,
            acknowledge: self.acknowledge,
            patience: Patience::default(),
            source: self.source.clone(),
            sourcetype: self.sourcetype.clone(),
            index: self.index.clone(),
            gzip: self.gzip,
            max_events: self.max_events,
        };
        let service = Splunk::new(options, Arc::clone(opening.transport));
        Ok(Box::new(ServiceSink::of(
            service.ok_or_else(|| misfit("url and /services/collector"))?,
        )))
    }
}
