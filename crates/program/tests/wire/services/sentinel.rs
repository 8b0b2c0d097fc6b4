//! Microsoft Sentinel: tokens, calls of at most 1 MB, columns.

use std::sync::Arc;

use message_trace_net::auth::{Application, Authenticator, Credential};
use message_trace_net::http::{Client, ClientOptions, Origin, Transport};
use message_trace_sinks::sentinel::{COLUMNS, Sentinel, SentinelOptions};
use message_trace_sinks::{Check, ServiceSink, Sink as _};
use serde_json::{Value, json};

use super::fake::{Arrived, Call, Fake, Reply, batch, event, is_poison, serve};

#[derive(Default)]
pub(super) struct FakeSentinel {
    pub(super) arrived: Arrived,
    pub(super) tokens: u32,
    /// Calls of a hundred that find their token revoked.
    pub(super) revoke_percent: u8,
    pub(super) records: Vec<Value>,
}

impl Fake for FakeSentinel {
    fn answer(&mut self, call: &Call, random: &mut fastrand::Rng) -> Reply {
        if call.path == "/tenant/oauth2/v2.0/token" {
            let form = String::from_utf8_lossy(&call.body).into_owned();
            assert!(
                form.contains("scope=https%3A%2F%2Fmonitor.azure.com%2F.default"),
                "{form}"
            );
            assert!(form.contains("client_secret=canary-secret"));
            self.tokens += 1;
            let token = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": format!("t{}", self.tokens) });
            return (200, None, token.to_string());
        }
        let path = "/dataCollectionRules/dcr-1/streams/Custom-MessageTrace_CL?api-version=2023-01-01";
        assert_eq!(call.path, path);
        if call.method == "GET" {
            return (405, None, String::new());
        }
        if random.u8(0..100) < self.revoke_percent {
            self.tokens += 1;
        }
        if call.header("authorization") != Some(&format!("Bearer t{}", self.tokens)) {
            return (401, None, String::new());
        }
        if call.body.len() > 1_000_000 {
            return (413, None, String::new());
        }
        let records: Vec<Value> = serde_json::from_slice(&call.body).unwrap();
        for record in &records {
            for (name, _) in record.as_object().unwrap() {
                assert!(
                    COLUMNS.iter().any(|column| column.name == name),
                    "{name} is no column"
                );
            }
        }
        if records.iter().any(|record| is_poison(&record.to_string())) {
            return (
                400,
                None,
                json!({ "error": { "code": "InvalidPayload" } }).to_string(),
            );
        }
        let identity = |record: &Value| {
            let uid = record["EventUid"].as_str().unwrap().to_owned();
            (uid, record["EventSequence"].as_u64().unwrap())
        };
        self.arrived.extend(records.iter().map(identity));
        self.records.extend(records);
        (204, None, String::new())
    }

    fn arrived(&self) -> Arrived {
        self.arrived.clone()
    }
}

pub(super) fn sink(url: &str, transport: Arc<dyn Transport>) -> ServiceSink<Sentinel> {
    let endpoint = Origin::parse(url).unwrap();
    let application = Application {
        tenant_id: "tenant".to_owned(),
        client_id: "client".to_owned(),
        login: endpoint.clone(),
        scope: Sentinel::scope(&endpoint).to_owned(),
    };
    let credential = Credential::Secret("canary-secret".into());
    let options = SentinelOptions {
        endpoint,
        rule_id: "dcr-1".to_owned(),
        stream: "Custom-MessageTrace_CL".to_owned(),
        authenticator: Authenticator::new(application, credential, Arc::clone(&transport)),
        gzip: true,
        max_bytes: 1_000_000,
    };
    ServiceSink::of(Sentinel::new(options, transport).unwrap())
}

#[test]
fn a_row_becomes_a_record_with_its_own_time() {
    let client: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    let (server, shared) = serve(FakeSentinel::default());
    let mut sink = sink(&server.url(""), client);
    assert!(matches!(sink.check(), Ok(Check::Reachable(_))));
    sink.deliver(&batch(&[event(7, 1, "quarantined", r#","x":1"#)]))
        .unwrap();
    let record = &shared.lock().unwrap().0.records[0];
    for (column, value) in [
        ("TimeGenerated", json!("2025-06-13T10:30:00Z")),
        ("EventUid", json!("trace-7/user7@example.com/quarantined")),
        ("EventSequence", json!(1)),
        ("EventSchema", json!("EmailEvent")),
        ("DvcAction", json!("Quarantined")),
        ("EmailDeliveryLocation", json!("Quarantine")),
        ("EmailToRecipients", json!(["user7@example.com"])),
        ("Dst", json!("user7@example.com")),
        ("EmailSubject", json!("S 7")),
        (
            "AdditionalFields",
            json!({ "event": { "action": "quarantined" }, "x": 1 }),
        ),
    ] {
        assert_eq!(record[column], value, "{column}");
    }
}

#[test]
fn an_alert_becomes_a_record_of_the_alert_schema() {
    let client: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    let (server, shared) = serve(FakeSentinel::default());
    let id = "fan-out/user1@contoso.com/2025-06-20";
    let alert = json!({
        "@timestamp": "2025-06-20T00:00:00.000Z",
        "event": { "kind": "alert", "action": "closed", "id": format!("{id}/closed"), "severity": 47, "reason": "why" },
        "rule": { "id": "fan-out" },
        "threat": { "tactic": { "name": ["Initial Access"] }, "technique": { "id": ["T1078"] } },
        "user": { "email": "user1@contoso.com" },
        "m365": { "message_trace": { "alert": { "id": id, "event_ids": ["a", "b"], "observed": 60 } } },
    });
    let key = message_trace_sinks::EventKey::new(format!("{id}/closed"), 1);
    sink(&server.url(""), client)
        .deliver(&batch(&[(key, alert.to_string().into_bytes())]))
        .unwrap();
    let record = &shared.lock().unwrap().0.records[0];
    for (column, value) in [
        ("EventType", json!("Alert")),
        ("EventSchema", json!("AlertEvent")),
        ("EventSeverity", json!("Medium")),
        ("EventUid", json!(format!("{id}/closed"))),
        ("AlertId", json!(id)),
        ("AlertStatus", json!("Closed")),
        ("AlertEvidence", json!(["a", "b"])),
        ("AttackTactics", json!("Initial Access")),
        ("AttackTechniques", json!("T1078")),
        ("Username", json!("user1@contoso.com")),
        (
            "AdditionalFields",
            json!({
                "event": { "kind": "alert", "action": "closed", "severity": 47, "reason": "why" },
                "rule": { "id": "fan-out" }, "m365": { "message_trace": { "alert": { "observed": 60 } } },
            }),
        ),
    ] {
        assert_eq!(record[column], value, "{column}");
    }
}

#[test]
fn a_call_has_at_most_a_megabyte_before_compression() {
    let client: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    let (server, shared) = serve(FakeSentinel::default());
    let pad = format!(r#","pad":"{}""#, "x".repeat(300_000));
    let events: Vec<_> = (0..7).map(|row| event(row, 0, "delivered", &pad)).collect();
    assert!(
        sink(&server.url(""), client)
            .deliver(&batch(&events))
            .unwrap()
            .refused
            .is_empty()
    );
    let shared = shared.lock().unwrap();
    let sizes: Vec<usize> = shared
        .1
        .iter()
        .filter(|call| call.path.contains("dcr-1"))
        .map(|call| call.body.len())
        .collect();
    assert_eq!((sizes.len(), shared.0.arrived().len()), (3, 7));
    assert!(sizes.iter().all(|size| *size <= 1_000_000), "{sizes:?}");
}
