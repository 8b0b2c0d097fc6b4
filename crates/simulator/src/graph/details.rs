//! `GET /admin/exchange/tracing/messageTraces/{id}/getDetailsByRecipient(recipientAddress='…')`.

use chrono::{DateTime, Duration, Utc};
use http::StatusCode;

use crate::json::{Escapes, push_optional, push_text};
use crate::reply::Reply;
use crate::tenant::{Kind, Row, Status, Tenant, push_time};

use super::Version;

/// What happened to one message on its way to one recipient. An unknown pair has an empty list.
pub(crate) fn details(
    tenant: &Tenant,
    now: DateTime<Utc>,
    version: Version,
    id: &str,
    recipient: &str,
) -> Reply {
    let mut body = Vec::with_capacity(2_048);
    body.extend_from_slice(b"{");
    if version == Version::V1 {
        body.extend_from_slice(
            b"\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.exchangeMessageTraceDetail)\",",
        );
    }
    body.extend_from_slice(b"\"value\":[");
    let row = tenant
        .made_rows(id)
        .find(|row| row.recipient.eq_ignore_ascii_case(recipient) && row.visible_at() <= now);
    if let Some(row) = row {
        for (number, step) in steps(row, now).into_iter().enumerate() {
            if number > 0 {
                body.push(b',');
            }
            push_step(&mut body, row, version, &step);
        }
    }
    body.extend_from_slice(b"]}");
    Reply::new(
        StatusCode::OK,
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
        body,
    )
}

/// One thing that happened.
struct Step {
    at: DateTime<Utc>,
    event: &'static str,
    action: &'static str,
    description: String,
    fact: String,
}

fn steps(row: &Row, now: DateTime<Utc>) -> Vec<Step> {
    let message = &row.message;
    let received = message.received;
    let after = |seconds: i64| received + Duration::seconds(seconds);
    let server = "DB9PR01MB0670.eurprd01.prod.example.com";
    let mut steps = Vec::new();
    let from_outside = message
        .sender
        .as_deref()
        .is_none_or(|sender| !sender.ends_with(crate::DOMAIN));
    let status = row
        .state_at(now)
        .map_or(Status::GettingStatus, |state| state.status);
    // A member's way begins after the group became its members.
    if message.kind != Kind::Group || status == Status::Expanded {
        steps.push(Step {
            at: after(0),
            event: "Receive",
            action: "",
            description: format!("Message received by: {server}"),
            fact: format!(
                "<MEP Name=\"ServerHostName\" String=\"{server}\"/><MEP Name=\"RcptCount\" Integer=\"1\"/>"
            ),
        });
        if !from_outside {
            steps.push(Step {
                at: after(0),
                event: "Submit",
                action: "",
                description: "The message was submitted.".to_owned(),
                fact: "<MEP Name=\"RcptCount\" Integer=\"1\"/>".to_owned(),
            });
        }
    }
    let (event, action, description, fact) = match status {
        Status::GettingStatus => return steps,
        Status::Pending => (
            "Defer",
            "",
            "The delivery is tried again.",
            "[{LED=451 4.4.62 mail sent to the wrong office};{MSG=};{FQDN=};{IP=};{LRT=}]",
        ),
        Status::Failed => (
            "Fail",
            "",
            "The message could not be delivered.",
            "[{LED=554 5.2.2 mailbox full;};{MSG=};{FQDN=};{IP=};{LRT=}]",
        ),
        Status::Delivered | Status::Recalled if row.last().to_ip.is_empty() => (
            "Deliver",
            "",
            "The message was successfully delivered.",
            "250 2.1.5 delivered",
        ),
        Status::Delivered | Status::Recalled => {
            ("Send", "", "Message transferred to the next hop.", "250 2.0.0 OK")
        }
        Status::Expanded => (
            "Expand DL",
            "",
            "The group was expanded.",
            "250 2.1.5 RESOLVER.GRP.Expanded",
        ),
        Status::Quarantined => (
            "Transport rule",
            "Quarantine",
            "The message was held back by a rule.",
            "",
        ),
        Status::FilteredAsSpam => ("Spam", "", "The message was held to be spam.", "SFV=SPM"),
    };
    steps.push(Step {
        at: after(3),
        event,
        action,
        description: description.to_owned(),
        fact: format!(
            "<MEP Name=\"RecipientStatus\" String=\"{fact}\"/><MEP Name=\"TotalLatency\" Integer=\"3\"/>"
        ),
    });
    if status == Status::Expanded {
        steps.push(Step {
            at: after(3),
            event: "Drop",
            action: "",
            description: "The group's own copy ended here.".to_owned(),
            fact: "<MEP Name=\"RecipientStatus\" String=\"250 2.1.5 RESOLVER.GRP.Expanded\"/>".to_owned(),
        });
        // What happens in one second comes in no order.
        steps.rotate_right(1);
    }
    steps
}

fn push_step(body: &mut Vec<u8>, row: &Row, version: Version, step: &Step) {
    body.push(b'{');
    if version == Version::Beta {
        body.extend_from_slice(b"\"@odata.type\":\"#microsoft.graph.exchangeMessageTraceDetail\",");
    }
    body.extend_from_slice(b"\"id\":");
    push_text(body, &row.message.id, Escapes::Plain);
    body.extend_from_slice(b",\"messageId\":");
    push_optional(body, row.message.message_id.as_deref(), Escapes::Plain);
    body.extend_from_slice(b",\"dateTime\":\"");
    push_time(body, step.at, row.message.fraction_digits);
    body.extend_from_slice(b"Z\",\"event\":");
    push_text(body, step.event, Escapes::Plain);
    body.extend_from_slice(b",\"action\":");
    push_text(body, step.action, Escapes::Plain);
    body.extend_from_slice(b",\"description\":");
    push_text(body, &step.description, Escapes::Plain);
    body.extend_from_slice(b",\"data\":");
    push_text(body, &format!("<root>{}</root>", step.fact), Escapes::Html);
    body.push(b'}');
}
