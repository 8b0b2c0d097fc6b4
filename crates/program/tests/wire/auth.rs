//! Signing in: what is sent, what is kept, and what is said when it fails.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response};
use message_trace_net::auth::{
    Application, Authenticator, Certificate, Credential, Draw, ManagedIdentity, SecretError,
    read_secret_file, scope_of, token_request,
};
use message_trace_net::http::{Client, ClientOptions, Origin, Transport, TransportError, TransportFault};
use message_trace_remedy::Remedy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::server::{Server, respond};

/// Copies a test key into a folder, readable by this user alone; a checkout does not keep rights.
pub(crate) fn private_copy(folder: &TempDir, name: &str) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/keys")
        .join(name);
    private_file(folder, name, &std::fs::read(from).unwrap())
}

pub(crate) fn private_file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    set_mode(&path, 0o600);
    path
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn application(login: &str) -> Application {
    Application {
        tenant_id: "11111111-2222-3333-4444-555555555555".to_owned(),
        client_id: "66666666-7777-8888-9999-000000000000".to_owned(),
        login: Origin::parse(login).unwrap(),
        scope: scope_of(&Origin::parse("https://graph.microsoft.com").unwrap()),
    }
}

fn secret() -> Credential {
    Credential::Secret("canary-secret~+/= &".into())
}

/// A transport that gives prepared answers, one after another, the last one again and again.
struct Script {
    answers: Mutex<VecDeque<Result<(u16, String), TransportFault>>>,
    asked: AtomicUsize,
    bodies: Mutex<Vec<String>>,
}

impl Script {
    fn of<const N: usize>(answers: [Result<(u16, &str), TransportFault>; N]) -> Arc<Self> {
        let own = |answer: Result<(u16, &str), _>| answer.map(|(status, body)| (status, body.to_owned()));
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().map(own).collect()),
            asked: AtomicUsize::new(0),
            bodies: Mutex::default(),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// The service's clock: a day ahead of this machine's.
fn service_time() -> SystemTime {
    SystemTime::now() + Duration::from_hours(24)
}

impl Transport for Script {
    fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.bodies
            .lock()
            .unwrap()
            .push(String::from_utf8(request.into_body()).unwrap());
        std::thread::sleep(Duration::from_millis(20));
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 {
            answers.pop_front().unwrap()
        } else {
            answers.front().unwrap().clone()
        };
        let (status, body) = answer.map_err(TransportError::new)?;
        let date = httpdate::fmt_http_date(service_time());
        Ok(Response::builder()
            .status(status)
            .header("date", date)
            .body(body.into_bytes())
            .unwrap())
    }
}

const LONG: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"canary-token-1"}"#;
const NEXT: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"canary-token-2"}"#;
const WRONG: &str = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided for app canary-app.","error_codes":[7000215]}"#;
const CLOCK: &str =
    r#"{"error":"invalid_client","error_description":"AADSTS700024: canary","error_codes":[700024]}"#;

fn authenticator(script: &Arc<Script>, credential: Credential) -> Authenticator {
    let transport: Arc<dyn Transport> = Arc::<Script>::clone(script);
    Authenticator::new(application("https://login.example.com"), credential, transport)
}

#[test]
fn the_secret_is_posted_to_the_tenants_token_endpoint() {
    let server = Server::start(|_, _, stream| respond(stream, 200, "", LONG.as_bytes()));
    let client: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    let authenticator = Authenticator::new(application(&server.url("")), secret(), client);
    authenticator.token().unwrap();
    let received = &server.received()[0];
    assert_eq!(
        received.line,
        "POST /11111111-2222-3333-4444-555555555555/oauth2/v2.0/token HTTP/1.1"
    );
    assert_eq!(
        received.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(
        received.text(),
        "grant_type=client_credentials&client_id=66666666-7777-8888-9999-000000000000\
         &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret=canary-secret~%2B%2F%3D%20%26"
    );
}

#[test]
fn a_token_is_kept_until_it_is_due() {
    let script = Script::of([Ok((200, LONG))]);
    let authenticator = authenticator(&script, secret());
    let first = authenticator.token().unwrap();
    assert!(first.is_same(&authenticator.token().unwrap()));
    assert_eq!(script.asked(), 1);
}

#[test]
fn a_refused_token_is_replaced_once_for_all_threads() {
    let script = Script::of([Ok((200, LONG)), Ok((200, NEXT))]);
    let authenticator = authenticator(&script, secret());
    let refused = authenticator.token().unwrap();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| authenticator.replace(&refused).unwrap()))
            .collect();
        for thread in threads {
            assert!(!thread.join().unwrap().is_same(&refused));
        }
    });
    assert_eq!(script.asked(), 2);
}

#[test]
fn threads_that_need_a_first_token_ask_once() {
    let script = Script::of([Ok((200, LONG))]);
    let authenticator = authenticator(&script, secret());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| authenticator.token().unwrap());
        }
    });
    assert_eq!(script.asked(), 1);
}

#[test]
fn a_living_token_outlives_a_failed_renewal_but_not_a_wrong_secret() {
    // 10 s of life: due after 5 s. The wait is real, as the clock of a token is.
    let short = r#"{"expires_in":10,"access_token":"canary-token-0"}"#;
    let check = |(failure, is_kept): (Result<(u16, &str), TransportFault>, bool)| {
        let script = Script::of([Ok((200, short)), failure]);
        let authenticator = authenticator(&script, secret());
        let first = authenticator.token().unwrap();
        std::thread::sleep(Duration::from_millis(5100));
        match authenticator.token() {
            Ok(token) => assert!(is_kept && token.is_same(&first)),
            Err(error) => assert!(!is_kept && error.code() == Some(7_000_215), "{error}"),
        }
        assert_eq!(script.asked(), 2);
    };
    std::thread::scope(|scope| {
        for case in [
            (Ok((503, "")), true),
            (Err(TransportFault::Reset), true),
            (Ok((401, WRONG)), false),
        ] {
            scope.spawn(move || check(case));
        }
    });
}

#[test]
fn an_assertion_is_what_entra_documents_and_its_signature_holds() {
    let folder = TempDir::new().unwrap();
    let path = private_copy(&folder, "application.pem");
    let key = private_copy(&folder, "application.key.pem");
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    let certificate = Certificate::read(&path, Some(&key), None, now).unwrap();
    let credential = Credential::Certificate(Box::new(certificate));
    let application = application("https://login.example.com");
    let request = token_request(&application, &credential, Draw { now, id: [7; 16] }).unwrap();
    let body = String::from_utf8(request.into_body()).unwrap();
    assert!(body.contains(
        "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"
    ));
    let (_, assertion) = body.split_once("&client_assertion=").unwrap();
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let json = |part: &str| -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let der = CertificateDer::from_pem_file(&path).unwrap();
    let thumbprint = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, &der));
    assert_eq!(
        json(header),
        serde_json::json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint})
    );
    assert_eq!(
        json(claims),
        serde_json::json!({
            "aud": "https://login.example.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token",
            "iss": application.client_id,
            "sub": application.client_id,
            "jti": "07070707-0707-4707-8707-070707070707",
            "iat": 1_800_000_000,
            "nbf": 1_799_999_940,
            "exp": 1_800_000_540,
        })
    );
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    let public = certificate.public_key().subject_public_key.data.as_ref();
    let public = ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PSS_2048_8192_SHA256, public);
    public
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
}

#[test]
fn a_secret_file_is_private_and_holds_a_text() {
    let folder = TempDir::new().unwrap();
    let path = private_file(&folder, "secret", b"canary-secret\r\n");
    assert!(read_secret_file(&path).is_ok());
    for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o610, 0o601] {
        set_mode(&path, mode);
        let error = read_secret_file(&path).unwrap_err();
        assert_eq!(error, SecretError::Public(path.clone()), "{mode:o}");
        assert!(error.to_string().contains("chmod 600"));
    }
    for bytes in [
        &b""[..],
        b"\n",
        b"\r\n",
        b"\xff\xfe",
        vec![b'x'; 262_145].as_slice(),
    ] {
        let path = private_file(&folder, "bad", bytes);
        assert_eq!(read_secret_file(&path).unwrap_err(), SecretError::Malformed(path));
    }
    for path in [folder.path().join("missing"), folder.path().to_owned()] {
        assert!(read_secret_file(&path).is_err());
    }
}

#[test]
fn a_federated_token_is_read_each_time() {
    let folder = TempDir::new().unwrap();
    let token_file = folder.path().join("token");
    let script = Script::of([Ok((200, LONG)), Ok((200, NEXT))]);
    let authenticator = authenticator(
        &script,
        Credential::Federated {
            token_file: token_file.clone(),
        },
    );
    let missing = authenticator.token().unwrap_err();
    assert_eq!((missing.remedy(), script.asked()), (Remedy::Storage, 0));
    std::fs::write(&token_file, "first.jwt\n").unwrap();
    let first = authenticator.token().unwrap();
    std::fs::write(&token_file, "second.jwt").unwrap();
    authenticator.replace(&first).unwrap();
    let bodies = script.bodies.lock().unwrap();
    assert!(
        bodies[0].ends_with("&client_assertion=first.jwt")
            && bodies[1].ends_with("&client_assertion=second.jwt")
    );
}

#[test]
fn a_managed_identity_asks_its_host() {
    let imds = Server::start(|_, _, stream| {
        let body =
            r#"{"access_token":"canary-token","expires_in":"86399","expires_on":"1","token_type":"Bearer"}"#;
        respond(stream, 200, "", body.as_bytes());
    });
    let client: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    let sign_in = |identity| {
        let login = application("https://login.example.com");
        Authenticator::new(login, Credential::ManagedIdentity(identity), Arc::clone(&client)).token()
    };
    sign_in(ManagedIdentity::imds(&imds.url(""), Some("app id".to_owned())).unwrap()).unwrap();
    let received = &imds.received()[0];
    let query = "api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com%2F&client_id=app%20id";
    assert_eq!(
        received.line,
        format!("GET /metadata/identity/oauth2/token?{query} HTTP/1.1")
    );
    assert_eq!(received.header("metadata"), Some("true"));

    let host = Server::start(|nth, _, stream| {
        let body = format!(r#"{{"access_token":"t","expires_on":"{}"}}"#, u32::MAX);
        let (status, body) = [
            (200, body.as_str()),
            (400, r#"{"statusCode":400}"#),
            (404, ""),
            (429, ""),
        ][nth];
        respond(stream, status, "", body.as_bytes());
    });
    let endpoint = host.url("/msi/token");
    let variable = |name: &str| (name == "IDENTITY_ENDPOINT").then(|| endpoint.clone());
    let find = || ManagedIdentity::find(variable, Some("canary-header".into()), None).unwrap();
    assert!(!format!("{:?}", find()).contains("canary"));
    sign_in(find()).unwrap();
    let received = &host.received()[0];
    let query = "api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com%2F";
    assert_eq!(received.line, format!("GET /msi/token?{query} HTTP/1.1"));
    assert_eq!(received.header("x-identity-header"), Some("canary-header"));
    for remedy in [Remedy::Configure, Remedy::Retry, Remedy::Retry] {
        assert_eq!(sign_in(find()).unwrap_err().remedy(), remedy);
    }
    // Half a configuration, other hosts, and addresses that are not this machine's surroundings.
    assert!(ManagedIdentity::find(variable, None, None).is_err());
    assert!(ManagedIdentity::find(|_| None, Some("x".into()), None).is_err());
    assert!(ManagedIdentity::find(|name| (name == "IMDS_ENDPOINT").then(String::new), None, None).is_err());
    assert!(ManagedIdentity::imds("http://metadata.example.com", None).is_err());
}

#[test]
fn an_assertion_out_of_its_time_is_dated_anew_by_the_services_clock() {
    let folder = TempDir::new().unwrap();
    let (pem, key) = (
        private_copy(&folder, "application.pem"),
        private_copy(&folder, "application.key.pem"),
    );
    let certificate = Certificate::read(&pem, Some(&key), None, SystemTime::now()).unwrap();
    let script = Script::of([Ok((401, CLOCK)), Ok((200, LONG))]);
    let authenticator = authenticator(&script, Credential::Certificate(Box::new(certificate)));
    authenticator.token().unwrap();
    assert_eq!(script.asked(), 2);
    let bodies = script.bodies.lock().unwrap();
    let expiry = |body: &String| {
        let claims = body.rsplit('.').nth(1).unwrap();
        let claims: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        claims["exp"].as_u64().unwrap()
    };
    assert!((86_390..86_410).contains(&(expiry(&bodies[1]) - expiry(&bodies[0]))));
    // If the service still says so, it is an error and no loop.
    let script = Script::of([Ok((401, CLOCK))]);
    let error = self::authenticator(&script, secret()).token().unwrap_err();
    assert_eq!((script.asked(), error.remedy()), (2, Remedy::Configure));
}

#[test]
fn a_tenant_cannot_leave_its_place_in_the_address() {
    for tenant in [
        "", "..", "a/b", "a?b", "a#b", "a\\b", "a b", "%2e%2e", "a@b", "tenänt",
    ] {
        let application = Application {
            tenant_id: tenant.to_owned(),
            ..application("https://login.example.com")
        };
        let draw = Draw {
            now: SystemTime::now(),
            id: [0; 16],
        };
        let error = token_request(&application, &secret(), draw).unwrap_err();
        assert_eq!(error.remedy(), Remedy::Configure, "{tenant}");
    }
}

#[test]
fn the_scope_is_of_the_cloud_of_graph() {
    for (graph, scope) in [
        (
            "https://graph.microsoft.com",
            "https://graph.microsoft.com/.default",
        ),
        (
            "https://graph.microsoft.us/",
            "https://graph.microsoft.us/.default",
        ),
        ("http://127.0.0.1:8080", "https://graph.microsoft.com/.default"),
        (
            "https://gateway.example.com",
            "https://graph.microsoft.com/.default",
        ),
    ] {
        assert_eq!(scope_of(&Origin::parse(graph).unwrap()), scope);
    }
}
