//! Alerts into each service as it takes events: Elasticsearch, Splunk, Microsoft Sentinel, NATS.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::Command;
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use serde_json::{Value as Json, json};

use crate::server::{Received, Server, respond};
use crate::sinks::{CANARY, CLOSED, RAISED, Stand};

/// What came to each service, in order.
type Came = Arc<Mutex<BTreeMap<&'static str, Vec<Json>>>>;

/// Every service in one server, and the login of Microsoft beside them.
fn start() -> (Server, Came) {
    let came = Came::default();
    let log = Arc::clone(&came);
    let server = Server::start(move |_, received, stream| {
        let (service, events, body) = answer(received);
        log.lock().unwrap().entry(service).or_default().extend(events);
        respond(stream, 200, "", body.to_string().as_bytes());
    });
    (server, came)
}

/// Which service was asked, the events that came, and its answer.
fn answer(received: &Received) -> (&'static str, Vec<Json>, Json) {
    let path = received.line.split(' ').nth(1).unwrap();
    let authorization = received.header("authorization").unwrap_or_default();
    let values = || -> Vec<Json> {
        let body = plain(received);
        let values = serde_json::Deserializer::from_slice(&body).into_iter();
        values.map(Result::unwrap).collect()
    };
    if path.starts_with("/_bulk") {
        assert_eq!(authorization, format!("ApiKey {CANARY}"));
        let values = values();
        let items: Vec<Json> = (0..values.len() / 2)
            .map(|_| json!({ "create": { "status": 201 } }))
            .collect();
        return (
            "elasticsearch",
            values,
            json!({ "errors": false, "items": items }),
        );
    }
    if path == "/services/collector/event" {
        assert_eq!(authorization, format!("Splunk {CANARY}"));
        return ("splunk", values(), json!({ "text": "Success", "code": 0 }));
    }
    if path == "/tenant/oauth2/v2.0/token" {
        assert!(
            received
                .text()
                .contains("scope=https%3A%2F%2Fmonitor.azure.com%2F.default")
        );
        let token = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token" });
        return ("login", Vec::new(), token);
    }
    assert!(
        path.starts_with("/dataCollectionRules/dcr-1/streams/Custom-MessageTrace_CL?"),
        "{path}"
    );
    assert_eq!(authorization, "Bearer token");
    let records = serde_json::from_slice(&plain(received)).unwrap();
    ("sentinel", records, json!({}))
}

fn plain(received: &Received) -> Vec<u8> {
    if received.header("content-encoding") != Some("gzip") {
        return received.body.clone();
    }
    let mut body = Vec::new();
    GzDecoder::new(received.body.as_slice())
        .read_to_end(&mut body)
        .unwrap();
    body
}

/// Takes what came to a service.
fn take(came: &Came, service: &str) -> Vec<Json> {
    came.lock().unwrap().remove(service).unwrap_or_default()
}

/// Runs with the canary in every secret's place.
fn run(mut command: Command) -> (Option<i32>, String) {
    let done = command
        .env("MESSAGE_TRACE_CLIENT_SECRET", CANARY)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!said.contains(CANARY), "{said}");
    (done.status.code(), said)
}

#[test]
fn an_alert_and_its_end_reach_each_service_as_it_takes_events() {
    let mut stand = Stand::new();
    let (server, came) = start();
    let url = server.url("");
    let config = format!(
        "tenant-id = \"tenant\"\nclient-id = \"client\"\nlogin-url = \"{url}\"\n\
         [[sinks]]\nname = \"stream\"\ntype = \"elasticsearch\"\nurl = \"{url}\"\n\
         data-stream = \"logs-m365.message_trace.alert-default\"\napi-key = {{ variable = \"ALERT_TOKEN\" }}\n\
         [[sinks]]\nname = \"index\"\ntype = \"elasticsearch\"\nurl = \"{url}\"\nindex = \"alerts\"\n\
         api-key = {{ variable = \"ALERT_TOKEN\" }}\n\
         [[sinks]]\ntype = \"splunk\"\nurl = \"{url}\"\ntoken = {{ variable = \"ALERT_TOKEN\" }}\nacknowledge = false\n\
         [[sinks]]\ntype = \"sentinel\"\nendpoint = \"{url}\"\nrule-id = \"dcr-1\"\nstream = \"Custom-MessageTrace_CL\"\n"
    );
    let alert = RAISED.trim_end_matches("/raised");
    let (code, said) = run(stand.command(&config, &[]));
    assert_eq!(code, Some(1), "{said}");
    let bulk = take(&came, "elasticsearch");
    assert_eq!(bulk.len(), 4, "{bulk:?}");
    let created = json!({ "create": { "_index": "logs-m365.message_trace.alert-default", "_id": RAISED } });
    assert_eq!(bulk[0], created);
    // In an index the end of an alert takes its place.
    let indexed = json!({ "_index": "alerts", "_id": alert, "version": 0, "version_type": "external" });
    assert_eq!(bulk[2]["index"], indexed);
    for event in [&bulk[1], &bulk[3]] {
        assert_eq!(
            (&event["event"]["kind"], &event["event"]["id"]),
            (&json!("alert"), &json!(RAISED))
        );
    }
    let [splunk] = take(&came, "splunk").try_into().unwrap();
    assert_eq!(
        splunk["fields"],
        json!({ "event_id": RAISED, "event_sequence": 0 })
    );
    assert_eq!(
        (&splunk["time"], &splunk["event"]),
        (&json!(1_750_377_600), &bulk[1])
    );
    let [sentinel] = take(&came, "sentinel").try_into().unwrap();
    assert_eq!(
        (&sentinel["EventType"], &sentinel["EventUid"]),
        (&json!("Alert"), &json!(RAISED))
    );

    assert_eq!(run(stand.command(&config, &[])).0, Some(0));
    stand.plant(21, "somebody-else");
    let (code, said) = run(stand.command(&config, &[]));
    assert_eq!(code, Some(1), "{said}");
    let bulk = take(&came, "elasticsearch");
    let ids: Vec<&Json> = bulk.iter().filter_map(|line| line["create"].get("_id")).collect();
    assert_eq!(ids[1], &format!("{CLOSED}/1"), "{bulk:?}");
    let replaced = json!({ "_index": "alerts", "_id": alert, "version": 1, "version_type": "external" });
    assert!(bulk.iter().any(|line| line["index"] == replaced), "{bulk:?}");
    for service in ["splunk", "sentinel"] {
        assert_eq!(take(&came, service).len(), 2, "{service}: raised, closed");
    }
}

#[cfg(feature = "streams")]
#[test]
fn an_alert_is_a_message_of_a_stream_once() {
    let Some(nats) = crate::nats::Nats::start() else {
        return;
    };
    nats.stream("ALERTS", &["alerts"]);
    let mut stand = Stand::new();
    let config = format!(
        "[[sinks]]\ntype = \"nats\"\nurl = \"{}\"\n",
        nats.address("alerts")
    );
    for (code, count) in [(1, 1), (0, 1)] {
        let (ended, said) = run(stand.command(&config, &[]));
        assert_eq!(
            (ended, nats.messages("ALERTS").len()),
            (Some(code), count),
            "{said}"
        );
    }
    stand.plant(21, "somebody-else");
    assert_eq!(run(stand.command(&config, &[])).0, Some(1));
    let messages = nats.messages("ALERTS");
    let event: Json = serde_json::from_slice(&messages[0].payload).unwrap();
    assert_eq!(
        (&event["event"]["id"], &event["event"]["kind"]),
        (&json!(RAISED), &json!("alert"))
    );
    let ids: Vec<Option<String>> = messages
        .iter()
        .map(|message| message.header("Nats-Msg-Id"))
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(
        ids.contains(&Some(RAISED.to_owned())) && ids.iter().flatten().any(|id| id.starts_with(CLOSED)),
        "{ids:?}"
    );
}
