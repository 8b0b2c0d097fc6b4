//! The trace record, read field by field from the tree.

use crate::ip;
use crate::json::Json;
use crate::time::Instant;
use message_trace::Rejection;

/// The vendor's shape of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Graph,
    Reporting,
}

/// One message to one recipient.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) format: Format,
    pub(crate) received: Instant,
    /// The time of receipt as it was written.
    pub(crate) received_text: String,
    pub(crate) trace_id: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) sender: Option<String>,
    pub(crate) recipient: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) from_ip: Option<String>,
    pub(crate) to_ip: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) organization: Option<String>,
    /// Columns of the admin center's reports.
    pub(crate) custom_data: Option<String>,
    pub(crate) original_client_ip: Option<String>,
    pub(crate) directionality: Option<String>,
    pub(crate) connector_id: Option<String>,
    pub(crate) delivery_priority: Option<String>,
    /// What ECS says of optional fields that cannot be used, in the order of the fields above.
    pub(crate) complaints: Vec<String>,
}

impl Record {
    /// Reads a row of either format.
    pub(crate) fn read(row: &Json) -> Result<Self, Rejection> {
        let (format, key) = if row.member("receivedDateTime").is_some() {
            (Format::Graph, "receivedDateTime")
        } else if row.member("Received").is_some() {
            (Format::Reporting, "Received")
        } else {
            return Err(Rejection::UnknownFormat);
        };
        let Some(value) = present(row, key) else {
            return Err(Rejection::MissingField(key));
        };
        let Json::Text(received_text) = value else {
            return Err(Rejection::InvalidField(key));
        };
        let received = match format {
            Format::Graph => Instant::graph(received_text),
            Format::Reporting => Instant::reporting(received_text),
        };
        let received = received.ok_or(Rejection::InvalidField(key))?;

        let keys = match format {
            Format::Graph => [
                "id",
                "messageId",
                "senderAddress",
                "recipientAddress",
                "subject",
                "size",
                "fromIP",
                "toIP",
                "status",
                "",
            ],
            Format::Reporting => [
                "MessageTraceId",
                "MessageId",
                "SenderAddress",
                "RecipientAddress",
                "Subject",
                "Size",
                "FromIP",
                "ToIP",
                "Status",
                "Organization",
            ],
        };
        let [
            trace_id,
            message_id,
            sender,
            recipient,
            subject,
            size,
            from_ip,
            to_ip,
            status,
            organization,
        ] = keys;
        let mut optional = Optional {
            row,
            complaints: Vec::new(),
        };
        Ok(Self {
            format,
            received,
            received_text: received_text.clone(),
            trace_id: optional.text("trace_id", trace_id),
            message_id: optional.text("message_id", message_id),
            sender: optional.text("sender", sender),
            recipient: optional.text("recipient", recipient),
            subject: optional.text("subject", subject),
            size: optional.size("size", size),
            from_ip: optional.ip("from_ip", from_ip),
            to_ip: optional.ip("to_ip", to_ip),
            status: optional.text("status", status),
            organization: match format {
                Format::Graph => None,
                Format::Reporting => optional.text("organization", organization),
            },
            custom_data: optional.of_report(format, "custom_data", Optional::text),
            original_client_ip: optional.of_report(format, "original_client_ip", Optional::ip),
            directionality: optional.of_report(format, "directionality", Optional::text),
            connector_id: optional.of_report(format, "connector_id", Optional::text),
            delivery_priority: optional.of_report(format, "delivery_priority", Optional::text),
            complaints: optional.complaints,
        })
    }

    /// Whether the sender is the null reverse path.
    pub(crate) fn is_bounce(&self) -> bool {
        self.sender.as_deref() == Some("<>")
    }

    /// The trace id in its compared form: a GUID in any spelling as lower-case hex with dashes.
    pub(crate) fn compared_id(&self) -> Option<String> {
        self.trace_id
            .as_deref()
            .map(|id| guid(id).unwrap_or_else(|| id.to_owned()))
    }

    /// The message id without the brackets around it; absent if nothing is between them.
    pub(crate) fn bare_message_id(&self) -> Option<&str> {
        let id = self.message_id.as_deref()?;
        let bare = id
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            .unwrap_or(id);
        (!bare.is_empty()).then_some(bare)
    }

    /// `TRACE-ID/recipient/status`; absent without a trace id.
    pub(crate) fn event_id(&self) -> Option<String> {
        let recipient = self.recipient.as_deref().unwrap_or_default().to_lowercase();
        let status = self.status.as_deref().unwrap_or_default().to_lowercase();
        Some(format!("{}/{recipient}/{status}", self.compared_id()?))
    }

    /// The sender, unless it is the null reverse path.
    pub(crate) fn sender_address(&self) -> Option<&str> {
        self.sender.as_deref().filter(|_| !self.is_bounce())
    }

    /// Whether sender and recipient are of the organization; absent where that cannot be said.
    pub(crate) fn sides(&self, domains: &[String]) -> Option<(bool, bool)> {
        let bare = |domain: &String| {
            domain
                .trim()
                .trim_start_matches(['@', '.'])
                .trim_end_matches('.')
                .to_lowercase()
        };
        let domains: Vec<String> = domains
            .iter()
            .map(bare)
            .filter(|domain| !domain.is_empty())
            .collect();
        if domains.is_empty() {
            return None;
        }
        let is_ours = |address: &str| {
            let (_, host) = split_address(address);
            host.is_some_and(|host| {
                domains
                    .iter()
                    .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")))
            })
        };
        let sender = self.sender.as_deref()?;
        let recipient = self.recipient.as_deref()?;
        Some((!self.is_bounce() && is_ours(sender), is_ours(recipient)))
    }
}

/// What is before the last `@`, as written, and after it, in lower case. Without one there is neither, and an empty
/// part is none.
pub(crate) fn split_address(address: &str) -> (Option<&str>, Option<String>) {
    match address.rsplit_once('@') {
        Some((name, domain)) => (
            Some(name).filter(|name| !name.is_empty()),
            Some(domain.to_lowercase()).filter(|domain| !domain.is_empty()),
        ),
        None => (None, None),
    }
}

/// The GUID in lower case with dashes: 32 hex digits, plain or with all four dashes, plain or in `{}` or `()`.
fn guid(text: &str) -> Option<String> {
    let inner = [('{', '}'), ('(', ')')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))
        .unwrap_or(text);
    let hex = match inner.len() {
        32 => inner.to_owned(),
        36 if [8, 13, 18, 23].iter().all(|&at| inner.as_bytes()[at] == b'-') => inner.replace('-', ""),
        _ => return None,
    };
    if hex.len() != 32 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let hex = hex.to_ascii_lowercase();
    Some([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// The member, unless it is absent, null or empty, which are the same.
fn present<'a>(row: &'a Json, key: &str) -> Option<&'a Json> {
    row.member(key)
        .filter(|value| !matches!(value, Json::Null))
        .filter(|value| **value != Json::from(""))
}

/// Reads optional fields and keeps what cannot be used.
struct Optional<'a> {
    row: &'a Json,
    complaints: Vec<String>,
}

impl Optional<'_> {
    fn read<T>(
        &mut self,
        field: &str,
        key: &str,
        expected: &str,
        read: impl Fn(&Json) -> Option<T>,
    ) -> Option<T> {
        let value = present(self.row, key)?;
        let result = read(value);
        if result.is_none() {
            self.complaints.push(format!("{field}: expected {expected}"));
        }
        result
    }

    /// A column of a report: field and key have its name, and only `reporting` has it.
    fn of_report(
        &mut self,
        format: Format,
        name: &str,
        read: impl Fn(&mut Self, &str, &str) -> Option<String>,
    ) -> Option<String> {
        (format == Format::Reporting).then(|| read(self, name, name))?
    }

    fn text(&mut self, field: &str, key: &str) -> Option<String> {
        self.read(field, key, "text", |value| match value {
            Json::Text(text) => Some(text.clone()),
            _ => None,
        })
    }

    fn size(&mut self, field: &str, key: &str) -> Option<u64> {
        self.read(field, key, "a whole number of bytes", |value| match value {
            Json::Number(digits) | Json::Text(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|&size| i64::try_from(size).is_ok())
            }
            _ => None,
        })
    }

    fn ip(&mut self, field: &str, key: &str) -> Option<String> {
        self.read(field, key, "an IP address", |value| match value {
            Json::Text(text) => ip::canonical(text),
            _ => None,
        })
    }
}
