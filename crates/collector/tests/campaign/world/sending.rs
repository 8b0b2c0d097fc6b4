//! A request on its way to the simulated service, and what arrives of the answer.

use chrono::{DateTime, Duration, Utc};
use http::HeaderMap;
use message_trace_collector::poll::{Answer, Call, Fault, Input, Trouble as NoAnswer};
use message_trace_net::http::{Link, retry_after};
use message_trace_remedy::Remedy;
use message_trace_simulator::Travel;

use super::{CLIENT_TIMEOUT_MS, TOKEN_LIFE_MS, World};
use crate::between::stranger;

impl World {
    fn link(&self, call: &Call) -> Option<Link> {
        match call {
            Call::List(query) => self.tracing.link(&self.source.path(query)).ok(),
            Call::Next(link) => match self.source.next_path(link) {
                Some(path) => self.tracing.link(&path).ok(),
                None => self.tracing.admit(link).ok(),
            },
            Call::Details(query) => self.tracing.link(&self.source.details_path(query)).ok(),
        }
    }

    pub(super) fn send(&mut self, request: u64, call: &Call) {
        let Some(link) = self.link(call) else {
            assert!(matches!(call, Call::Next(_)), "a query is inside the origin");
            self.later(
                0,
                Input::Failed {
                    request,
                    trouble: NoAnswer::LinkElsewhere,
                },
            );
            return;
        };
        if self.chance.u32(0..1000) < self.scenario.strangers_per_mille {
            self.strangers += 1;
            let answer = stranger(&mut self.chance, self.now_ms);
            self.later(20, Input::Answered { request, answer });
            return;
        }
        self.sent_ms.push(self.now_ms);
        let about = match call {
            Call::Details(query) => Some(query),
            _ => None,
        };
        if let (Some(asking), Some(_)) = (&mut self.asking, about) {
            asking.sent_ms.push(self.now_ms);
        }
        let now = self.service_now();
        let token = match &self.token {
            Some((token, renew_ms)) if self.now_ms < *renew_ms => token.clone(),
            _ => {
                let token = match self.source.name() {
                    "graph" => self.simulator.token(now),
                    _ => self.simulator.reporting_token(now),
                };
                self.token = Some((token.clone(), self.now_ms + TOKEN_LIFE_MS * 8 / 10));
                token
            }
        };
        let mut message = link.request(http::Method::GET, Vec::new());
        let headers = message.headers_mut();
        headers.insert(
            "authorization",
            format!("Bearer {token}").parse().expect("a header"),
        );
        headers.insert("accept", http::HeaderValue::from_static("application/json"));
        headers.insert(
            "prefer",
            http::HeaderValue::from_static("include-unknown-enum-members"),
        );
        let reply = self.simulator.respond(now, &message);
        let thinking_ms = i64::try_from(reply.delay.as_millis()).unwrap_or(0) + self.chance.i64(5..60);
        let network = |text: &str| {
            let trouble = NoAnswer::Network(Fault::new(Remedy::Retry, text));
            Input::Failed { request, trouble }
        };
        let (parts, body) = reply.response.into_parts();
        let is_refused = parts.status == http::StatusCode::BAD_REQUEST;
        self.refused_windows += u64::from(is_refused && matches!(call, Call::List(_)));
        let (arrived, is_whole) = reply.travel.arriving(&body);
        if parts.status == http::StatusCode::TOO_MANY_REQUESTS {
            self.refused_ms.push(self.now_ms);
        }
        self.bytes += arrived.len() as u64;
        if let (Some(asking), Some(query), true) = (&mut self.asking, about, is_whole) {
            asking.answered(query, arrived);
        }
        // Half of the cuts are seen by the client; the other half looks like a whole answer.
        let is_seen = !is_whole && (self.chance.bool() || arrived.is_empty());
        let slow_ms = match reply.travel {
            Travel::Slow(rate) => i64::try_from(body.len()).unwrap_or(0) * 1000 / i64::from(rate.max(1)),
            _ => 0,
        };
        match reply.travel {
            Travel::Silent => self.later(30_000, network("no answer in time")),
            _ if thinking_ms + slow_ms > CLIENT_TIMEOUT_MS => {
                self.later(CLIENT_TIMEOUT_MS, network("no answer in time"));
            }
            _ if is_seen => self.later(thinking_ms, network("cut")),
            _ => {
                let answer = Answer {
                    status: parts.status.as_u16(),
                    content_type: text(&parts.headers, "content-type"),
                    retry_after_ms: retry_after(&parts.headers, self.local_time())
                        .map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
                    date_ms: text(&parts.headers, "date")
                        .and_then(|date| httpdate::parse_http_date(&date).ok())
                        .map(|date| DateTime::<Utc>::from(date).timestamp_millis()),
                    body: arrived.to_vec(),
                };
                self.later(thinking_ms + slow_ms, Input::Answered { request, answer });
            }
        }
    }

    fn local_time(&self) -> std::time::SystemTime {
        (self.service_now() + Duration::milliseconds(self.skew_ms)).into()
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}
