//! Every field of target `ecs`, of alerts, and those that the ingest pipeline adds, with its type: one table for the index
//! template and for the tests that hold events against it.

use serde_json::{Map, Value, json};

/// A field of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its path, with dots.
    pub path: &'static str,
    /// Its type in a mapping, that of ECS where ECS has the field.
    pub kind: &'static str,
}

const fn field(path: &'static str, kind: &'static str) -> Field {
    Field { path, kind }
}

/// Every field, in order of the paths.
pub const FIELDS: &[Field] = &[
    field("@timestamp", "date"),
    field("destination.address", "keyword"),
    field("destination.as.number", "long"),
    field("destination.as.organization.name", "keyword"),
    field("destination.domain", "keyword"),
    field("destination.geo.city_name", "keyword"),
    field("destination.geo.continent_name", "keyword"),
    field("destination.geo.country_iso_code", "keyword"),
    field("destination.geo.country_name", "keyword"),
    field("destination.geo.location", "geo_point"),
    field("destination.geo.region_iso_code", "keyword"),
    field("destination.geo.region_name", "keyword"),
    field("destination.ip", "ip"),
    field("destination.registered_domain", "keyword"),
    field("destination.subdomain", "keyword"),
    field("destination.top_level_domain", "keyword"),
    field("destination.user.domain", "keyword"),
    field("destination.user.email", "keyword"),
    field("destination.user.name", "keyword"),
    field("ecs.version", "keyword"),
    field("email.delivery_timestamp", "date"),
    field("email.direction", "keyword"),
    field("email.from.address", "keyword"),
    field("email.local_id", "keyword"),
    field("email.message_id", "wildcard"),
    field("email.subject", "keyword"),
    field("email.to.address", "keyword"),
    field("error.message", "match_only_text"),
    field("event.action", "keyword"),
    field("event.category", "keyword"),
    field("event.created", "date"),
    field("event.dataset", "keyword"),
    field("event.id", "keyword"),
    field("event.ingested", "date"),
    field("event.kind", "keyword"),
    field("event.module", "keyword"),
    field("event.original", "keyword"),
    field("event.outcome", "keyword"),
    field("event.provider", "keyword"),
    field("event.reason", "keyword"),
    field("event.sequence", "long"),
    field("event.severity", "long"),
    field("event.type", "keyword"),
    field("m365.message_trace.alert.day", "keyword"),
    field("m365.message_trace.alert.event_ids", "keyword"),
    field("m365.message_trace.alert.facts", "flattened"),
    field("m365.message_trace.alert.id", "keyword"),
    field("m365.message_trace.alert.observed", "long"),
    field("m365.message_trace.alert.question", "keyword"),
    field("m365.message_trace.alert.threshold", "long"),
    field("m365.message_trace.alert.unit", "keyword"),
    field("m365.message_trace.cause", "keyword"),
    field("m365.message_trace.connector_id", "keyword"),
    field("m365.message_trace.custom_data", "wildcard"),
    field("m365.message_trace.delivery_priority", "keyword"),
    field("m365.message_trace.directionality", "keyword"),
    field("m365.message_trace.enhanced_status_code", "keyword"),
    field("m365.message_trace.id", "keyword"),
    field("m365.message_trace.is_bounce", "boolean"),
    field("m365.message_trace.original_client_ip", "ip"),
    field("m365.message_trace.previous_status", "keyword"),
    field("m365.message_trace.size", "long"),
    field("m365.message_trace.status", "keyword"),
    field("m365.message_trace.steps.action", "keyword"),
    field("m365.message_trace.steps.data", "flattened"),
    field("m365.message_trace.steps.data_text", "keyword"),
    field("m365.message_trace.steps.detail", "keyword"),
    field("m365.message_trace.steps.event", "keyword"),
    field("m365.message_trace.steps.time", "date"),
    field("m365.message_trace.steps_left_out", "long"),
    field("m365.message_trace.unread_details", "keyword"),
    field("organization.id", "keyword"),
    field("organization.name", "keyword"),
    field("related.hosts", "keyword"),
    field("related.ip", "ip"),
    field("related.user", "keyword"),
    field("rule.id", "keyword"),
    field("rule.name", "keyword"),
    field("rule.reference", "keyword"),
    field("rule.ruleset", "keyword"),
    field("source.address", "keyword"),
    field("source.as.number", "long"),
    field("source.as.organization.name", "keyword"),
    field("source.domain", "keyword"),
    field("source.geo.city_name", "keyword"),
    field("source.geo.continent_name", "keyword"),
    field("source.geo.country_iso_code", "keyword"),
    field("source.geo.country_name", "keyword"),
    field("source.geo.location", "geo_point"),
    field("source.geo.region_iso_code", "keyword"),
    field("source.geo.region_name", "keyword"),
    field("source.ip", "ip"),
    field("source.registered_domain", "keyword"),
    field("source.subdomain", "keyword"),
    field("source.top_level_domain", "keyword"),
    field("source.user.domain", "keyword"),
    field("source.user.email", "keyword"),
    field("source.user.name", "keyword"),
    field("threat.framework", "keyword"),
    field("threat.tactic.id", "keyword"),
    field("threat.tactic.name", "keyword"),
    field("threat.technique.id", "keyword"),
    field("threat.technique.name", "keyword"),
    field("threat.technique.subtechnique.id", "keyword"),
    field("threat.technique.subtechnique.name", "keyword"),
    field("user.email", "keyword"),
];

/// How a field is mapped.
fn mapping(field: Field) -> Value {
    match (field.path, field.kind) {
        // Kept, and neither searched nor counted: it is the row once more.
        ("event.original", kind) => json!({ "type": kind, "index": false, "doc_values": false }),
        // What could not be read: to be looked at, not to be searched.
        ("m365.message_trace.steps.data_text" | "m365.message_trace.unread_details", kind) => {
            json!({ "type": kind, "index": false, "doc_values": false })
        }
        // As a keyword, its values are cut from the index where they are long, never from the event.
        (_, "flattened") => json!({ "type": "flattened", "ignore_above": 1024 }),
        // Words of a subject are searched too, as ECS has it for its other texts.
        ("email.subject", kind) => json!({
            "type": kind,
            "ignore_above": 1024,
            "fields": { "text": { "type": "match_only_text" } }
        }),
        (_, "keyword") => json!({ "type": "keyword", "ignore_above": 1024 }),
        (_, kind) => json!({ "type": kind }),
    }
}

/// The index template for data streams and indexes, as `PUT _index_template/message-trace` takes it.
///
/// Fields that it does not know are kept and not searched: no event is refused for one.
/// Source: <https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-put-index-template>.
#[must_use]
pub fn index_template() -> Value {
    let mut properties = Map::new();
    for field in FIELDS {
        insert(&mut properties, field.path, mapping(*field));
    }
    json!({
        "index_patterns": ["logs-m365.message_trace-*", "logs-m365.message_trace.alert-*"],
        "data_stream": {},
        "priority": 500,
        "template": {
            "settings": {
                "index.lifecycle.name": "message-trace",
                "index.default_pipeline": "message-trace"
            },
            "mappings": { "dynamic": false, "date_detection": false, "properties": properties }
        },
        "_meta": { "description": "Message traces of Microsoft 365, target ecs (ECS 9.4)" }
    })
}

fn insert(properties: &mut Map<String, Value>, path: &str, mapping: Value) {
    let Some((key, below)) = path.split_once('.') else {
        properties.insert(path.to_owned(), mapping);
        return;
    };
    let object = properties
        .entry(key)
        .or_insert_with(|| json!({ "properties": {} }));
    if let Some(inner) = object.get_mut("properties").and_then(Value::as_object_mut) {
        insert(inner, below, mapping);
    }
}
