//! Target `ecs`.

use super::tree::Tree;
use crate::details::Details;
use crate::json::Json;
use crate::record::{Format, Record, split_address};
use message_trace::{ECS_VERSION, Options, Revision};

/// The known words, how ECS writes them as an action, and whether the message reached its recipient.
const WORDS: [(&str, &str, &str); 11] = [
    ("gettingStatus", "getting-status", "unknown"),
    ("pending", "pending", "unknown"),
    ("failed", "failed", "failure"),
    ("delivered", "delivered", "success"),
    ("expanded", "expanded", "success"),
    ("quarantined", "quarantined", "failure"),
    ("filteredAsSpam", "filtered-as-spam", "failure"),
    ("recalled", "recalled", "unknown"),
    ("resolved", "resolved", "success"),
    ("none", "none", "failure"),
    ("unknownFutureValue", "unknown-future-value", "unknown"),
];

pub(super) fn event(record: &Record, raw: &str, options: &Options, revision: Option<&Revision<'_>>) -> Json {
    let mut tree = Tree::default();
    let time = record.received.text();
    tree.put("@timestamp", Some(time.as_str()));
    tree.put("ecs.version", Some(ECS_VERSION));

    tree.put("event.kind", Some("event"));
    tree.put_all("event.category", [Some("email")]);
    tree.put_all("event.type", [Some("info")]);
    tree.put("event.action", record.status.as_deref().map(action).as_deref());
    tree.put("event.outcome", Some(outcome(record.status.as_deref())));
    tree.put("event.id", record.event_id().as_deref());
    tree.put("event.module", Some("m365"));
    tree.put("event.dataset", Some("m365.message_trace"));
    let provider = match record.format {
        Format::Graph => "microsoft-graph",
        Format::Reporting => "reporting-web-service",
    };
    tree.put("event.provider", Some(provider));
    tree.put("event.original", Some(raw).filter(|_| options.keep_original));
    tree.put("event.sequence", revision.map(|revision| revision.sequence));

    tree.put("email.delivery_timestamp", Some(time.as_str()));
    tree.put_all("email.from.address", [record.sender_address()]);
    tree.put_all("email.to.address", [record.recipient.as_deref()]);
    tree.put("email.message_id", record.bare_message_id());
    tree.put("email.subject", record.subject.as_deref());
    tree.put("email.local_id", record.compared_id().as_deref());
    tree.put("email.direction", direction(record, options));

    let ends = [
        ("source", record.from_ip.as_deref(), record.sender_address()),
        (
            "destination",
            record.to_ip.as_deref(),
            record.recipient.as_deref(),
        ),
    ];
    for (end, ip, address) in ends {
        tree.put(&format!("{end}.ip"), ip);
        tree.put(&format!("{end}.address"), ip);
        tree.put(&format!("{end}.user.email"), address);
        let (name, domain) = address.map(split_address).unwrap_or_default();
        tree.put(&format!("{end}.user.name"), name);
        tree.put(&format!("{end}.user.domain"), domain.as_deref());
    }
    let users = ends.map(|(_, _, address)| address.map(str::to_lowercase));
    let hosts = ends.map(|(_, _, address)| address.and_then(|address| split_address(address).1));
    tree.put_all("related.ip", ends.map(|(_, ip, _)| ip));
    tree.put_all("related.user", users.iter().map(Option::as_deref));
    tree.put_all("related.hosts", hosts.iter().map(Option::as_deref));

    tree.put("organization.name", record.organization.as_deref());
    tree.put(
        "organization.id",
        options.tenant_id.as_deref().filter(|id| !id.is_empty()),
    );

    tree.put("m365.message_trace.id", record.trace_id.as_deref());
    tree.put("m365.message_trace.status", record.status.as_deref());
    tree.put("m365.message_trace.size", record.size);
    tree.put(
        "m365.message_trace.is_bounce",
        record.is_bounce().then_some(Json::Bool(true)),
    );
    for (name, value) in [
        ("custom_data", &record.custom_data),
        ("original_client_ip", &record.original_client_ip),
        ("directionality", &record.directionality),
        ("connector_id", &record.connector_id),
        ("delivery_priority", &record.delivery_priority),
    ] {
        tree.put(&format!("m365.message_trace.{name}"), value.as_deref());
    }
    let previous = revision.and_then(|revision| revision.previous_status.filter(|status| !status.is_empty()));
    tree.put("m365.message_trace.previous_status", previous);
    let details = revision
        .and_then(|revision| revision.details.filter(|details| !details.is_empty()))
        .map(|details| Details::read(details, record.status.as_deref()));
    let complaints = record.complaints.iter().map(|complaint| Some(complaint.as_str()));
    tree.put_all(
        "error.message",
        complaints.chain([details.as_ref().and_then(|details| details.problem)]),
    );
    if let Some(details) = details {
        tree.put("event.reason", details.reason.as_deref());
        tree.put("m365.message_trace.cause", details.cause.as_deref());
        tree.put("m365.message_trace.enhanced_status_code", details.code.as_deref());
        details.put(&mut tree, "rule", "m365.message_trace");
    }
    tree.into_object(&["@timestamp"])
}

fn action(status: &str) -> String {
    for (word, action, _) in WORDS {
        if status.eq_ignore_ascii_case(word) {
            return action.to_owned();
        }
    }
    let mut hyphened = String::new();
    for (index, letter) in status.chars().enumerate() {
        if index > 0 && letter.is_uppercase() {
            hyphened.push('-');
        }
        hyphened.push(letter);
    }
    hyphened.to_lowercase()
}

fn outcome(status: Option<&str>) -> &'static str {
    let known = WORDS
        .iter()
        .find(|(word, _, _)| status.is_some_and(|status| status.eq_ignore_ascii_case(word)));
    known.map_or("unknown", |(_, _, outcome)| outcome)
}

fn direction(record: &Record, options: &Options) -> Option<&'static str> {
    let direction = match record.sides(&options.organization_domains)? {
        (false, true) => "inbound",
        (true, false) => "outbound",
        (true, true) => "internal",
        (false, false) => "external",
    };
    Some(direction)
}
