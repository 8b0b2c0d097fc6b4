//! Target `sekoia`.

use super::tree::Tree;
use crate::json::Json;
use crate::record::{Format, Record};
use message_trace::Revision;

pub(super) fn event(record: &Record, raw: &str, revision: Option<&Revision<'_>>) -> Json {
    let mut tree = Tree::default();
    tree.put("message", Some(raw));
    tree.put("event.action", record.status.as_deref());
    tree.put_all("event.category", [Some("email")]);
    tree.put_all("event.type", [Some("info")]);
    tree.put("event.sequence", revision.map(|revision| revision.sequence));
    tree.put("@timestamp", Some(record.received.text().as_str()));
    tree.put_all("email.from.address", [record.sender.as_deref()]);
    tree.put_all("email.to.address", [record.recipient.as_deref()]);
    tree.put("email.subject", record.subject.as_deref());
    tree.put("source.ip", record.from_ip.as_deref());
    tree.put("source.address", record.from_ip.as_deref());
    match record.format {
        Format::Graph => {
            tree.put("email.message_id", record.bare_message_id());
            tree.put("network.bytes", record.size);
            tree.put("destination.ip", record.to_ip.as_deref());
            tree.put("destination.address", record.to_ip.as_deref());
            tree.put_all("related.ip", [record.from_ip.as_deref(), record.to_ip.as_deref()]);
        }
        Format::Reporting => {
            tree.put("email.message_id", record.message_id.as_deref());
            tree.put(
                "office365.message_trace.MessageTraceId",
                record.trace_id.as_deref(),
            );
            tree.put("office365.message_trace.Size", record.size);
            tree.put("organization.name", record.organization.as_deref());
            tree.put_all("related.ip", [record.from_ip.as_deref()]);
        }
    }
    tree.into_object(&["message", "event", "@timestamp"])
}
