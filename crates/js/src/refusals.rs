//! Rejections as JSON, the form in which they cross into JavaScript: they are rare, and an object each there.

use message_trace::Rejection;
use serde::Serialize;

#[derive(Serialize)]
struct Refusal<'a> {
    line: u32,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Detail<'a>>,
    message: String,
}

/// A name, or a count, limit or offset.
#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    Name(&'a str),
    Number(u32),
}

/// Writes a JSON array of the lines that were refused, and why.
pub(crate) fn write(rejections: impl Iterator<Item = (u32, Rejection)>, out: &mut Vec<u8>) {
    let refusals: Vec<_> = rejections
        .map(|(line, rejection)| Refusal {
            line,
            reason: rejection.name(),
            detail: detail(rejection),
            message: rejection.to_string(),
        })
        .collect();
    // Numbers and fixed words to memory: nothing of it can fail.
    if !refusals.is_empty() && serde_json::to_writer(&mut *out, &refusals).is_err() {
        out.clear();
    }
}

fn detail(rejection: Rejection) -> Option<Detail<'static>> {
    match rejection {
        Rejection::UnknownFormat => None,
        Rejection::MissingField(name) | Rejection::InvalidField(name) => Some(Detail::Name(name)),
        Rejection::Syntax(number)
        | Rejection::Envelope(number)
        | Rejection::TooLong(number)
        | Rejection::TooDeep(number) => Some(Detail::Number(number)),
    }
}
