//! Secrets, addresses and subjects show up in no log, error or `Debug` text, whatever fails.

use std::fmt::{Debug, Display, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::SystemTime;

use http::{HeaderMap, HeaderName};
use log::{LevelFilter, Log, Metadata, Record};
use message_trace_net::auth::{Authenticator, Certificate, Credential, ManagedIdentity};
use message_trace_net::http::{Client, ClientOptions, Origin, SecretHeader, Transport};
use message_trace_program::config::{Environment, PollArgs, load, open_sinks, passed_over};
use message_trace_sinks::{
    Batch, DeadLetter, EventKey, FileOptions, FileSink, HttpOptions, HttpSink, Letter, Sink, StdoutSink,
};
use tempfile::TempDir;

use crate::auth::{application, private_copy, private_file};
use crate::server::{Server, respond};

/// Everything the program logged in this process, at every level, by every test.
static LOGGED: Mutex<String> = Mutex::new(String::new());
static START: Once = Once::new();

struct Capture;

impl Log for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("message_trace")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
            writeln!(logged, "{} {}", record.args(), Pairs::of(record)).unwrap();
        }
    }

    fn flush(&self) {}
}

struct Pairs(String);

impl Pairs {
    fn of(record: &Record<'_>) -> String {
        let mut pairs = Self(String::new());
        record.key_values().visit(&mut pairs).unwrap();
        pairs.0
    }
}

impl<'kvs> log::kv::VisitSource<'kvs> for Pairs {
    fn visit_pair(
        &mut self,
        key: log::kv::Key<'kvs>,
        value: log::kv::Value<'kvs>,
    ) -> Result<(), log::kv::Error> {
        write!(self.0, "{key}={value} ").map_err(|_| log::kv::Error::msg("full"))
    }
}

/// What is never shown. Each stands for one kind of it.
const CANARIES: [&str; 9] = [
    "canary-secret",
    "canary-password",
    "canary-token",
    "canary-assertion",
    "canary-header",
    "canary-query",
    "canary@example.com",
    "canary subject",
    "canary-tenant-text",
];

/// Collects texts, and fails at the first that holds a canary.
#[derive(Default)]
struct Shown(usize);

impl Shown {
    fn text(&mut self, text: &str) {
        for canary in CANARIES {
            assert!(!text.contains(canary), "{canary} in: {text}");
        }
        self.0 += 1;
    }

    fn debug(&mut self, value: &impl Debug) {
        self.text(&format!("{value:?} {value:#?}"));
    }

    fn error(&mut self, error: &(impl Debug + Display)) {
        self.debug(error);
        self.text(&error.to_string());
    }
}

/// What services answer at their worst: whatever they were sent, sent back.
fn echoing(status: u16, headers: &'static str) -> Server {
    Server::start(move |_, received, stream| {
        let words = format!("{} {} {:?}", received.line, received.text(), received.headers);
        let body = serde_json::json!({
            "error": "canary-tenant-text",
            "error_description": format!("AADSTS7000215: canary-tenant-text {words}"),
            "access_token": words,
        });
        respond(stream, status, headers, body.to_string().as_bytes());
    })
}

fn credentials(folder: &TempDir, managed: &str) -> Vec<Credential> {
    let (pem, key) = (
        private_copy(folder, "application.pem"),
        private_copy(folder, "application.key.pem"),
    );
    let pfx = private_copy(folder, "application.pfx");
    let token_file = private_file(folder, "token", b"canary-assertion");
    let password = "canary-password".into();
    let now = SystemTime::now();
    let endpoint = managed.to_owned();
    let variable = move |name: &str| (name == "IDENTITY_ENDPOINT").then(|| endpoint.clone());
    vec![
        Credential::Secret("canary-secret".into()),
        Credential::Certificate(Box::new(Certificate::read(&pem, Some(&key), None, now).unwrap())),
        Credential::Certificate(Box::new(
            Certificate::read(&pfx, None, Some(&password), now).unwrap(),
        )),
        Credential::Federated { token_file },
        Credential::ManagedIdentity(ManagedIdentity::imds(managed, None).unwrap()),
        Credential::ManagedIdentity(
            ManagedIdentity::find(variable, Some("canary-header".into()), None).unwrap(),
        ),
    ]
}

fn sign_in(shown: &mut Shown, folder: &TempDir, transport: &Arc<dyn Transport>) {
    let granting = Server::start(|_, _, stream| {
        respond(
            stream,
            200,
            "",
            br#"{"access_token":"canary-token","expires_in":3599}"#,
        );
    });
    let mut servers: Vec<Server> = [200, 302, 400, 401, 403, 404, 429, 503]
        .map(|status| echoing(status, ""))
        .into();
    servers.push(granting);
    servers.push(Server::start(|_, _, stream| {
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    }));
    for server in &servers {
        for credential in credentials(folder, &server.url("")) {
            shown.debug(&credential);
            let authenticator =
                Authenticator::new(application(&server.url("")), credential, Arc::clone(transport));
            match authenticator.token() {
                Ok(token) => {
                    shown.debug(&token);
                    authenticator.replace(&token).unwrap();
                }
                Err(error) => shown.error(&error),
            }
            shown.debug(&authenticator);
        }
        assert!(!server.received().is_empty());
    }
    let wrong = "wrong canary-password".into();
    let pfx = private_copy(folder, "application.pfx");
    shown.error(&Certificate::read(&pfx, None, Some(&wrong), SystemTime::now()).unwrap_err());
}

fn events() -> Batch {
    let mut batch = Batch::default();
    for number in 0..3 {
        let key = EventKey::new(format!("id-{number}"), 0);
        let event =
            format!("{{\"n\":{number},\"email\":\"canary@example.com\",\"subject\":\"canary subject\"}}");
        batch.push(key, event.as_bytes()).unwrap();
    }
    batch
}

fn deliver(shown: &mut Shown, folder: &TempDir, transport: &Arc<dyn Transport>) {
    let dead = folder.path().join("dead.ndjson");
    for status in [200, 302, 400, 401, 413, 422, 429, 503] {
        let server = echoing(
            status,
            "Retry-After: 0\r\nLocation: http://127.0.0.1/canary-query\r\n",
        );
        let link = Origin::parse(&server.url(""))
            .unwrap()
            .link("/canary-query?canary-query")
            .unwrap();
        shown.debug(&link);
        let name: HeaderName = "x-api-key".parse().unwrap();
        let options = HttpOptions {
            headers: HeaderMap::new(),
            secret_headers: vec![SecretHeader::new(name, "canary-header".into()).unwrap()],
            ..HttpOptions::default()
        };
        let mut sink = HttpSink::new(link, options, Arc::clone(transport));
        sink.note_accepted();
        let batch = events();
        if let Ok(delivery) = sink.deliver(&batch) {
            let letters: Vec<Letter> = delivery
                .refused
                .iter()
                .map(|refused| Letter {
                    time: String::new(),
                    sink: sink.name().to_owned(),
                    reason: refused.reason.to_string(),
                    id: "canary@example.com".to_owned(),
                    sequence: 0,
                    previous_status: None,
                    details: None,
                    row: batch.event(refused.index).unwrap().json.to_vec(),
                })
                .collect();
            shown.debug(&letters);
            DeadLetter::new(dead.clone()).keep(&letters).unwrap();
        }
        show_delivery(shown, sink);
    }
    // The dead letter is data: it holds the rows, and still no secret.
    let dead = std::fs::read_to_string(dead).unwrap();
    assert!(dead.contains("canary@example.com") && !dead.contains("canary-header"));
    show_delivery(
        shown,
        FileSink::open(&folder.path().join("events.ndjson"), FileOptions::default()).unwrap(),
    );
    shown
        .error(&FileSink::open(&folder.path().join("no/events.ndjson"), FileOptions::default()).unwrap_err());
    if Path::new("/dev/full").exists() {
        show_delivery(
            shown,
            FileSink::open(Path::new("/dev/full"), FileOptions::default()).unwrap(),
        );
    }
    show_delivery(shown, StdoutSink::on(Vec::new()));
}

fn show_delivery(shown: &mut Shown, mut sink: impl Sink + Debug) {
    let batch = events();
    shown.debug(&batch);
    match sink.deliver(&batch) {
        Ok(delivery) => shown.debug(&delivery),
        Err(error) => shown.error(&error),
    }
    shown.text(sink.name());
    shown.debug(&sink);
}

fn set_up(shown: &mut Shown, folder: &TempDir, transport: &Arc<dyn Transport>) {
    let secret = private_file(folder, "client-secret", b"canary-secret");
    let events = folder.path().join("set-up.ndjson");
    let path = folder.path().join("poll.toml");
    let text = format!(
        "tenant-id = \"t\"\nclient-id = \"c\"\nledger = \"l\"\nclient-secret-file = '{}'\n\
         [[sinks]]\ntype = \"file\"\npath = '{}'\n\
         [[sinks]]\ntype = \"http\"\nurl = \"https://collector.example.com/?canary-query\"\n\
         secret-headers = {{ Authorization = {{ variable = \"COLLECTOR\", prefix = \"Bearer \" }} }}\n",
        secret.display(),
        events.display()
    );
    std::fs::write(&path, text).unwrap();
    let args = PollArgs {
        config: Some(path),
        ..PollArgs::default()
    };
    let environment = Environment::of([
        ("HTTPS_PROXY", "http://name:canary-password@proxy.example.com"),
        ("MESSAGE_TRACE_SOMEBODYS_TOKEN", "canary-secret"),
    ]);
    let mistyped = Environment::of([("MESSAGE_TRACE_CLIENT_SECRT", "canary-secret")]);
    let refused = load(&args, &mistyped).unwrap_err();
    shown.debug(&mistyped);
    shown.error(&refused);
    let setup = load(&args, &environment).unwrap();
    let unknown = passed_over(&environment);
    assert_eq!(
        unknown,
        ["MESSAGE_TRACE_SOMEBODYS_TOKEN: there is no such setting; the variable is passed over"]
    );
    for sentence in &unknown {
        shown.text(sentence);
    }
    shown.debug(&(&setup, &environment, &args));
    shown.debug(
        &setup
            .auth
            .credential_with(&|_| Ok(None), SystemTime::now())
            .unwrap(),
    );
    for secret in [Some("canary-header"), Some("canary-header\n"), None] {
        let secrets = |_: &str| Ok(secret.map(Into::into));
        match open_sinks(&setup.outward(), &secrets, transport) {
            Ok(sink) => shown.text(sink.name()),
            Err(error) => shown.error(&error),
        }
    }
}

#[test]
fn no_canary_is_ever_shown() {
    START.call_once(|| {
        log::set_logger(&Capture).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
    let folder = TempDir::new().unwrap();
    let client = Client::new(ClientOptions::default()).unwrap();
    let mut shown = Shown::default();
    shown.debug(&client);
    let transport: Arc<dyn Transport> = Arc::new(client);
    sign_in(&mut shown, &folder, &transport);
    deliver(&mut shown, &folder, &transport);
    set_up(&mut shown, &folder, &transport);
    let logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(logged.contains("signed in"), "{logged}");
    logged.lines().for_each(|line| shown.text(line));
    assert!(shown.0 > 200, "{}", shown.0);
}
