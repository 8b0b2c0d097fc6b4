//! `type = "elasticsearch"`.

use std::sync::Arc;

use super::{Kind, Opening, ServiceSetup, authorization, misfit, value};
use crate::config::table::Table;
use crate::config::{ConfigError, OpenError, SecretSource};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use message_trace_net::http::{Origin, SecretHeader};
use message_trace_sinks::elasticsearch::{Destination, Elasticsearch, ElasticsearchOptions};
use message_trace_sinks::{ServiceSink, Sink};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

pub(super) const KIND: Kind = Kind {
    name: "elasticsearch",
    keys: &[
        "url",
        "data-stream",
        "index",
        "api-key",
        "username",
        "password",
        "gzip",
        "max-events",
        "max-bytes",
    ],
    read,
};

#[derive(Clone, Debug)]
struct Setup {
    nodes: Vec<Origin>,
    destination: Destination,
    login: Login,
    gzip: bool,
    max_events: usize,
    max_bytes: usize,
}

#[derive(Clone, Debug)]
enum Login {
    None,
    ApiKey(SecretSource),
    Basic(String, SecretSource),
}

fn read(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let what = "expected https://HOST:9200, or a list of nodes";
    let nodes = table.list("url")?;
    let nodes: Result<Vec<Origin>, _> = nodes
        .iter()
        .map(|node| Origin::parse(node).map_err(|error| table.missing("url", &format!("{error}; {what}"))))
        .collect();
    let nodes = nodes?;
    if nodes.is_empty() {
        return Err(table.missing("url", what));
    }
    let destination = match (name(table, "data-stream")?, name(table, "index")?) {
        (Some(name), None) => Destination::DataStream(name),
        (None, Some(name)) => Destination::Index(name),
        _ => return Err(table.missing("data-stream", "expected either data-stream or index, by its name")),
    };
    let login = match (
        table.secret("api-key")?,
        table.text("username")?,
        table.secret("password")?,
    ) {
        (None, None, None) => Login::None,
        (Some(source), None, None) => Login::ApiKey(source),
        (None, Some(name), Some(source)) if !name.contains(':') => Login::Basic(name, source),
        _ => return Err(table.missing("api-key", "expected either api-key, or username and password")),
    };
    Ok(Arc::new(Setup {
        nodes,
        destination,
        login,
        gzip: table.switch("gzip")?.unwrap_or(true),
        max_events: table.count("max-events")?.unwrap_or(1000),
        max_bytes: table.size("max-bytes", 100_000_000)?.unwrap_or(8 * 1024 * 1024),
    }))
}

/// The name of an index: lower case, and nothing that has a meaning in an address or a pattern.
///
/// Source: <https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create>.
fn name(table: &Table<'_, '_>, key: &'static str) -> Result<Option<String>, ConfigError> {
    let is_name = |name: &str| {
        let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-+".contains(&b);
        (1..=255).contains(&name.len())
            && name.bytes().all(is_inner)
            && !name.starts_with(['-', '_', '+', '.'])
    };
    table.parse(
        key,
        "a name in lower case, without spaces and * ? / \\ , #",
        |text| is_name(text).then(|| text.to_owned()),
    )
}

impl ServiceSetup for Setup {
    fn place(&self) -> String {
        let nodes: Vec<String> = self
            .nodes
            .iter()
            .map(|node| node.name() + node.prefix())
            .collect();
        format!("{:?} {}", self.destination, nodes.join(" "))
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>, OpenError> {
        let authorization: Option<SecretHeader> = match &self.login {
            Login::None => None,
            Login::ApiKey(source) => {
                let source = source.with_prefix("ApiKey ");
                Some(authorization("api-key", &source, opening.secrets)?)
            }
            Login::Basic(name, source) => {
                let password = value("password", source, opening.secrets)?;
                let pair = Zeroizing::new(format!("{name}:{}", password.expose_secret()));
                let header = format!("Basic {}", STANDARD.encode(pair.as_bytes()));
                SecretHeader::new(http::header::AUTHORIZATION, SecretString::from(header))
            }
        };
        let options = ElasticsearchOptions {
            nodes: self.nodes.clone(),
            destination: self.destination.clone(),
            authorization,
            gzip: self.gzip,
            max_events: self.max_events,
            max_bytes: self.max_bytes,
        };
        let service = Elasticsearch::new(options, Arc::clone(opening.transport));
        Ok(Box::new(ServiceSink::of(
            service.ok_or_else(|| misfit("the nodes"))?,
        )))
    }
}
