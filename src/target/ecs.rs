//! Target `ecs`: Elastic Common Schema 9.4, strict, with `m365.message_trace.*` beside it. Keys are in order of their
//! names at every level.

use crate::format::Format;
use crate::lanes::{Fragment, Out, Span};
use crate::record::{Ip, Status, Text, TraceId};

use super::party::{Direction, Parties, Party, put_lower};
use super::write::{array, key, number, object, object_behind, plain_member, text, text_member};
use super::{Event, Writer};

pub(super) const WRITER: Writer = Writer {
    before_original: None,
    write,
};

fn write(event: &Event<'_>, out: &mut Out, scratch: &mut Out) {
    let record = event.record;
    let parties = Parties::of(record, scratch);
    let trace_id = record.trace_id.map(TraceId::of);
    let status = record.status.and_then(|status| Status::known(status.bytes()));

    plain_member(out, key!(b"{\"@timestamp\":\""), record.received.span());
    let before = out.len();
    out.put_array(b",\"destination\":");
    endpoint(out, before, record.to_ip.as_ref(), parties.recipient);
    out.put_array(b",\"ecs\":{\"version\":\"9.4.0\"}");
    email(event, parties, trace_id.as_ref(), out);
    if !record.problems.is_empty() {
        array(out, b",\"error\":{\"message\":", |out| {
            for field in record.problems.iter() {
                plain_member(out, key!(b",\""), Span::alone(field.problem().as_bytes()));
            }
        });
        out.put_byte(b'}');
    }

    out.put_array(b",\"event\":{");
    if let Some(word) = record.status {
        out.put_array(b"\"action\":\"");
        match status {
            Some(status) => out.put(status.action().as_bytes()),
            None => out.put_escaped(action(word).as_bytes()),
        }
        out.put_array(b"\",");
    }
    out.put_array(b"\"category\":[\"email\"],\"dataset\":\"m365.message_trace\"");
    if let Some(id) = &trace_id {
        out.put_array(b",\"id\":\"");
        put_event_id(event, parties, id, out);
        out.put_byte(b'"');
    }
    out.put_array(b",\"kind\":\"event\",\"module\":\"m365\"");
    if event.options.keep_original {
        plain_member(out, key!(b",\"original\":\""), Span::alone(event.original));
    }
    out.put_array(match status.and_then(Status::succeeded) {
        Some(true) => b",\"outcome\":\"success\"",
        Some(false) => b",\"outcome\":\"failure\"",
        None => b",\"outcome\":\"unknown\"",
    });
    match record.format {
        Format::Graph => out.put_array(b",\"provider\":\"microsoft-graph\""),
        Format::Reporting => out.put_array(b",\"provider\":\"reporting-web-service\""),
    }
    if let Some(revision) = event.revision {
        out.put_array(b",\"sequence\":");
        number(out, revision.sequence);
    }
    out.put_array(b",\"type\":[\"info\"]}");

    m365(event, out);
    object(out, b",\"organization\":", |out| {
        if let Some(tenant_id) = &event.options.tenant_id {
            plain_member(out, key!(b",\"id\":\""), Span::alone(tenant_id));
        }
        text_member(out, key!(b",\"name\":\""), record.organization);
    });
    related(event, parties, out);
    let before = out.len();
    out.put_array(b",\"source\":");
    endpoint(out, before, record.from_ip.as_ref(), parties.sender);
    out.put_byte(b'}');
}

fn email(event: &Event<'_>, parties: Parties<'_>, trace_id: Option<&TraceId<'_>>, out: &mut Out) {
    let record = event.record;
    plain_member(
        out,
        key!(b",\"email\":{\"delivery_timestamp\":\""),
        record.received.span(),
    );
    match parties.direction(event.options) {
        Some(Direction::Inbound) => out.put_array(b",\"direction\":\"inbound\""),
        Some(Direction::Outbound) => out.put_array(b",\"direction\":\"outbound\""),
        Some(Direction::Internal) => out.put_array(b",\"direction\":\"internal\""),
        Some(Direction::External) => out.put_array(b",\"direction\":\"external\""),
        None => {}
    }
    if let Some(sender) = parties.sender {
        out.put_array(b",\"from\":{\"address\":[\"");
        text(out, sender.address);
        out.put_array(b"\"]}");
    }
    trace_id_member(out, key!(b",\"local_id\":\""), trace_id);
    text_member(
        out,
        key!(b",\"message_id\":\""),
        record.message_id.and_then(|id| id.without(b'<', b'>')),
    );
    text_member(out, key!(b",\"subject\":\""), record.subject);
    if let Some(recipient) = parties.recipient {
        out.put_array(b",\"to\":{\"address\":[\"");
        text(out, recipient.address);
        out.put_array(b"\"]}");
    }
    out.put_byte(b'}');
}

fn m365(event: &Event<'_>, out: &mut Out) {
    let record = event.record;
    object(out, b",\"m365\":", |out| {
        object(out, b",\"message_trace\":", |out| {
            text_member(out, key!(b",\"id\":\""), record.trace_id);
            if record.is_bounce() {
                out.put_array(b",\"is_bounce\":true");
            }
            if let Some(status) = event.revision.and_then(|revision| revision.previous_status) {
                out.put_array(b",\"previous_status\":\"");
                out.put_escaped(status.as_bytes());
                out.put_byte(b'"');
            }
            if let Some(size) = record.size_bytes {
                out.put_array(b",\"size\":");
                number(out, size);
            }
            text_member(out, key!(b",\"status\":\""), record.status);
        });
    });
}

fn related(event: &Event<'_>, parties: Parties<'_>, out: &mut Out) {
    object(out, b",\"related\":", |out| {
        array(out, b",\"hosts\":", |out| {
            both(
                out,
                parties.sender.and_then(|party| party.domain),
                parties.recipient.and_then(|party| party.domain),
            );
        });
        array(out, b",\"ip\":", |out| {
            for ip in event.record.ips() {
                plain_member(out, key!(b",\""), ip.span());
            }
        });
        array(out, b",\"user\":", |out| {
            both(
                out,
                parties.sender.map(|party| party.lower),
                parties.recipient.map(|party| party.lower),
            );
        });
    });
}

/// Writes two elements, one where they are the same.
fn both(out: &mut Out, one: Option<Span<'_>>, two: Option<Span<'_>>) {
    let two = two.filter(|two| !one.is_some_and(|one| one.is(*two)));
    for element in [one, two].into_iter().flatten() {
        plain_member(out, key!(b",\""), element);
    }
}

/// Writes the object of an endpoint behind its key, which begins at `before`. Used twice, so it is there once.
#[inline(never)]
fn endpoint(out: &mut Out, before: usize, ip: Option<&Ip<'_>>, party: Option<Party<'_>>) {
    object_behind(out, before, |out| {
        if let Some(ip) = ip {
            plain_member(out, key!(b",\"address\":\""), ip.span());
            plain_member(out, key!(b",\"ip\":\""), ip.span());
        }
        if let Some(party) = party {
            object(out, b",\"user\":", |out| {
                if let Some(domain) = party.domain {
                    plain_member(out, key!(b",\"domain\":\""), domain);
                }
                text_member(out, key!(b",\"email\":\""), Some(party.address));
                text_member(out, key!(b",\"name\":\""), party.name);
            });
        }
    });
}

/// Writes the id on which an event can be upserted: the same for a row read twice, or read through two formats.
pub(super) fn put_event_id(event: &Event<'_>, parties: Parties<'_>, trace_id: &TraceId<'_>, out: &mut Out) {
    put_event_id_split_by(event, parties, trace_id, b'/', out);
}

/// The same with another byte before the status.
fn put_event_id_split_by(
    event: &Event<'_>,
    parties: Parties<'_>,
    trace_id: &TraceId<'_>,
    split: u8,
    out: &mut Out,
) {
    text(out, trace_id.text());
    out.put_byte(b'/');
    if let Some(recipient) = parties.recipient {
        out.put_span(recipient.lower);
    }
    out.put_byte(split);
    if let Some(status) = event.record.status {
        put_lower(out, status);
    }
}

/// Writes nothing but the id, escaped, with a line feed before the status: nothing at all for a row without trace id.
pub(crate) const EVENT_ID: Writer = Writer {
    before_original: None,
    write: |event, out, scratch| {
        if let Some(trace_id) = event.record.trace_id.map(TraceId::of) {
            let parties = Parties::of(event.record, scratch);
            put_event_id_split_by(event, parties, &trace_id, b'\n', out);
        }
    },
};

/// Writes a member with the trace id in its compared form; `key` ends with the value's first quote.
pub(super) fn trace_id_member(out: &mut Out, key: &Fragment, trace_id: Option<&TraceId<'_>>) {
    text_member(out, key, trace_id.map(TraceId::text));
}

/// An unknown status word in lower case, a hyphen before each inner capital.
fn action(word: Text<'_>) -> String {
    let word = String::from_utf8_lossy(word.bytes());
    let mut action = String::with_capacity(word.len() + 8);
    for (i, character) in word.char_indices() {
        if i > 0 && character.is_uppercase() {
            action.push('-');
        }
        action.extend(character.to_lowercase());
    }
    action
}
