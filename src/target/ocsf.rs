//! Target `ocsf`: OCSF 1.8 Email Activity (class 4009), activity 4, Trace. Keys are in order of their names at every
//! level.

use crate::format::Format;
use crate::lanes::{Fragment, Out, Span};
use crate::record::{Ip, Status, Text, TraceId};

use super::ecs::{put_event_id, trace_id_member};
use super::party::{Direction, Parties};
use super::write::{array, key, number, object, plain_member, text, text_member};
use super::{Event, Writer};

pub(super) const WRITER: Writer = Writer {
    before_original: None,
    write,
};

fn write(event: &Event<'_>, out: &mut Out, scratch: &mut Out) {
    let record = event.record;
    let parties = Parties::of(record, scratch);

    out.put_array(b"{\"activity_id\":4,\"category_uid\":4,\"class_uid\":4009,\"direction_id\":");
    // Mail that only passes between strangers has no direction in OCSF.
    out.put_byte(match parties.direction(event.options) {
        Some(Direction::Inbound) => b'1',
        Some(Direction::Outbound) => b'2',
        Some(Direction::Internal) => b'3',
        Some(Direction::External) | None => b'0',
    });
    endpoint(out, key!(b",\"dst_endpoint\":{\"ip\":\""), record.to_ip.as_ref());
    object(out, b",\"email\":", |out| {
        from(out, parties);
        text_member(
            out,
            key!(b",\"message_uid\":\""),
            record.message_id.and_then(|id| id.without(b'<', b'>')),
        );
        if let Some(size) = record.size_bytes {
            out.put_array(b",\"size\":");
            number(out, size);
        }
        text_member(out, key!(b",\"subject\":\""), record.subject);
        to(out, parties);
        if parties.iter().next().is_none() {
            // The class requires `email`, and `email` one of the two.
            out.put_array(b",\"to\":[]");
        }
    });
    from(out, parties);
    let trace_id = record.trace_id.map(TraceId::of);
    trace_id_member(out, key!(b",\"message_trace_uid\":\""), trace_id.as_ref());
    metadata(event, parties, trace_id.as_ref(), out);
    observables(event, parties, out);
    if event.options.keep_original {
        plain_member(out, key!(b",\"raw_data\":\""), Span::alone(event.original));
    }
    out.put_array(b",\"severity_id\":1");
    endpoint(
        out,
        key!(b",\"src_endpoint\":{\"ip\":\""),
        record.from_ip.as_ref(),
    );
    status(record.status, out);
    out.put_array(b",\"time\":");
    number(out, record.received.epoch_millis());
    to(out, parties);
    out.put_array(b",\"type_uid\":400904}");
}

/// The caption, the word as written, and the id; for an id of 99, Other, the caption is the word.
fn status(word: Option<Text<'_>>, out: &mut Out) {
    let (caption, id) = match word.map(|word| Status::known(word.bytes())) {
        None | Some(Some(Status::GettingStatus | Status::Pending | Status::UnknownFutureValue)) => {
            ("Unknown", "0")
        }
        Some(Some(Status::Delivered | Status::Expanded | Status::Resolved)) => ("Success", "1"),
        Some(Some(Status::Failed | Status::Quarantined | Status::FilteredAsSpam | Status::None)) => {
            ("Failure", "2")
        }
        Some(Some(Status::Recalled) | None) => ("", "99"),
    };
    out.put_array(b",\"status\":\"");
    match word {
        Some(word) if caption.is_empty() => text(out, word),
        _ => out.put(caption.as_bytes()),
    }
    out.put_byte(b'"');
    text_member(out, key!(b",\"status_detail\":\""), word);
    out.put_array(b",\"status_id\":");
    out.put(id.as_bytes());
}

fn from(out: &mut Out, parties: Parties<'_>) {
    text_member(
        out,
        key!(b",\"from\":\""),
        parties.sender.map(|sender| sender.address),
    );
}

fn to(out: &mut Out, parties: Parties<'_>) {
    if let Some(recipient) = parties.recipient {
        out.put_array(b",\"to\":[\"");
        text(out, recipient.address);
        out.put_array(b"\"]");
    }
}

fn metadata(event: &Event<'_>, parties: Parties<'_>, trace_id: Option<&TraceId<'_>>, out: &mut Out) {
    let record = event.record;
    match record.format {
        Format::Graph => out.put_array(b",\"metadata\":{\"log_provider\":\"microsoft-graph\""),
        Format::Reporting => out.put_array(b",\"metadata\":{\"log_provider\":\"reporting-web-service\""),
    }
    text_member(
        out,
        key!(b",\"original_time\":\""),
        Some(record.received_as_written),
    );
    out.put_array(b",\"product\":{\"name\":\"Microsoft 365 Message Trace\",\"vendor_name\":\"Microsoft\"}");
    if let Some(revision) = event.revision {
        out.put_array(b",\"sequence\":");
        number(out, revision.sequence);
    }
    if let Some(tenant_id) = &event.options.tenant_id {
        plain_member(out, key!(b",\"tenant_uid\":\""), Span::alone(tenant_id));
    }
    if let Some(id) = trace_id {
        out.put_array(b",\"uid\":\"");
        put_event_id(event, parties, id, out);
        out.put_byte(b'"');
    }
    out.put_array(b",\"version\":\"1.8.0\"}");
}

fn observables(event: &Event<'_>, parties: Parties<'_>, out: &mut Out) {
    array(out, b",\"observables\":", |out| {
        for (key, party) in [
            (
                key!(b",{\"name\":\"from\",\"type\":\"Email Address\",\"type_id\":5,\"value\":\""),
                parties.sender,
            ),
            (
                key!(b",{\"name\":\"to\",\"type\":\"Email Address\",\"type_id\":5,\"value\":\""),
                parties.recipient,
            ),
        ] {
            if let Some(party) = party {
                text_member(out, key, Some(party.address));
                out.put_byte(b'}');
            }
        }
        let (from, to) = (event.record.from_ip.as_ref(), event.record.to_ip.as_ref());
        for (name, ip) in [
            (b",{\"name\":\"src_endpoint.ip\"", from),
            (b",{\"name\":\"dst_endpoint.ip\"", to),
        ] {
            if let Some(ip) = ip {
                out.put_array(name);
                plain_member(
                    out,
                    key!(b",\"type\":\"IP Address\",\"type_id\":2,\"value\":\""),
                    ip.span(),
                );
                out.put_byte(b'}');
            }
        }
    });
}

fn endpoint(out: &mut Out, key: &Fragment, ip: Option<&Ip<'_>>) {
    if let Some(ip) = ip {
        plain_member(out, key, ip.span());
        out.put_byte(b'}');
    }
}
