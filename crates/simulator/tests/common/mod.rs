//! A client for tests: asks the model directly, follows next links, shows what came.
#![allow(dead_code, reason = "every test file takes what it needs")]
#![allow(unreachable_pub, clippy::unwrap_used, reason = "test code")]

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use http::Request;
use message_trace_simulator::{Reply, Settings, Simulator};
use serde_json::Value;

pub const LIST: &str = "https://graph.microsoft.com/v1.0/admin/exchange/tracing/messageTraces";

pub fn at(year: i32, month: u32, day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(year, month, day, hour, 0, 0).unwrap()
}

pub fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

pub struct Client {
    pub simulator: Simulator,
}

impl Client {
    pub fn new(mut settings: Settings) -> Self {
        settings.quota.requests = settings.quota.requests.max(1);
        Self {
            simulator: Simulator::new(settings),
        }
    }

    /// Asks for a URL with a good token.
    pub fn ask(&mut self, now: DateTime<Utc>, url: &str) -> Reply {
        let token = self.simulator.token(now);
        self.ask_with(now, url, &[("authorization", &format!("Bearer {token}"))])
    }

    /// Asks for a URL with these headers and nothing else.
    pub fn ask_with(&mut self, now: DateTime<Utc>, url: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::get(url.replace(' ', "%20"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.simulator.respond(now, &request.body(Vec::new()).unwrap())
    }

    /// Every row of a window, over all pages.
    pub fn rows(
        &mut self,
        now: DateTime<Utc>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        top: u32,
    ) -> Vec<Value> {
        let mut url = window(from, to, top);
        let mut rows = Vec::new();
        loop {
            let page = json(&self.ask(now, &url));
            rows.extend(page["value"].as_array().unwrap().iter().cloned());
            match page["@odata.nextLink"].as_str() {
                Some(next) => next.clone_into(&mut url),
                None => return rows,
            }
        }
    }
}

pub fn window(from: DateTime<Utc>, to: DateTime<Utc>, top: u32) -> String {
    format!(
        "{LIST}?$filter=receivedDateTime ge {} and receivedDateTime le {}&$top={top}",
        text(from),
        text(to)
    )
}

pub fn json(reply: &Reply) -> Value {
    serde_json::from_slice(reply.response.body()).unwrap()
}

impl Client {
    /// Posts a form to the token endpoint of a tenant.
    pub fn sign_in(&mut self, now: DateTime<Utc>, tenant: &str, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(format!(
            "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
        ))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .unwrap();
        self.simulator.respond(now, &request)
    }
}
