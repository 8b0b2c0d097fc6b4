//! Target `ecs`: Elastic Common Schema 9.4, strict, with `m365.message_trace.*` beside it. Keys are in order of their
//! names at every level.

use crate::format::Format;
use crate::lanes::{Out, Span};
use crate::record::{Ip, Report, Status, Text, TraceId};

use super::party::{Direction, Parties, Party, put_lower};
use super::write::{bytes, event, inside, key, members};
use super::{Event, Writer, steps};

pub(super) const WRITER: Writer = Writer {
    before_original: None,
    write,
};

fn write(event: &Event<'_>, out: &mut Out, scratch: &mut Out) {
    let record = event.record;
    let options = event.options;
    let parties = Parties::of(record, scratch);
    let Parties {
        sender, recipient, ..
    } = parties;
    let trace_id = record.trace_id.map(TraceId::of);
    let trace_id = trace_id.as_ref();
    let status = record.status.and_then(|status| Status::known(status.bytes()));
    let original = Some(event.original).filter(|_| options.keep_original);
    let details = event.details;
    let verdict = details.map(|details| &details.said.verdict);

    event! { out;
        "@timestamp": always(record.received.span());
        "destination" {
            .. endpoint(out, record.to_ip.as_ref(), recipient);
        }
        "ecs" {
            "version" = "9.4.0";
        }
        "email" {
            "delivery_timestamp": always(record.received.span());
            "direction" match (parties.direction(options)) {
                Some(Direction::Inbound) => "inbound",
                Some(Direction::Outbound) => "outbound",
                Some(Direction::Internal) => "internal",
                Some(Direction::External) => "external",
                None => absent,
            };
            "from" {
                "address": [text(sender.map(|sender| sender.address))];
            }
            "local_id": text(trace_id.map(TraceId::text));
            "message_id": text(record.message_id.and_then(|id| id.without(b'<', b'>')));
            "subject": text(record.subject);
            "to" {
                "address": [text(recipient.map(|recipient| recipient.address))];
            }
        }
        if (!record.problems.is_empty() || details.is_some_and(|details| details.problem.is_some())) {
            "error" {
                "message" [for problem in event.problems() => Span::alone(problem.as_bytes())];
            }
        }
        "event" always {
            "action" if let Some(word) = record.status => put_action(word, status, out);
            "category" = ["email"], "dataset" = "m365.message_trace";
            "id" if let Some(id) = trace_id => put_event_id(event, parties, id, out);
            "kind" = "event", "module" = "m365";
            "original": span(original.map(Span::alone));
            "outcome" match (status.and_then(Status::succeeded)) {
                Some(true) => "success",
                Some(false) => "failure",
                None => "unknown",
            };
            "provider" match (record.format) {
                Format::Graph => "microsoft-graph",
                Format::Reporting => "reporting-web-service",
            };
            .. steps::text(out, "reason", verdict.and_then(|verdict| verdict.reason.as_deref()));
            "sequence": number(event.revision.map(|revision| revision.sequence));
            "type" = ["info"];
        }
        "m365" {
            "message_trace" {
                .. steps::text(out, "cause", verdict.and_then(|verdict| verdict.cause));
                .. of_report(out, record.report.as_ref());
                .. steps::text(out, "enhanced_status_code", verdict.and_then(|verdict| verdict.code.as_deref()));
                "id": text(record.trace_id);
                if (record.is_bounce()) {
                    "is_bounce" = true;
                }
                .. original_client_ip(out, record.report.as_ref());
                "previous_status" if let Some(word) = event.previous_status() => out.put_escaped(word.as_bytes());
                "size": number(record.size_bytes);
                "status": text(record.status);
                .. if let Some(details) = details { steps::steps(out, details) };
            }
        }
        "organization" {
            "id": span(options.tenant_id.as_deref().map(Span::alone));
            "name": text(record.organization);
        }
        "related" {
            "hosts" [for domain in parties.domains() => domain];
            "ip" [for ip in record.ips() => ip.span()];
            "user" [for address in parties.addresses() => address];
        }
        .. if let Some(details) = details { steps::rule(out, details) };
        "source" {
            .. endpoint(out, record.from_ip.as_ref(), sender);
        }
    }
}

/// Writes the members of an endpoint. Used twice, so it is there once.
#[inline(never)]
fn endpoint(out: &mut Out, ip: Option<&Ip<'_>>, party: Option<Party<'_>>) {
    if let Some(ip) = ip {
        members! { out;
            "address": always(ip.span());
            "ip": always(ip.span());
        }
    }
    if let Some(party) = party {
        members! { out;
            "user" always {
                "domain": span(party.domain);
                "email": text(Some(party.address));
                "name": text(party.name);
            }
        }
    }
}

/// Writes the columns of a report whose names come before `id`.
#[inline]
fn of_report(out: &mut Out, report: Option<&Report<'_>>) {
    if let Some(report) = report {
        members! { out;
            "connector_id": text(report.connector_id);
            "custom_data": text(report.custom_data);
            "delivery_priority": text(report.delivery_priority);
            "directionality": text(report.directionality);
        }
    }
}

/// Writes the column of a report whose name comes after `id`.
#[inline]
fn original_client_ip(out: &mut Out, report: Option<&Report<'_>>) {
    if let Some(ip) = report.and_then(|report| report.original_client_ip.as_ref()) {
        members! { out;
            "original_client_ip": always(ip.span());
        }
    }
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
    inside(out, trace_id.text());
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

/// Writes a status in lower case, a hyphen before each inner capital.
fn put_action(word: Text<'_>, status: Option<Status>, out: &mut Out) {
    match status {
        Some(status) => out.put(status.action().as_bytes()),
        None => out.put_escaped(action(word).as_bytes()),
    }
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
