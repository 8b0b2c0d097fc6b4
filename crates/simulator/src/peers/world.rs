//! The world a policy polls in: a simulator, a clock that waits for nobody, and a record of what was delivered.

use std::collections::HashMap;

use chrono::{DateTime, Duration, NaiveDateTime, SecondsFormat, Utc};
use fastrand::Rng;
use http::{Request, header};
use serde::Deserialize;

use crate::chance::{happens, stream};
use crate::graph::encode_query;
use crate::reply::Travel;
use crate::simulator::Simulator;
use crate::tenant::Row;

use super::{Course, Outcome};

const CRASH: u64 = 0x6372_6173;
/// How long a client waits for an answer that never comes.
const DEADLINE: Duration = Duration::seconds(60);
const LIST: &str = "https://graph.microsoft.com/v1.0/admin/exchange/tracing/messageTraces";
const REPORT: &str = "https://reports.office365.com/ecp/reportingwebservice/reporting.svc/MessageTrace";

/// A page of rows as a policy sees it.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// The rows, newest first.
    #[serde(rename = "value")]
    pub rows: Vec<Fetched>,
    /// The link to the next page.
    #[serde(rename = "@odata.nextLink")]
    pub next: Option<String>,
}

/// A row as a policy sees it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fetched {
    /// The message trace id.
    pub id: String,
    /// The recipient.
    pub recipient_address: String,
    /// The time of receipt.
    pub received_date_time: DateTime<Utc>,
    /// The status.
    pub status: String,
    /// Bytes.
    pub size: u64,
    /// The address the message went to.
    #[serde(rename = "toIP")]
    pub to_ip: Option<String>,
}

/// A page of the Reporting Web Service.
#[derive(Deserialize)]
struct Report {
    value: Vec<ReportRow>,
    #[serde(rename = "odata.nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReportRow {
    message_trace_id: String,
    recipient_address: String,
    received: NaiveDateTime,
    status: String,
    size: u64,
    #[serde(rename = "ToIP")]
    to_ip: Option<String>,
}

impl From<Report> for Page {
    fn from(Report { value, next }: Report) -> Self {
        let rows = value.into_iter().map(|row| Fetched {
            id: row.message_trace_id,
            recipient_address: row.recipient_address,
            received_date_time: row.received.and_utc(),
            status: row.status,
            size: row.size,
            to_ip: row.to_ip,
        });
        Self {
            rows: rows.collect(),
            next,
        }
    }
}

impl Fetched {
    /// The row's key.
    #[must_use]
    pub fn key(&self) -> (String, String) {
        (self.id.clone(), self.recipient_address.to_lowercase())
    }
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// An answer with another status than 200, and the `Retry-After` it carried.
    Status(u16, Option<Duration>),
    /// No whole answer, or none that can be read.
    Broken,
    /// The process was killed.
    Crash,
}

/// The process was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash;

/// What a policy polls in.
#[derive(Debug)]
pub struct World<'a> {
    simulator: &'a mut Simulator,
    now: DateTime<Utc>,
    token: String,
    renew_at: DateTime<Utc>,
    rng: Rng,
    crashes_per_mille: u32,
    requests: u64,
    delivered: HashMap<(String, String), Delivered>,
    duplicates: u64,
    /// Whether the Reporting Web Service is asked.
    is_report: bool,
}

#[derive(Debug)]
struct Delivered {
    first_at: DateTime<Utc>,
    statuses: Vec<String>,
}

impl<'a> World<'a> {
    pub(super) fn new(simulator: &'a mut Simulator, course: Course) -> Self {
        Self {
            rng: stream(simulator.settings().seed, CRASH, 0),
            simulator,
            now: course.from,
            token: String::new(),
            renew_at: course.from,
            crashes_per_mille: course.crashes_per_mille,
            requests: 0,
            delivered: HashMap::new(),
            duplicates: 0,
            is_report: false,
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Lets time pass.
    pub fn rest(&mut self, duration: Duration) {
        self.now += duration.max(Duration::zero());
    }

    /// The URL of a window's first page.
    #[must_use]
    pub fn window(from: DateTime<Utc>, to: DateTime<Utc>, top: u32) -> String {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Nanos, true);
        let filter = format!(
            "receivedDateTime ge {} and receivedDateTime le {}",
            text(from),
            text(to)
        );
        format!("{LIST}?$filter={}&$top={top}", encode_query(&filter))
    }

    /// The URL of a window's first page at the Reporting Web Service.
    #[must_use]
    pub fn report_window(from: DateTime<Utc>, to: DateTime<Utc>, top: u32) -> String {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let filter = format!(
            "StartDate eq datetime'{}' and EndDate eq datetime'{}'",
            text(from),
            text(to)
        );
        format!("{REPORT}?$filter={}&$top={top}", encode_query(&filter))
    }

    /// Asks for a page. A token is renewed five minutes before its end, and for the next request when it was refused.
    ///
    /// # Errors
    /// When no page came.
    pub fn page(&mut self, url: &str) -> Result<Page, Trouble> {
        self.requests += 1;
        let is_report = url.to_ascii_lowercase().contains("/reportingwebservice/");
        if is_report && !self.is_report {
            self.is_report = true;
            self.sign_in();
        }
        if self.renew_at <= self.now {
            self.sign_in();
        }
        let request = Request::get(url)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|_| Trouble::Broken)?;
        let reply = self.simulator.respond(self.now, &request);
        let delay = Duration::from_std(reply.delay).unwrap_or_default();
        let transfer = match reply.travel {
            Travel::Slow(rate) => {
                let bytes = i64::try_from(reply.response.body().len()).unwrap_or(i64::MAX / 1_000);
                Duration::milliseconds(bytes * 1_000 / i64::from(rate.max(1)))
            }
            Travel::Silent => DEADLINE,
            _ => Duration::milliseconds(50),
        };
        self.rest(delay + transfer.min(DEADLINE));
        if transfer >= DEADLINE {
            return Err(Trouble::Broken);
        }
        if happens(&mut self.rng, self.crashes_per_mille, 1_000) {
            return Err(Trouble::Crash);
        }
        let (body, is_whole) = reply.travel.arriving(reply.response.body());
        if !is_whole {
            return Err(Trouble::Broken);
        }
        let status = reply.response.status().as_u16();
        if status == 401 {
            self.sign_in();
        }
        if status != 200 {
            let text = reply
                .response
                .headers()
                .get(header::RETRY_AFTER)
                .and_then(|value| value.to_str().ok());
            return Err(Trouble::Status(
                status,
                text.and_then(|text| self.retry_after(text)),
            ));
        }
        if is_report {
            let report = serde_json::from_slice::<Report>(body);
            return report.map(Page::from).map_err(|_| Trouble::Broken);
        }
        serde_json::from_slice(body).map_err(|_| Trouble::Broken)
    }

    /// Asks for a page as a client library with a retry rule does: again after 429 and 503 that say when, and after
    /// broken connections, up to so many times; with `every_5xx` after any 5xx as well, waiting longer each time.
    ///
    /// # Errors
    /// When the tries are used up or the trouble is of another kind.
    pub fn page_with_retries(&mut self, url: &str, tries: u32, every_5xx: bool) -> Result<Page, Trouble> {
        let mut pause = Duration::seconds(2);
        for _ in 1..tries {
            match self.page(url) {
                Err(Trouble::Status(429 | 503, Some(wait))) => self.rest(wait),
                Err(Trouble::Status(429, None)) if every_5xx => self.rest(Duration::seconds(30)),
                Err(Trouble::Status(401 | 408 | 500.., _)) if every_5xx => self.rest(pause),
                Err(Trouble::Broken) => self.rest(pause),
                ended => return ended,
            }
            pause = (pause * 2).min(Duration::seconds(120));
        }
        self.page(url)
    }

    /// Hands rows to the sink.
    pub fn deliver<'b>(&mut self, rows: impl IntoIterator<Item = &'b Fetched>) {
        for row in rows {
            let now = self.now;
            let delivered = self.delivered.entry(row.key()).or_insert(Delivered {
                first_at: now,
                statuses: Vec::new(),
            });
            if delivered.statuses.contains(&row.status) {
                self.duplicates += 1;
            } else {
                delivered.statuses.push(row.status.clone());
            }
        }
    }

    fn sign_in(&mut self) {
        self.token = if self.is_report {
            self.simulator.reporting_token(self.now)
        } else {
            self.simulator.token(self.now)
        };
        self.renew_at = self.now + self.simulator.settings().access.token_lifetime - Duration::minutes(5);
    }

    fn retry_after(&self, text: &str) -> Option<Duration> {
        if let Ok(seconds) = text.parse() {
            return Some(Duration::seconds(seconds));
        }
        let at: DateTime<Utc> = httpdate::parse_http_date(text).ok()?.into();
        Some(at - self.now)
    }

    pub(super) fn outcome(self, name: String, course: Course) -> Outcome {
        let Self {
            simulator,
            delivered,
            duplicates,
            requests,
            is_report,
            ..
        } = self;
        let mut outcome = Outcome {
            name,
            duplicates,
            requests,
            ..Outcome::default()
        };
        let end = course.to - course.margin;
        let mut delays = Vec::new();
        let late = if is_report {
            simulator.settings().reporting_delay
        } else {
            Duration::zero()
        };
        for row in simulator.tenant().rows(course.from, end) {
            let Some(last) = row.state_at(end - late) else {
                continue;
            };
            let first = row.states().next().unwrap_or(last);
            outcome.rows += 1;
            let found = delivered.get(&owned_key(row));
            if first.status != last.status {
                outcome.changed += 1;
                let word = if is_report {
                    last.status.reporting()
                } else {
                    last.status.graph(false)
                };
                if !found.is_some_and(|found| found.statuses.iter().any(|status| status == word)) {
                    outcome.finals_missed += 1;
                }
            }
            match found {
                Some(found) => {
                    let visible_at = row.visible_at() + late;
                    delays.push((found.first_at - visible_at).num_seconds().unsigned_abs());
                }
                None => outcome.lost += 1,
            }
        }
        delays.sort_unstable();
        let at = |per_cent: usize| {
            delays
                .get(delays.len() * per_cent / 100)
                .copied()
                .unwrap_or_default()
        };
        (outcome.delay_median, outcome.delay_p95) = (at(50), at(95));
        outcome
    }
}

fn owned_key(row: &Row) -> (String, String) {
    let (id, recipient) = row.key();
    (id.to_owned(), recipient)
}
