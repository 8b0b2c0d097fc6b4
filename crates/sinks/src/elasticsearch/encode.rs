//! An event as two lines: what to do, and the document.

use std::borrow::Cow;
use std::io::Write as _;

use super::super::{Event, EventKey};
use super::Destination;

/// The longest `_id`, in bytes.
const MAX_ID_BYTES: usize = 512;

/// Appends an event to a bulk body.
pub(super) fn put(destination: &Destination, event: Event<'_>, body: &mut Vec<u8>) {
    let sequence = event.key.sequence;
    match destination {
        Destination::DataStream(name) => {
            body.extend_from_slice(b"{\"create\":{\"_index\":");
            put_text(name, body);
            body.extend_from_slice(b",\"_id\":");
            put_text(&delivery_id(event.key), body);
        }
        Destination::Index(name) => {
            body.extend_from_slice(b"{\"index\":{\"_index\":");
            put_text(name, body);
            body.extend_from_slice(b",\"_id\":");
            put_text(&row_id(&event.key.id), body);
            // Writing into a vector never fails.
            let _ = write!(body, ",\"version\":{sequence},\"version_type\":\"external\"");
        }
    }
    body.extend_from_slice(b"}}\n");
    body.extend_from_slice(event.json);
    body.push(b'\n');
}

/// What a delivery of a row is known by: the event's id, and from the first change on its sequence too. A row that goes back
/// to a status that it had is a delivery of its own.
fn delivery_id(key: &EventKey) -> Cow<'_, str> {
    match key.sequence {
        0 => short(Cow::Borrowed(&key.id)),
        sequence => short(Cow::Owned(format!("{}/{sequence}", key.id))),
    }
}

/// What a row is known by, whatever its status: the event's id without it.
fn row_id(id: &str) -> Cow<'_, str> {
    match id.rsplit_once('/') {
        Some((row, _)) if row.contains('/') => short(Cow::Borrowed(row)),
        _ => short(Cow::Borrowed(id)),
    }
}

/// An id that is too long for an index, as its hash.
fn short(id: Cow<'_, str>) -> Cow<'_, str> {
    if id.len() <= MAX_ID_BYTES {
        return id;
    }
    Cow::Owned(blake3::hash(id.as_bytes()).to_hex().to_string())
}

fn put_text(text: &str, body: &mut Vec<u8>) {
    // Writing into a vector never fails, and a text is always JSON.
    let _ = serde_json::to_writer(&mut *body, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_one(destination: &Destination, id: &str, sequence: u32) -> String {
        let key = EventKey::new(id, sequence);
        let event = Event {
            key: &key,
            json: b"{\"a\":1}",
        };
        let mut body = Vec::new();
        put(destination, event, &mut body);
        String::from_utf8_lossy(&body).into_owned()
    }

    #[test]
    fn a_data_stream_gets_each_delivery_of_a_row_once() {
        let stream = Destination::DataStream("logs-m365".to_owned());
        assert_eq!(
            put_one(&stream, "t/a\"b@example.com/delivered", 0),
            "{\"create\":{\"_index\":\"logs-m365\",\"_id\":\"t/a\\\"b@example.com/delivered\"}}\n{\"a\":1}\n"
        );
        // Back to a status that it had: another document.
        assert!(put_one(&stream, "t/r/delivered", 2).contains("\"_id\":\"t/r/delivered/2\"}}"));
    }

    #[test]
    fn an_index_gets_a_row_whatever_its_status_under_one_id() {
        let index = Destination::Index("mail".to_owned());
        for (status, version) in [("pending", 0), ("delivered", 1)] {
            assert_eq!(
                put_one(&index, &format!("t/r@example.com/{status}"), version),
                format!(
                    "{{\"index\":{{\"_index\":\"mail\",\"_id\":\"t/r@example.com\",\"version\":{version},\
                     \"version_type\":\"external\"}}}}\n{{\"a\":1}}\n"
                )
            );
        }
        // A row without a trace id is known by its hash.
        assert!(put_one(&index, "c0ffee", 0).contains("\"_id\":\"c0ffee\""));
    }

    #[test]
    fn an_id_of_more_than_512_bytes_is_hashed() {
        for (length, is_hashed) in [(512, false), (513, true)] {
            let id = "x".repeat(length);
            let put = put_one(&Destination::DataStream("s".to_owned()), &id, 0);
            assert_eq!(!put.contains(&id), is_hashed);
        }
    }
}
