//! Target `ocsf`: OCSF 1.8 Email Activity (class 4009), activity 4, Trace. Keys are in order of their names at every
//! level.

use crate::details::Details;
use crate::format::Format;
use crate::lanes::{Out, Span};
use crate::record::{Status, Text, TraceId};

use super::ecs::put_event_id;
use super::party::{Direction, Parties};
use super::write::{self, bytes, event, inside, key, members};
use super::{Event, Writer, steps};

pub(super) const WRITER: Writer = Writer {
    before_original: None,
    write,
};

fn write(event: &Event<'_>, out: &mut Out, scratch: &mut Out) {
    let record = event.record;
    let options = event.options;
    let parties = Parties::of(record, scratch);
    let from = parties.sender.map(|sender| sender.address);
    let to = parties.recipient.map(|recipient| recipient.address);
    let trace_id = record.trace_id.map(TraceId::of);
    let trace_id = trace_id.as_ref();
    let original = Some(event.original).filter(|_| options.keep_original);
    let status = Judgement::of(record.status);
    let verdict = event.details.map(|details| &details.said.verdict);

    event! { out;
        "activity_id" = 4, "category_uid" = 4, "class_uid" = 4009;
        // Mail that only passes between strangers has no direction in OCSF.
        "direction_id" match (parties.direction(options)) {
            Some(Direction::Inbound) => 1,
            Some(Direction::Outbound) => 2,
            Some(Direction::Internal) => 3,
            Some(Direction::External) | None => 0,
        };
        "dst_endpoint" if let Some(ip) = record.to_ip.as_ref() => {
            "ip": always(ip.span());
        }
        "email" always {
            "from": text(from);
            "message_uid": text(record.message_id.and_then(|id| id.without(b'<', b'>')));
            "size": number(record.size_bytes);
            "subject": text(record.subject);
            "to": [text(to)];
            // The class requires `email`, and `email` one of the two.
            if (from.is_none() && to.is_none()) {
                "to" = [];
            }
        }
        "from": text(from);
        .. steps::text(out, "message", verdict.and_then(|verdict| verdict.reason.as_deref()));
        "message_trace_uid": text(trace_id.map(TraceId::text));
        "metadata" always {
            "log_provider" match (record.format) {
                Format::Graph => "microsoft-graph",
                Format::Reporting => "reporting-web-service",
            };
            "original_time": text(Some(record.received_as_written));
            "product" {
                "name" = "Microsoft 365 Message Trace", "vendor_name" = "Microsoft";
            }
            "sequence": number(event.revision.map(|revision| revision.sequence));
            "tenant_uid": span(options.tenant_id.as_deref().map(Span::alone));
            "uid" if let Some(id) = trace_id => put_event_id(event, parties, id, out);
            "version" = "1.8.0";
        }
        .. observables(event, from, to, out);
        "raw_data": span(original.map(Span::alone));
        "severity_id" = 1;
        "src_endpoint" if let Some(ip) = record.from_ip.as_ref() => {
            "ip": always(ip.span());
        }
        "status" match (status) {
            Judgement::Unknown => "Unknown",
            Judgement::Success => "Success",
            Judgement::Failure => "Failure",
            Judgement::Other => absent,
        };
        // The caption of 99, Other, is the word.
        "status" if let (Judgement::Other, Some(word)) = (status, record.status) => inside(out, word);
        .. steps::text(out, "status_code", verdict.and_then(|verdict| verdict.code.as_deref()));
        "status_detail": text(record.status);
        "status_id" match (status) {
            Judgement::Unknown => 0,
            Judgement::Success => 1,
            Judgement::Failure => 2,
            Judgement::Other => 99,
        };
        "time": number(Some(record.received.epoch_millis()));
        "to": [text(to)];
        "type_uid" = 400904;
        .. if let Some(details) = event.details { unmapped(out, details) };
    }
}

/// Writes what details say and OCSF has no attribute for.
#[cold]
#[inline(never)]
fn unmapped(out: &mut Out, details: &Details<'_>) {
    write::enclosed(out, bytes!(",\"unmapped\":"), b'{', bytes!("}"), |out| {
        steps::text(out, "cause", details.said.verdict.cause);
        steps::rule(out, details);
        steps::steps(out, details);
    });
}

/// What OCSF makes of a status.
#[derive(Clone, Copy, Debug)]
enum Judgement {
    Unknown,
    Success,
    Failure,
    Other,
}

impl Judgement {
    fn of(word: Option<Text<'_>>) -> Self {
        match word.map(|word| Status::known(word.bytes())) {
            None | Some(Some(Status::GettingStatus | Status::Pending | Status::UnknownFutureValue)) => {
                Self::Unknown
            }
            Some(Some(Status::Delivered | Status::Expanded | Status::Resolved)) => Self::Success,
            Some(Some(Status::Failed | Status::Quarantined | Status::FilteredAsSpam | Status::None)) => {
                Self::Failure
            }
            Some(Some(Status::Recalled) | None) => Self::Other,
        }
    }
}

fn observables(event: &Event<'_>, from: Option<Text<'_>>, to: Option<Text<'_>>, out: &mut Out) {
    let record = event.record;
    write::enclosed(out, bytes!(",\"observables\":"), b'[', bytes!("]"), |out| {
        for (name, address) in [
            (
                key!(",{\"name\":\"from\",\"type\":\"Email Address\",\"type_id\":5,\"value\":\""),
                from,
            ),
            (
                key!(",{\"name\":\"to\",\"type\":\"Email Address\",\"type_id\":5,\"value\":\""),
                to,
            ),
        ] {
            if address.is_some() {
                write::text(out, name, address);
                out.put_byte(b'}');
            }
        }
        for (name, ip) in [
            (bytes!(",{\"name\":\"src_endpoint.ip\""), record.from_ip.as_ref()),
            (bytes!(",{\"name\":\"dst_endpoint.ip\""), record.to_ip.as_ref()),
        ] {
            if let Some(ip) = ip {
                write::constant(out, name);
                out.put_quoted(
                    key!(",\"type\":\"IP Address\",\"type_id\":2,\"value\":\""),
                    ip.span(),
                );
                out.put_byte(b'}');
            }
        }
    });
}
