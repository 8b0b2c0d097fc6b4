//! Rows of an archive as the events that Sigma's rules are written for: target `ecs`.

use serde_json::{Map, Value as Json};

/// A field, and the column that has it.
struct Field {
    path: &'static str,
    column: &'static str,
    from: From,
}

/// How a column becomes a field.
enum From {
    /// As it is.
    Same,
    /// As the only value of a list.
    List,
    /// What stands before the last `@`.
    Name,
    /// A time, with its zone.
    Time,
    /// Only where it is true.
    Flag,
}

const fn field(path: &'static str, column: &'static str, from: From) -> Field {
    Field { path, column, from }
}

/// Every field that an archive has. `_id` is what contributing events are named by.
const FIELDS: &[Field] = &[
    field("_id", "event_id", From::Same),
    field("@timestamp", "time", From::Time),
    field("event.id", "event_id", From::Same),
    field("event.sequence", "sequence", From::Same),
    field("event.action", "status", From::Same),
    field("event.outcome", "outcome", From::Same),
    field("email.direction", "direction", From::Same),
    field("email.from.address", "sender", From::List),
    field("email.to.address", "recipient", From::List),
    field("email.subject", "subject", From::Same),
    field("email.message_id", "message_id", From::Same),
    field("email.local_id", "trace_id", From::Same),
    field("source.ip", "source_ip", From::Same),
    field("source.user.email", "sender", From::Same),
    field("source.user.domain", "sender_domain", From::Same),
    field("source.user.name", "sender", From::Name),
    field("destination.ip", "destination_ip", From::Same),
    field("destination.user.email", "recipient", From::Same),
    field("destination.user.domain", "recipient_domain", From::Same),
    field("destination.user.name", "recipient", From::Name),
    field("m365.message_trace.id", "trace_id", From::Same),
    field("m365.message_trace.size", "size", From::Same),
    field("m365.message_trace.cause", "cause", From::Same),
    field("m365.message_trace.is_bounce", "is_bounce", From::Flag),
    field(
        "m365.message_trace.previous_status",
        "previous_status",
        From::Same,
    ),
    field("organization.name", "organization", From::Same),
    field("organization.id", "tenant_id", From::Same),
];

/// Every field of an event that an archive keeps, with the column that has it.
pub fn fields() -> impl Iterator<Item = (&'static str, &'static str)> {
    FIELDS.iter().map(|field| (field.path, field.column))
}

/// Whether an archive has a field.
pub(crate) fn has(path: &str) -> bool {
    FIELDS.iter().any(|field| field.path == path)
}

/// The event of a row of the table `records`, by the names of its columns. What is null is left out.
#[must_use]
pub fn document(row: &Map<String, Json>) -> Json {
    let mut document = Map::new();
    for Field { path, column, from } in FIELDS {
        let Some(value) = row.get(*column).filter(|value| !value.is_null()) else {
            continue;
        };
        let text = value.as_str().unwrap_or_default();
        let value = match from {
            From::Same => value.clone(),
            From::List => Json::Array(vec![value.clone()]),
            From::Name => match text.rsplit_once('@') {
                Some((name, _)) => name.into(),
                None => continue,
            },
            From::Time => format!("{}Z", text.trim_end_matches('Z')).into(),
            From::Flag if value.as_bool() == Some(true) => value.clone(),
            From::Flag => continue,
        };
        put(&mut document, path, value);
    }
    Json::Object(document)
}

fn put(object: &mut Map<String, Json>, path: &str, value: Json) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((key, below)) => {
            let inner = object.entry(key).or_insert_with(|| Json::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, below, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::document;

    #[test]
    fn a_row_becomes_an_event() {
        let row = json!({
            "event_id": "t/r@example.org/delivered", "time": "2025-06-20T10:30:00", "sender": "a@contoso.com",
            "sender_domain": "contoso.com", "recipient": null, "size": 5, "is_bounce": false,
        });
        let event = row.as_object().map(document);
        let expected = json!({
            "_id": "t/r@example.org/delivered", "@timestamp": "2025-06-20T10:30:00Z",
            "event": { "id": "t/r@example.org/delivered" }, "email": { "from": { "address": ["a@contoso.com"] } },
            "source": { "user": { "email": "a@contoso.com", "domain": "contoso.com", "name": "a" } },
            "m365": { "message_trace": { "size": 5 } },
        });
        assert_eq!(event, Some(expected));
    }
}
