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

const RULE: &str = "[{LED=550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy};{MSG=};{FQDN=};{IP=};{LRT=}]";

/// Why messages fail here; each always for the same reason.
const REFUSALS: [&str; 6] = [
    "[{LED=554 5.2.2 mailbox full;};{MSG=};{FQDN=};{IP=};{LRT=}]",
    "[{LED=550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup};{MSG=};{FQDN=};{IP=};{LRT=}]",
    RULE,
    "[{LED=550 5.7.23 The message was rejected because of Sender Policy Framework violation};{MSG=};{FQDN=mx.example.net};{IP=};{LRT=}]",
    "[{LED=550 4.4.7 QUEUE.Expired; message expired};{MSG=};{FQDN=};{IP=};{LRT=}]",
    "[{LED=550 5.7.1 Refused for reasons of our own};{MSG=};{FQDN=mx.example.net};{IP=203.0.113.5};{LRT=}]",
];

/// What the last server answered to a message that failed, by its trace id.
pub(crate) fn refusal(id: &str) -> &'static str {
    let sum: usize = id.bytes().map(usize::from).sum();
    REFUSALS[sum % REFUSALS.len()]
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
            refusal(&message.id),
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
    if fact == RULE {
        steps.push(Step {
            at: after(2),
            event: "Transport rule",
            action: "",
            description: "Transport rule: 'No contracts to strangers', ID: ('9d0c4b1e-7a2f-4c3d-8e5b-6f1a2b3c4d5e'), DLP \
                          policy: '', ID: (00000000-0000-0000-0000-000000000000)."
                .to_owned(),
            // XML that names what it does not have: readers keep it as text.
            fact: "<MEP Name=\"RuleId\" String=\"&rule;\"/>".to_owned(),
        });
    }
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
