//! Target `sekoia`: the intake format of Sekoia, with the raw line in `message`.

use crate::format::Format;
use crate::lanes::Out;

use super::write::{bytes, key, members};
use super::{Event, Writer};

pub(super) const WRITER: Writer = Writer {
    before_original: Some(b"{\"message\":\""),
    write,
};

fn write(event: &Event<'_>, out: &mut Out, _scratch: &mut Out) {
    let record = event.record;
    let graph = match record.format {
        Format::Graph => true,
        Format::Reporting => false,
    };
    let from_ip = record.from_ip.as_ref();
    let to_ip = record.to_ip.as_ref().filter(|_| graph);
    let message_id = match record.message_id {
        Some(id) if graph => id.without(b'<', b'>'),
        id => id,
    };

    // The end of `message`.
    out.put_byte(b'"');
    members! { @to "}", out;
        "event" always {
            "action": text(record.status);
            "category" = ["email"];
            "sequence": number(event.revision.map(|revision| revision.sequence));
            "type" = ["info"];
        }
        "@timestamp": always(record.received.span());
        "destination" if let Some(ip) = to_ip => {
            "address": always(ip.span());
            "ip": always(ip.span());
        }
        "email" {
            "from" {
                "address": [text(record.sender)];
            }
            "message_id": text(message_id);
            "subject": text(record.subject);
            "to" {
                "address": [text(record.recipient)];
            }
        }
        if (graph) {
            "network" {
                "bytes": number(record.size_bytes);
            }
        }
        if (!graph) {
            "office365" {
                "message_trace" {
                    "MessageTraceId": text(record.trace_id);
                    "Size": number(record.size_bytes);
                }
            }
        }
        "organization" {
            "name": text(record.organization);
        }
        "related" {
            "ip" [for ip in from_ip.into_iter().chain(to_ip.filter(|&to| from_ip != Some(to))) => ip.span()];
        }
        "source" if let Some(ip) = from_ip => {
            "address": always(ip.span());
            "ip": always(ip.span());
        }
    }
}
