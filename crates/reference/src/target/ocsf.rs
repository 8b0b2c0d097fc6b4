//! Target `ocsf`.

use super::tree::Tree;
use crate::details::Details;
use crate::json::Json;
use crate::record::{Format, Record};
use message_trace::{OCSF_VERSION, Options, Revision};

pub(super) fn event(record: &Record, raw: &str, options: &Options, revision: Option<&Revision<'_>>) -> Json {
    let mut tree = Tree::default();
    tree.put("class_uid", Some(4009_u64));
    tree.put("category_uid", Some(4_u64));
    tree.put("activity_id", Some(4_u64));
    tree.put("type_uid", Some(400_904_u64));
    tree.put("severity_id", Some(1_u64));
    tree.put("time", Some(record.received.epoch_milliseconds()));
    tree.put("direction_id", Some(direction(record, options)));
    tree.put("message_trace_uid", record.compared_id().as_deref());
    tree.put("raw_data", Some(raw).filter(|_| options.keep_original));

    let (status_id, status) = status(record.status.as_deref());
    tree.put("status_id", Some(status_id));
    tree.put("status", Some(status));
    tree.put("status_detail", record.status.as_deref());

    let provider = match record.format {
        Format::Graph => "microsoft-graph",
        Format::Reporting => "reporting-web-service",
    };
    tree.put("metadata.version", Some(OCSF_VERSION));
    tree.put("metadata.product.name", Some("Microsoft 365 Message Trace"));
    tree.put("metadata.product.vendor_name", Some("Microsoft"));
    tree.put("metadata.log_provider", Some(provider));
    tree.put("metadata.original_time", Some(record.received_text.as_str()));
    tree.put("metadata.uid", record.event_id().as_deref());
    tree.put(
        "metadata.tenant_uid",
        options.tenant_id.as_deref().filter(|id| !id.is_empty()),
    );
    tree.put("metadata.sequence", revision.map(|revision| revision.sequence));

    let (from, to) = (record.sender_address(), record.recipient.as_deref());
    for level in ["", "email."] {
        tree.put(&format!("{level}from"), from);
        tree.put_all(&format!("{level}to"), [to]);
    }
    if from.is_none() && to.is_none() {
        // The class requires `email`, and `email` one of the two.
        tree.put("email.to", Some(Json::Array(Vec::new())));
    }
    tree.put("email.subject", record.subject.as_deref());
    tree.put("email.size", record.size);
    tree.put("email.message_uid", record.bare_message_id());
    tree.put("src_endpoint.ip", record.from_ip.as_deref());
    tree.put("dst_endpoint.ip", record.to_ip.as_deref());

    let observables: Vec<Json> = [
        ("from", 5_u64, "Email Address", from),
        ("to", 5, "Email Address", to),
        ("src_endpoint.ip", 2, "IP Address", record.from_ip.as_deref()),
        ("dst_endpoint.ip", 2, "IP Address", record.to_ip.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, type_id, type_name, value)| {
        let mut observable = Tree::default();
        observable.put("name", Some(name));
        observable.put("type", Some(type_name));
        observable.put("type_id", Some(type_id));
        observable.put("value", Some(value?));
        Some(observable.into_object(&[]))
    })
    .collect();
    tree.put(
        "observables",
        (!observables.is_empty()).then(|| observables.into_iter().collect::<Json>()),
    );
    if let Some(details) =
        revision.and_then(|revision| revision.details.filter(|details| !details.is_empty()))
    {
        let details = Details::read(details, record.status.as_deref());
        tree.put("message", details.reason.as_deref());
        tree.put("status_code", details.code.as_deref());
        tree.put("unmapped.cause", details.cause.as_deref());
        details.put(&mut tree, "unmapped.rule", "unmapped");
    }
    tree.into_object(&[])
}

/// The id and its caption; for 99, Other, the word itself.
fn status(status: Option<&str>) -> (u64, &str) {
    let Some(word) = status else { return (0, "Unknown") };
    match word.to_ascii_lowercase().as_str() {
        "delivered" | "expanded" | "resolved" => (1, "Success"),
        "failed" | "quarantined" | "filteredasspam" | "none" => (2, "Failure"),
        "gettingstatus" | "pending" | "unknownfuturevalue" => (0, "Unknown"),
        _ => (99, word),
    }
}

/// Mail that only passes between strangers has no direction in OCSF.
fn direction(record: &Record, options: &Options) -> u64 {
    match record.sides(&options.organization_domains) {
        Some((false, true)) => 1,
        Some((true, false)) => 2,
        Some((true, true)) => 3,
        Some((false, false)) | None => 0,
    }
}
