//! `GET /admin/exchange/tracing/messageTraces`.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};
use http::StatusCode;

use crate::call::Call;
use crate::faults::Fault;
use crate::json::{Escapes, push_text};
use crate::reply::Reply;
use crate::settings::{Paging, Settings};
use crate::tenant::Tenant;

use super::filter::Filter;
use super::link::{Fate, Link};
use super::{Version, encode_query};

const PAGE_DEFAULT: usize = 1_000;
const PAGE_MOST: usize = 5_000;

/// Rows as text, and what comes after them.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) version: Version,
    /// The rows' JSON, joined with commas.
    pub(crate) rows: Vec<u8>,
    pub(crate) count: usize,
    /// The link to the next page, or the text of a hostile one.
    pub(crate) next: Option<Next>,
    /// The link this page was asked with, or one to its beginning.
    pub(crate) here: Link,
}

/// What a page says comes next.
#[derive(Debug)]
pub(crate) enum Next {
    Link(Link),
    Text(String),
}

impl Page {
    /// Lets a fault of paging do its harm.
    pub(crate) fn suffer(&mut self, fault: &Fault) {
        let here = self.here;
        let step = |fate| {
            Some(Next::Link(Link {
                page: here.page + 1,
                fate,
                ..here
            }))
        };
        match (fault, &mut self.next) {
            (Fault::DeadNextLink(status), Some(Next::Link(link))) => link.fate = Fate::Dead(*status),
            (Fault::DeadNextLink(status), next) => *next = step(Fate::Dead(*status)),
            (Fault::LoopingNextLink, next) => *next = step(Fate::Loops),
            (Fault::HostileNextLink(text), next) => *next = Some(Next::Text(text.clone())),
            (Fault::EmptyPage, next) => {
                self.rows.clear();
                self.count = 0;
                *next = step(Fate::Lives);
            }
            _ => {}
        }
    }
}

/// A list request refused: status, code and message.
pub(crate) struct Refusal(pub(crate) StatusCode, pub(crate) &'static str, pub(crate) String);

fn bad_request(message: &str) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "BadRequest", message.to_owned())
}

/// Reads a page of rows, newest first.
pub(crate) fn list(
    settings: &Settings,
    tenant: &mut Tenant,
    now: DateTime<Utc>,
    call: &Call,
    version: Version,
) -> Result<Page, Refusal> {
    let top = match call.parameter("$top") {
        None => PAGE_DEFAULT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|top| (1..=PAGE_MOST).contains(top))
            .ok_or_else(|| bad_request("ResultSize is invalid"))?,
    };
    let filter =
        Filter::read(call.parameter("$filter").unwrap_or_default()).map_err(|error| bad_request(&error.0))?;
    let here = match call.parameter("$skiptoken") {
        None => Link {
            after: None,
            offset: 0,
            issued_ms: now.timestamp_millis(),
            page: 0,
            fate: Fate::Lives,
        },
        Some(token) => follow(settings, now, token)?,
    };
    let (from, to) = window(settings, now, &filter)?;

    let knows_all_words = call.knows_all_words;
    let is_pascal = version == Version::Beta && settings.beta_as_documented;
    let time_only = filter.is_time_only();
    let mut page = Page {
        version,
        rows: Vec::new(),
        count: 0,
        next: None,
        here,
    };
    let mut last = here.after;
    let mut skip = if settings.paging == Paging::Offset {
        here.offset
    } else {
        0
    };
    // With positions, hours after the last row of the page before need not be looked at.
    let to = match here.after {
        Some(place) if settings.paging == Paging::Position => to.min(end_of_hour(place.hour)),
        _ => to,
    };
    for (place, row) in tenant.placed_rows(from, to).rev() {
        if settings.paging == Paging::Position && here.after.is_some_and(|after| place >= after) {
            continue;
        }
        let Some(state) = row.state_at(now) else { continue };
        if !time_only && !filter.passes(row, state, knows_all_words) {
            continue;
        }
        if skip > 0 {
            skip -= 1;
            continue;
        }
        if page.count == top {
            let next = Link {
                after: last,
                offset: here.offset + top,
                issued_ms: now.timestamp_millis(),
                page: here.page + 1,
                fate: Fate::Lives,
            };
            page.next = Some(Next::Link(next));
            break;
        }
        if page.count > 0 {
            page.rows.push(b',');
        }
        if is_pascal {
            row.push_graph_beta(&mut page.rows, state, knows_all_words);
        } else {
            row.push_graph(&mut page.rows, state, knows_all_words);
        }
        page.count += 1;
        last = Some(place);
    }
    if here.fate == Fate::Loops {
        page.next = Some(Next::Link(here));
    }
    Ok(page)
}

fn follow(settings: &Settings, now: DateTime<Utc>, token: &str) -> Result<Link, Refusal> {
    let link = Link::read(token).ok_or_else(|| bad_request("The skip token is invalid."))?;
    if let Fate::Dead(status) = link.fate {
        return Err(dead(status));
    }
    let age = Duration::milliseconds(now.timestamp_millis() - link.issued_ms);
    if settings.next_link_lifetime.is_some_and(|lifetime| age > lifetime) {
        return Err(dead(400));
    }
    Ok(link)
}

/// How a next link is refused that was good once. The real texts are unknown.
pub(crate) fn dead(status: u16) -> Refusal {
    match StatusCode::from_u16(status) {
        Ok(StatusCode::GONE) => Refusal(
            StatusCode::GONE,
            "resyncRequired",
            "The skip token is no longer available.".to_owned(),
        ),
        Ok(status) => Refusal(status, "BadRequest", "The skip token has expired.".to_owned()),
        Err(_) => bad_request("The skip token has expired."),
    }
}

/// The window a filter asks for; the last 48 hours without one.
fn window(
    settings: &Settings,
    now: DateTime<Utc>,
    filter: &Filter,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    let (from, to) = match (filter.from, filter.to) {
        (None, None) => return Ok((now - Duration::hours(48), now)),
        (Some(from), Some(to)) => (from, to),
        (Some(_), None) => return Err(bad_request("EndDate is required when a StartDate is entered.")),
        (None, Some(_)) => return Err(bad_request("StartDate is required when an EndDate is entered.")),
    };
    if to - from > Duration::days(10) {
        return Err(bad_request(
            "|System.ArgumentException|Invalid EndDate value. The interval between StartDate and EndDate can't be \
             longer than 10 days.",
        ));
    }
    // The edge counts from midnight UTC of the day.
    let edge = now
        .date_naive()
        .checked_sub_days(Days::new(90))
        .unwrap_or_default()
        .and_time(NaiveTime::MIN)
        .and_utc();
    if from < edge {
        return Err(bad_request(
            "Invalid StartDate value. The StartDate can't be older than 90 days from today.",
        ));
    }
    if to < from {
        return Err(bad_request(
            "Invalid StartDate value. The StartDate can't be later than the EndDate.",
        ));
    }
    if settings.refuse_future_end && to > now {
        return Err(bad_request(
            "Invalid EndDate value. The EndDate can't be in the future.",
        ));
    }
    Ok((from, to.min(now)))
}

fn end_of_hour(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(hour * 3_600 + 3_599, 999_999_999).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Writes a page as Graph does.
pub(crate) fn page_reply(page: Page, call: &Call, base: &str) -> Reply {
    let mut body = Vec::with_capacity(page.rows.len() + 512);
    body.extend_from_slice(b"{\"@odata.context\":\"https://graph.microsoft.com/");
    body.extend_from_slice(page.version.word().as_bytes());
    body.extend_from_slice(b"/$metadata#admin/exchange/tracing/messageTraces\"");
    let next = page.next.map(|next| match next {
        Next::Text(text) => text,
        Next::Link(link) => {
            let mut url = format!("{base}{}?", call.path);
            for name in ["$filter", "$top"] {
                if let Some(value) = call.parameter(name) {
                    url.extend([name, "=", &encode_query(value), "&"]);
                }
            }
            url + "$skiptoken=" + &link.token()
        }
    });
    if let Some(next) = next {
        body.extend_from_slice(b",\"@odata.nextLink\":");
        push_text(&mut body, &next, Escapes::Plain);
    }
    body.extend_from_slice(b",\"value\":[");
    body.extend_from_slice(&page.rows);
    body.extend_from_slice(b"]}");
    Reply::new(
        StatusCode::OK,
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
        body,
    )
    .with(http::HeaderName::from_static("odata-version"), "4.0")
}
