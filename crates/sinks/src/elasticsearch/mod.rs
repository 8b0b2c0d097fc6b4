//! Elasticsearch and OpenSearch, by the bulk API.
//!
//! | rule or limit | source |
//! |---|---|
//! | `POST /_bulk`, an action line and a document line each, the last with its line feed | [bulk API](https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk) |
//! | a data stream takes `create` only; a document that is there already is answered 409 | same page, and [data streams](https://www.elastic.co/docs/manage-data/data-store/data-streams/use-data-stream) |
//! | with `version_type: external` a version that is not higher is answered 409 | [index API, external versions](https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-index) |
//! | 200 says nothing of the items: each has its own `status`, in the order of the request | bulk API, response |
//! | an item's 429 and 5xx are for now; 400 is about the document | [tuning for indexing speed](https://www.elastic.co/docs/deploy-manage/production-guidance/optimize-performance/indexing-speed), bulk API |
//! | an `_id` has at most 512 bytes | [`_id` field](https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/mapping-id-field); [OpenSearch](https://docs.opensearch.org/latest/api-reference/document-apis/bulk/) since 2.9 |
//! | a body has at most 100 MB (`http.max_content_length`); 5 to 15 MB are advised | [networking settings](https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/networking-settings) |
//!
//! A repeat does nothing: it is the same document. `integrations/elastic/` has the index template, the ingest pipeline and
//! the lifecycle policy; [`FIELDS`] is the table that the template is made of.

mod answer;
mod encode;
mod fields;

use std::fmt;
use std::sync::Arc;

use http::Method;
use secrecy::zeroize::Zeroizing;

pub use fields::{FIELDS, Field, index_template};

use super::service::{Answer, Bounds, Frame, Service, Wire, judge};
use super::{Check, Event, RefusedReason, SinkError};
use message_trace_net::http::{Link, Origin, SecretHeader, Transport};

/// Where documents go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A data stream: each delivery of a row is a document of its own.
    DataStream(String),
    /// An index or alias: a changed row replaces its predecessor.
    Index(String),
}

/// How Elasticsearch is spoken to.
#[derive(Clone, Debug)]
pub struct ElasticsearchOptions {
    /// The nodes; at least one. The next one is asked when one does not answer.
    pub nodes: Vec<Origin>,
    /// Where documents go.
    pub destination: Destination,
    /// `Authorization`: an API key, or a name and password. None for a cluster without security.
    pub authorization: Option<SecretHeader>,
    /// Whether bodies are compressed. Default: true.
    pub gzip: bool,
    /// Most events in a request. Default: 1,000.
    pub max_events: usize,
    /// Most bytes in a request, before compression. Default: 8 MiB.
    pub max_bytes: usize,
}

/// Elasticsearch or OpenSearch.
pub struct Elasticsearch {
    wire: Wire,
    nodes: Vec<Node>,
    /// The node that is asked.
    at: usize,
    destination: Destination,
    bounds: Bounds,
}

struct Node {
    bulk: Link,
    privileges: Link,
    root: Link,
}

impl Elasticsearch {
    /// Makes the service. Sends nothing yet. `None` if there is no node, or one with a path that no request can have.
    #[must_use]
    pub fn new(options: ElasticsearchOptions, transport: Arc<dyn Transport>) -> Option<Self> {
        let nodes: Option<Vec<Node>> = options.nodes.iter().map(Node::at).collect();
        let nodes = nodes.filter(|nodes| !nodes.is_empty())?;
        let wire = Wire::new(&nodes.first()?.bulk, transport, "application/x-ndjson")
            .gzip(options.gzip)
            .secrets(options.authorization);
        Some(Self {
            wire,
            nodes,
            at: 0,
            destination: options.destination,
            bounds: Bounds {
                max_events: options.max_events,
                max_bytes: options.max_bytes,
                max_event_bytes: options.max_bytes,
            },
        })
    }

    fn node(&self) -> Option<&Node> {
        self.nodes.get(self.at % self.nodes.len().max(1))
    }
}

impl Node {
    fn at(origin: &Origin) -> Option<Self> {
        // Of each item its status and the class of its error: an error's text holds values of the event.
        const BULK: &str = "/_bulk?filter_path=errors,items.*.status,items.*.error.type";
        Some(Self {
            bulk: origin.link(BULK).ok()?,
            privileges: origin.link("/_security/user/_has_privileges").ok()?,
            root: origin.link("/").ok()?,
        })
    }
}

impl Service for Elasticsearch {
    fn name(&self) -> &str {
        self.wire.name()
    }

    fn bounds(&self) -> Bounds {
        self.bounds
    }

    fn frame(&self) -> Frame<'_> {
        Frame::default()
    }

    fn encode(&self, event: Event<'_>, body: &mut Vec<u8>) -> Result<(), RefusedReason> {
        encode::put(&self.destination, event, body);
        Ok(())
    }

    fn send(&mut self, body: Zeroizing<Vec<u8>>, events: usize) -> Result<Answer, SinkError> {
        let node = self.node().ok_or(SinkError::Internal("no node"))?;
        let answer = self.wire.post(&node.bulk, body);
        let answer = answer.and_then(|answer| match judge(&answer)? {
            Some(reason) => Ok(Answer::Guilty(reason)),
            None => answer::read(&answer, events),
        });
        if matches!(
            &answer,
            Err(SinkError::Unreachable(_) | SinkError::Unavailable { .. })
        ) {
            self.at = (self.at + 1) % self.nodes.len().max(1);
        }
        answer
    }

    /// Asks which rights the credential has, which any user may ask. A cluster without that question (OpenSearch, no
    /// security) is asked for its name.
    fn check(&mut self) -> Result<Check, SinkError> {
        let node = self.node().ok_or(SinkError::Internal("no node"))?;
        let (name, right) = match &self.destination {
            Destination::DataStream(name) => (name, "create_doc"),
            Destination::Index(name) => (name, "index"),
        };
        let question = serde_json::json!({ "index": [{ "names": [name], "privileges": [right] }] });
        let question = question.to_string();
        let answer = self
            .wire
            .ask(Method::POST, &node.privileges, question.as_bytes())?;
        if matches!(answer.status().as_u16(), 400 | 404 | 405 | 410) {
            let root = self.wire.ask(Method::GET, &node.root, b"")?;
            judge(&root)?;
            return Ok(Check::Reachable(
                "it answers; whether the credential may write there cannot be asked",
            ));
        }
        if let Some(RefusedReason::Status(status)) = judge(&answer)? {
            return Err(SinkError::Denied { status });
        }
        answer::has_right(&answer)?
            .then_some(Check::Authorized)
            .ok_or(SinkError::Denied { status: 403 })
    }
}

impl fmt::Debug for Elasticsearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Elasticsearch").field(&self.wire.name()).finish()
    }
}
