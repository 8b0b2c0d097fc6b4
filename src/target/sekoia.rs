//! Target `sekoia`: the intake format of Sekoia, with the raw line in `message`.

use crate::format::Format;
use crate::lanes::{Fragment, Out};
use crate::record::Ip;

use super::write::{array, key, number, object, plain_member, text_member};
use super::{Event, Writer};

pub(super) const WRITER: Writer = Writer {
    before_original: Some(b"{\"message\":\""),
    write,
};

fn write(event: &Event<'_>, out: &mut Out, _scratch: &mut Out) {
    let record = event.record;
    if record.status.is_some() {
        text_member(out, key!(b"\",\"event\":{\"action\":\""), record.status);
        out.put_array(b",\"category\":[\"email\"]");
    } else {
        out.put_array(b"\",\"event\":{\"category\":[\"email\"]");
    }
    if let Some(revision) = event.revision {
        out.put_array(b",\"sequence\":");
        number(out, revision.sequence);
    }
    plain_member(
        out,
        key!(b",\"type\":[\"info\"]},\"@timestamp\":\""),
        record.received.span(),
    );

    let graph = record.format == Format::Graph;
    let to_ip = record.to_ip.as_ref().filter(|_| graph);
    endpoint(out, key!(b",\"destination\":{\"address\":\""), to_ip);
    object(out, b",\"email\":", |out| {
        if record.sender.is_some() {
            text_member(out, key!(b",\"from\":{\"address\":[\""), record.sender);
            out.put_array(b"]}");
        }
        let message_id = match record.message_id {
            Some(id) if graph => id.without(b'<', b'>'),
            id => id,
        };
        text_member(out, key!(b",\"message_id\":\""), message_id);
        text_member(out, key!(b",\"subject\":\""), record.subject);
        if record.recipient.is_some() {
            text_member(out, key!(b",\"to\":{\"address\":[\""), record.recipient);
            out.put_array(b"]}");
        }
    });
    if graph {
        if let Some(size) = record.size_bytes {
            out.put_array(b",\"network\":{\"bytes\":");
            number(out, size);
            out.put_byte(b'}');
        }
    } else {
        object(out, b",\"office365\":", |out| {
            object(out, b",\"message_trace\":", |out| {
                text_member(out, key!(b",\"MessageTraceId\":\""), record.trace_id);
                if let Some(size) = record.size_bytes {
                    out.put_array(b",\"Size\":");
                    number(out, size);
                }
            });
        });
    }
    if let Some(organization) = record.organization {
        text_member(out, key!(b",\"organization\":{\"name\":\""), Some(organization));
        out.put_byte(b'}');
    }
    let from_ip = record.from_ip.as_ref();
    array(out, b",\"related\":{\"ip\":", |out| {
        for ip in from_ip.into_iter().chain(to_ip.filter(|&to| from_ip != Some(to))) {
            plain_member(out, key!(b",\""), ip.span());
        }
    });
    if from_ip.is_some() || to_ip.is_some() {
        out.put_byte(b'}');
    }
    endpoint(out, key!(b",\"source\":{\"address\":\""), from_ip);
    out.put_byte(b'}');
}

/// `key` ends with the first quote of the endpoint's address.
fn endpoint(out: &mut Out, key: &Fragment, ip: Option<&Ip<'_>>) {
    if let Some(ip) = ip {
        plain_member(out, key, ip.span());
        plain_member(out, key!(b",\"ip\":\""), ip.span());
        out.put_byte(b'}');
    }
}
