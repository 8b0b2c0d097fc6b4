//! The simulator: one request in, one reply out.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{Request, StatusCode, header};

use crate::call::{Call, Route};
use crate::chance::{guid, stream};
use crate::faults::{Endpoint, Fault, Injection, Script};
use crate::graph::{self, Window};
use crate::login::{Audience, Login};
use crate::reply::{Reply, RequestIds};
use crate::reporting;
use crate::settings::{RetryAfterForm, Settings};
use crate::tenant::Tenant;
use crate::travel;
use crate::{RetryAfter, ServicePrincipal};

const REQUEST: u64 = 0x7265_7175;

/// A tenant and the services in front of it: login, managed identity, Graph and the Reporting Web Service.
///
/// It has no clock, no thread and no I/O: the time comes with each request, and the reply says how it travels.
///
/// ```
/// use chrono::{TimeZone, Utc};
/// use message_trace_simulator::{Settings, Simulator};
///
/// let from = Utc.with_ymd_and_hms(2026, 3, 2, 0, 0, 0).unwrap();
/// let now = Utc.with_ymd_and_hms(2026, 3, 2, 12, 0, 0).unwrap();
/// let mut simulator = Simulator::new(Settings::new(7, from));
/// let token = simulator.token(now);
/// let request = http::Request::get("https://graph.microsoft.com/v1.0/admin/exchange/tracing/messageTraces?$top=10")
///     .header("authorization", format!("Bearer {token}"))
///     .body(Vec::new())
///     .unwrap();
/// let reply = simulator.respond(now, &request);
/// assert_eq!(reply.response.status(), 200);
/// ```
#[derive(Debug)]
pub struct Simulator {
    settings: Settings,
    tenant: Tenant,
    login: Login,
    script: Script,
    lists: Window,
    details: Window,
    statistics: Statistics,
    log: VecDeque<Seen>,
}

/// Counts of what was asked and answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests of every kind.
    pub requests: u64,
    /// Requests to the token and identity endpoints.
    pub tokens: u64,
    /// Pages of rows, Graph's and the Reporting Web Service's.
    pub pages: u64,
    /// Rows on those pages.
    pub rows: u64,
    /// Requests that met a fault, scripted or by chance.
    pub faults: u64,
    /// Requests refused because the quota was used up.
    pub refused_by_quota: u64,
    /// The most requests for lists that were ever answered within one quota window.
    pub quota_peak: usize,
    /// Requests answered with 400 or 404: the client asked for something that cannot be.
    pub bad_requests: u64,
}

/// A request as the log remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it came.
    pub at: DateTime<Utc>,
    /// Its kind.
    pub endpoint: Endpoint,
    /// Its path and query as sent.
    pub target: String,
    /// Whether it carried an `Authorization` header.
    pub is_authorized: bool,
    /// The status answered, even when the answer never arrived.
    pub status: u16,
    /// The fault it met.
    pub fault: Option<Fault>,
}

impl Simulator {
    /// A simulator that nobody has asked anything yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            tenant: Tenant::new(&settings),
            login: Login::new(settings.seed),
            settings,
            script: Script::default(),
            lists: Window::default(),
            details: Window::default(),
            statistics: Statistics::default(),
            log: VecDeque::new(),
        }
    }

    /// Answers a request that comes at a time. Times must not go back by more than clocks do.
    pub fn respond(&mut self, now: DateTime<Utc>, request: &Request<Vec<u8>>) -> Reply {
        self.statistics.requests += 1;
        let number = self.statistics.requests;
        let call = Call::read(request);
        let endpoint = call.endpoint();
        let rates = self.settings.faults;
        let fault = self
            .script
            .strike(endpoint)
            .or_else(|| rates.strike(self.settings.seed, number, now, endpoint));
        if fault.is_some() {
            self.statistics.faults += 1;
        }
        let request_id = guid(&mut stream(self.settings.seed, REQUEST, number));
        let ids = RequestIds {
            client: call.header("client-request-id").unwrap_or(&request_id).to_owned(),
            request: request_id,
        };
        let mut reply = match &fault {
            Some(fault) => self.serve_with(fault, now, &call, &ids),
            None => self.serve(now, &call, &ids, None),
        };
        travel::finish(&mut reply, now, &call, &ids);
        if let Some(fault) = &fault {
            travel::cut(&mut reply, fault);
        }
        let status = reply.response.status();
        if matches!(status.as_u16(), 400 | 404) {
            self.statistics.bad_requests += 1;
        }
        if self.settings.log_capacity > 0 {
            if self.log.len() == self.settings.log_capacity {
                self.log.pop_front();
            }
            self.log.push_back(Seen {
                at: now,
                endpoint,
                target: request
                    .uri()
                    .path_and_query()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                is_authorized: call.headers.contains_key(header::AUTHORIZATION),
                status: status.as_u16(),
                fault,
            });
        }
        reply
    }

    /// Lets a fault strike requests to come.
    pub fn inject(&mut self, injection: Injection) {
        self.script.add(injection);
    }

    /// Takes back every injected fault.
    pub fn clear_injections(&mut self) {
        self.script.clear();
    }

    /// A token for Graph without asking for one, good from now for the settings' lifetime.
    pub fn token(&mut self, now: DateTime<Utc>) -> String {
        self.login
            .issue(&self.settings.access, now, Audience::Graph, crate::CLIENT_ID)
    }

    /// A token for the Reporting Web Service without asking for one.
    pub fn reporting_token(&mut self, now: DateTime<Utc>) -> String {
        self.login
            .issue(&self.settings.access, now, Audience::Reporting, crate::CLIENT_ID)
    }

    /// The truth: every row there is, which nobody can ask for over the wire.
    #[must_use]
    pub fn tenant(&mut self) -> &mut Tenant {
        &mut self.tenant
    }

    /// What was asked and answered so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics {
            refused_by_quota: self.lists.refused() + self.details.refused(),
            quota_peak: self.lists.peak(),
            ..self.statistics
        }
    }

    /// The last requests, oldest first, as many as the settings let it remember.
    #[must_use]
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Seen> {
        self.log.iter()
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings, to change what can change in a real tenant: credentials, permission, quota, faults, latency.
    /// What the traffic is made from has no effect any more.
    #[must_use]
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// A request that meets a fault.
    fn serve_with(&mut self, fault: &Fault, now: DateTime<Utc>, call: &Call, ids: &RequestIds) -> Reply {
        if matches!(
            fault,
            Fault::Status(..) | Fault::HtmlPage | Fault::WrongShape | Fault::DeadNextLink(_)
        ) && matches!(call.route, Route::List(_))
            && (call.endpoint() == Endpoint::NextPage || !matches!(fault, Fault::DeadNextLink(_)))
        {
            // Whether the service counts what it fails to answer is unknown; a client that counts it is never wrong.
            let quota = self.settings.quota;
            let _ = self.lists.admit(now, &quota);
        }
        let error =
            |status: StatusCode, code: &str, text: &str| Reply::graph_error(status, code, text, now, ids);
        match fault {
            Fault::TooManyRequests(retry_after) => graph::too_many(retry_after, now, ids),
            Fault::Status(status, retry_after) => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let code = status.canonical_reason().unwrap_or("UnknownError").replace([' ', '-'], "");
                let retry_after = retry_after.header(now);
                error(status, &code, "The service is not able to answer at present.")
                    .with_retry_after(retry_after.as_deref())
            }
            Fault::HtmlPage => Reply::new(
                StatusCode::OK,
                "text/html; charset=utf-8",
                b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>".to_vec(),
            ),
            Fault::TokenExpired => {
                self.login.forget_tokens();
                self.serve(now, call, ids, None)
            }
            Fault::DeadNextLink(status) if call.endpoint() == Endpoint::NextPage => {
                let graph::Refusal(status, code, text) = graph::dead(*status);
                error(status, code, &text)
            }
            Fault::Redirect(status, place) => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::FOUND);
                Reply::new(status, "text/plain", Vec::new()).with(header::LOCATION, place)
            }
            Fault::ServicePrincipalMissing(status) => graph::principal_missing(*status, now, ids),
            Fault::PermissionMissing => graph::permission_missing(now, ids),
            Fault::WrongShape => Reply::new(
                StatusCode::OK,
                "application/json",
                b"{\"@odata.context\":\"x\",\"value\":{\"id\":\"not a list\"}}".to_vec(),
            ),
            Fault::ResetBefore
            | Fault::ResetWithin(_)
            | Fault::Truncated(_)
            | Fault::Slow(_)
            | Fault::Silent
            | Fault::DeadNextLink(_)
            | Fault::LoopingNextLink
            | Fault::EmptyPage
            | Fault::HostileNextLink(_) => self.serve(now, call, ids, Some(fault)),
        }
    }

    fn serve(&mut self, now: DateTime<Utc>, call: &Call, ids: &RequestIds, fault: Option<&Fault>) -> Reply {
        let access = &self.settings.access;
        match &call.route {
            Route::Token { tenant } => {
                self.statistics.tokens += 1;
                self.login.token(access, now, call, tenant, &self.base(call))
            }
            Route::OpenIdConfiguration { tenant } => {
                self.login
                    .configuration(access, now, tenant, &self.base(call), call)
            }
            Route::VmIdentity => {
                self.statistics.tokens += 1;
                self.login.vm_identity(access, now, call)
            }
            Route::AppIdentity => {
                self.statistics.tokens += 1;
                self.login.app_identity(access, now, call)
            }
            Route::List(version) => self.list(now, call, ids, *version, fault),
            Route::Details {
                version,
                id,
                recipient,
            } => {
                if let Err(reply) = self.admit(now, call, ids, true) {
                    return *reply;
                }
                match recipient {
                    Some(recipient) => graph::details(&self.tenant, now, *version, id, recipient),
                    None => Reply::graph_error(
                        StatusCode::BAD_REQUEST,
                        "BadRequest",
                        "The value of parameter 'recipientAddress' must be a text in apostrophes.",
                        now,
                        ids,
                    ),
                }
            }
            Route::Reporting { is_detail } => self.report(now, call, *is_detail),
            Route::TooLong => Reply::new(
                StatusCode::NOT_FOUND,
                "text/html",
                b"<h2>404 - File or directory not found.</h2>".to_vec(),
            ),
            Route::Unknown => {
                let text = format!(
                    "Resource not found for the segment '{}'.",
                    call.path.trim_matches('/').split('/').nth(1).unwrap_or_default()
                );
                Reply::graph_error(StatusCode::BAD_REQUEST, "BadRequest", &text, now, ids)
            }
        }
    }

    fn list(
        &mut self,
        now: DateTime<Utc>,
        call: &Call,
        ids: &RequestIds,
        version: graph::Version,
        fault: Option<&Fault>,
    ) -> Reply {
        if let Err(reply) = self.admit(now, call, ids, false) {
            return *reply;
        }
        if call.method != http::Method::GET {
            let text = "The method is not allowed for this resource.";
            return Reply::graph_error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", text, now, ids);
        }
        match graph::list(&self.settings, &mut self.tenant, now, call, version) {
            Err(graph::Refusal(status, code, text)) => Reply::graph_error(status, code, &text, now, ids),
            Ok(mut page) => {
                if let Some(fault) = fault {
                    page.suffer(fault);
                }
                self.statistics.pages += 1;
                self.statistics.rows += page.count as u64;
                let delay = self.delay(page.count);
                let mut reply = graph::page_reply(page, call, &self.base(call));
                reply.delay = delay;
                reply
            }
        }
    }

    fn report(&mut self, now: DateTime<Utc>, call: &Call, is_detail: bool) -> Reply {
        if self.login.check(call.bearer(), now, Audience::Reporting).is_err() {
            return reporting::unauthorized();
        }
        if !self.settings.access.permission_granted {
            return reporting::forbidden();
        }
        let page = reporting::report(&self.settings, &mut self.tenant, now, call, is_detail);
        self.statistics.pages += 1;
        self.statistics.rows += page.count as u64;
        let mut reply = page.reply;
        reply.delay = self.delay(page.count);
        reply
    }

    /// Lets a request to Graph in, or says why not.
    fn admit(
        &mut self,
        now: DateTime<Utc>,
        call: &Call,
        ids: &RequestIds,
        is_detail: bool,
    ) -> Result<(), Box<Reply>> {
        if let Err(fault) = self.login.check(call.bearer(), now, Audience::Graph) {
            return Err(Box::new(graph::token_refused(fault, now, ids)));
        }
        match self.settings.access.service_principal {
            ServicePrincipal::Missing(status) => {
                return Err(Box::new(graph::principal_missing(status, now, ids)));
            }
            ServicePrincipal::From(time, status) if now < time => {
                return Err(Box::new(graph::principal_missing(status, now, ids)));
            }
            ServicePrincipal::From(..) | ServicePrincipal::Present => {}
        }
        if !self.settings.access.permission_granted {
            return Err(Box::new(graph::permission_missing(now, ids)));
        }
        let quota = self.settings.quota;
        let window = if is_detail && !quota.details_shared {
            &mut self.details
        } else {
            &mut self.lists
        };
        window.admit(now, &quota).map_err(|wait| {
            // Whole seconds, never less than what is needed.
            let seconds = u32::try_from((wait.num_milliseconds() + 999) / 1_000).unwrap_or(u32::MAX);
            let retry_after = match quota.retry_after {
                RetryAfterForm::Seconds => RetryAfter::Seconds(seconds),
                RetryAfterForm::Date => RetryAfter::Date(seconds),
                RetryAfterForm::Absent => RetryAfter::Absent,
            };
            Box::new(graph::too_many(&retry_after, now, ids))
        })
    }

    fn delay(&self, rows: usize) -> Duration {
        let latency = self.settings.latency;
        Duration::from_millis(u64::from(latency.base_ms))
            + Duration::from_micros(u64::from(latency.per_row_us) * rows as u64)
    }

    fn base(&self, call: &Call) -> String {
        self.settings
            .base_url
            .clone()
            .unwrap_or_else(|| call.origin.clone())
    }
}
