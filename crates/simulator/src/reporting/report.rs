//! `GET /ecp/reportingwebservice/reporting.svc/MessageTrace` and `…/MessageTraceDetail`.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use http::StatusCode;

use crate::call::Call;
use crate::graph::encode_query;
use crate::json::{Escapes, push_text};
use crate::reply::Reply;
use crate::settings::Settings;
use crate::tenant::{Row, State, Tenant};

use super::filter::Filter;
use super::row::{Echo, Form, push_row};

const PAGE_MOST: usize = 2_000;

/// A page and how many rows it has.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) count: usize,
}

/// The page for a token that is missing or wrong: HTML, whatever was asked for.
pub(crate) fn unauthorized() -> Reply {
    let body = b"<!DOCTYPE html><html><head><title>401 - Unauthorized: Access is denied due to invalid credentials.\
        </title></head><body><h2>401 - Unauthorized: Access is denied due to invalid credentials.</h2></body></html>";
    Reply::new(StatusCode::UNAUTHORIZED, "text/html", body.to_vec())
}

/// The refusal of an application without permission or directory role.
pub(crate) fn forbidden() -> Reply {
    let body =
        b"{\"ErrorCode\":\"\",\"Message\":\"No permission to access the report for the organization .\"}";
    Reply::new(
        StatusCode::FORBIDDEN,
        "application/json; charset=utf-8",
        body.to_vec(),
    )
}

/// Reads a page of the report, newest first. The skip token is a number of rows.
pub(crate) fn report(
    settings: &Settings,
    tenant: &mut Tenant,
    now: DateTime<Utc>,
    call: &Call,
    is_detail: bool,
) -> Answer {
    let form = match call.parameter("$format") {
        Some(format) if format.eq_ignore_ascii_case("json") => Form::Verbose,
        _ if call
            .header("accept")
            .is_some_and(|text| text.contains("application/json")) =>
        {
            Form::Light
        }
        _ => Form::Atom,
    };
    let refuse = |text: &str| Answer {
        reply: bad_request(text),
        count: 0,
    };
    let Some(filter) = Filter::read(call.parameter("$filter").unwrap_or_default()) else {
        return refuse("The query filter is not valid.");
    };
    let (from, to) = match (filter.from, filter.to) {
        (Some(from), Some(to)) => (from, to),
        (None, None) => (now - Duration::hours(48), now),
        _ => return refuse("StartDate and EndDate must both be given, or neither."),
    };
    if from < now - Duration::days(30) || to < from {
        return refuse("The date range is not valid.");
    }
    let number = |name| {
        call.parameter(name)
            .map_or(Some(None), |text| text.parse::<usize>().ok().map(Some))
    };
    let (Some(skip), Some(top)) = (number("$skiptoken"), number("$top")) else {
        return refuse("The query option is not valid.");
    };
    let skip = skip.unwrap_or(0);
    let top = top.unwrap_or(PAGE_MOST).min(PAGE_MOST);
    // What the service shows now is what Graph showed some time ago.
    let seen_at = now - settings.reporting_delay;
    let mut rows = tenant.rows(from, to.min(now)).rev().filter_map(|row| {
        let state = row.state_at(seen_at)?;
        filter.passes(row, state).then_some((row, state))
    });
    let mut page = Vec::with_capacity(top.min(512));
    page.extend(rows.by_ref().skip(skip).take(top));
    let more = rows.next().is_some();
    let next = more.then(|| {
        let mut url = format!(
            "{}{}?",
            settings.base_url.as_deref().unwrap_or(&call.origin),
            call.path
        );
        for (name, value) in &call.parameters {
            if name != "$skiptoken" {
                url.extend([name, "=", &encode_query(value), "&"]);
            }
        }
        format!("{url}$skiptoken={}", skip + page.len())
    });
    let body = write(&page, form, (from, to), skip, next.as_deref(), is_detail);
    let content_type = match form {
        Form::Verbose => "application/json;odata=verbose;charset=utf-8",
        Form::Light => "application/json;odata=minimalmetadata;streaming=true;charset=utf-8",
        Form::Atom => "application/atom+xml;type=feed;charset=utf-8",
    };
    Answer {
        reply: Reply::new(StatusCode::OK, content_type, body),
        count: page.len(),
    }
}

fn bad_request(text: &str) -> Reply {
    let mut body = b"{\"odata.error\":{\"code\":\"\",\"message\":{\"lang\":\"en-US\",\"value\":".to_vec();
    push_text(&mut body, text, Escapes::Plain);
    body.extend_from_slice(b"}}}");
    Reply::new(StatusCode::BAD_REQUEST, "application/json; charset=utf-8", body)
}

fn write(
    page: &[(&Row, &State)],
    form: Form,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    skip: usize,
    next: Option<&str>,
    is_detail: bool,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(page.len() * 800 + 256);
    if form == Form::Atom {
        write_atom(&mut out, page, next);
        return out;
    }
    let is_verbose = form == Form::Verbose;
    let report = if is_detail {
        "MessageTraceDetail"
    } else {
        "MessageTrace"
    };
    let start = if is_verbose {
        "{\"d\":{\"results\":[".to_owned()
    } else {
        format!(
            "{{\"odata.metadata\":\"https://reports.office365.com/ecp/ReportingWebService/Reporting.svc/$metadata#{report}\",\"value\":["
        )
    };
    out.extend_from_slice(start.as_bytes());
    for (number, (row, state)) in page.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        let echo = Echo {
            from,
            to,
            index: i64::try_from(skip + number).unwrap_or(i64::MAX),
        };
        if is_detail {
            push_detail(&mut out, row, state, &echo);
        } else {
            push_row(&mut out, row, state, &echo, is_verbose);
        }
    }
    out.push(b']');
    if let Some(next) = next {
        out.extend_from_slice(if is_verbose {
            b",\"__next\":"
        } else {
            b",\"odata.nextLink\":"
        });
        push_text(&mut out, next, Escapes::Plain);
    }
    out.extend_from_slice(if is_verbose { b"}}" } else { b"}" });
    out
}

/// The last thing that happened to a message, as one row of the detail report.
fn push_detail(out: &mut Vec<u8>, row: &Row, state: &State, echo: &Echo) {
    let mut line = Vec::new();
    push_row(&mut line, row, state, echo, false);
    line.pop();
    let (event, detail) = if state.status == crate::Status::Failed {
        (
            "FAIL",
            format!("Reason: {}", crate::graph::refusal(&row.message.id)),
        )
    } else {
        ("DELIVER", "The message was successfully delivered.".to_owned())
    };
    out.extend_from_slice(&line);
    out.extend_from_slice(b",\"Date\":\"");
    crate::tenant::push_time(out, row.message.received + chrono::Duration::seconds(3), 0);
    out.extend_from_slice(format!("Z\",\"Event\":\"{event}\",\"Action\":null,\"Detail\":").as_bytes());
    push_text(out, &detail, Escapes::Plain);
    out.extend_from_slice(b",\"Data\":\"<root></root>\"}");
}

/// The default form, for clients that ask for nothing.
fn write_atom(out: &mut Vec<u8>, page: &[(&Row, &State)], next: Option<&str>) {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
    };
    let element = |name: &str, value: Option<&str>| match value.filter(|value| !value.is_empty()) {
        Some(value) => format!("<d:{name}>{}</d:{name}>", escape(value)),
        None => format!("<d:{name} m:null=\"true\"/>"),
    };
    out.extend_from_slice(
        b"<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\" \
          xmlns:d=\"http://schemas.microsoft.com/ado/2007/08/dataservices\" \
          xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\">",
    );
    for (row, state) in page {
        let message = &row.message;
        let received = message.received.to_rfc3339_opts(SecondsFormat::Nanos, true);
        let fields = [
            element("MessageId", message.message_id.as_deref()),
            element("Received", Some(received[..27].trim_end_matches('Z'))),
            element("SenderAddress", message.sender.as_deref()),
            element("RecipientAddress", Some(&row.recipient)),
            element("Subject", message.subject.as_deref()),
            element("Status", Some(state.status.reporting())),
            element("ToIP", Some(&state.to_ip)),
            element("FromIP", message.from_ip.as_deref()),
            element("Size", Some(&state.size.to_string())),
            element("MessageTraceId", Some(&message.id)),
        ];
        let entry = format!(
            "<entry><content type=\"application/xml\"><m:properties>{}</m:properties></content></entry>",
            fields.concat()
        );
        out.extend_from_slice(entry.as_bytes());
    }
    if let Some(next) = next {
        out.extend_from_slice(format!("<link rel=\"next\" href=\"{}\"/>", escape(next)).as_bytes());
    }
    out.extend_from_slice(b"</feed>");
}
