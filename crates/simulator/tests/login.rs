//! Signing in: every credential, every refusal.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{Duration, Utc};
use common::{Client, LIST, at, json};
use message_trace_simulator::{
    Application, CLIENT_ID, CLIENT_SECRET, Federation, ManagedIdentity, Secret, Settings, TENANT_ID,
};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use ring::{digest, signature};
use serde_json::{Value, json as object};

const SCOPE: &str = "https://graph.microsoft.com/.default";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A key made for these tests, of no worth anywhere else.
const KEY: &[u8] = include_bytes!("keys/application.pkcs8.der");
const CERTIFICATE: &[u8] = include_bytes!("keys/application.cert.der");

fn now() -> chrono::DateTime<Utc> {
    at(2026, 3, 3, 12)
}

fn client() -> Client {
    Client::new(Settings::new(3, at(2026, 3, 1, 0)))
}

fn with_secret(secret: &str) -> Vec<(&str, &str)> {
    vec![
        ("client_id", CLIENT_ID),
        ("scope", SCOPE),
        ("grant_type", "client_credentials"),
        ("client_secret", secret),
    ]
}

/// Status, `error` and the AADSTS number of an answer.
fn refusal(client: &mut Client, tenant: &str, fields: &[(&str, &str)]) -> (u16, String, u64) {
    let reply = client.sign_in(now(), tenant, fields);
    let body = json(&reply);
    let number = body["error_codes"][0].as_u64().unwrap();
    let description = body["error_description"].as_str().unwrap();
    assert!(
        description.starts_with(&format!("AADSTS{number}: ")),
        "{description}"
    );
    assert!(description.contains("Trace ID: ") && description.contains("Timestamp: 2026-03-03 12:00:00Z"));
    (
        reply.response.status().as_u16(),
        body["error"].as_str().unwrap().to_owned(),
        number,
    )
}

fn opens(client: &mut Client, reply: &message_trace_simulator::Reply) -> bool {
    let token = json(reply)["access_token"].as_str().unwrap().to_owned();
    let value = format!("Bearer {token}");
    client
        .ask_with(now(), &format!("{LIST}?$top=1"), &[("authorization", &value)])
        .response
        .status()
        == 200
}

#[test]
fn a_secret_gives_a_token_that_opens() {
    let mut client = client();
    for tenant in [TENANT_ID, "example.com"] {
        let reply = client.sign_in(now(), tenant, &with_secret(CLIENT_SECRET));
        assert_eq!(reply.response.status(), 200);
        let body = json(&reply);
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 3_599);
        assert!(opens(&mut client, &reply));
        let claims = body["access_token"]
            .as_str()
            .unwrap()
            .split('.')
            .nth(1)
            .unwrap()
            .to_owned();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!(claims["roles"][0], "ExchangeMessageTrace.Read.All");
        assert_eq!(claims["tid"], TENANT_ID);
    }
    // The same by HTTP Basic.
    let basic = STANDARD.encode(format!("{CLIENT_ID}:{}", CLIENT_SECRET.replace('~', "%7E")));
    let request = http::Request::post(format!(
        "https://login.microsoftonline.com/{TENANT_ID}/oauth2/v2.0/token"
    ))
    .header("authorization", format!("Basic {basic}"))
    .body(format!("grant_type=client_credentials&scope={SCOPE}").into_bytes())
    .unwrap();
    assert_eq!(client.simulator.respond(now(), &request).response.status(), 200);
}

#[test]
fn wrong_requests_are_refused_by_number() {
    let mut client = client();
    let good = with_secret(CLIENT_SECRET);
    let changed = |name: &str, value: &'static str| {
        good.iter()
            .map(|(key, old)| (*key, if *key == name { value } else { *old }))
            .filter(|(_, value)| !value.is_empty())
            .collect::<Vec<_>>()
    };
    let cases = [
        (
            TENANT_ID,
            changed("client_secret", "wrong"),
            (401, "invalid_client", 7_000_215),
        ),
        (
            TENANT_ID,
            changed("client_secret", ""),
            (401, "invalid_client", 7_000_218),
        ),
        (
            TENANT_ID,
            changed("client_id", "00000000-0000-0000-0000-000000000000"),
            (400, "unauthorized_client", 700_016),
        ),
        (
            TENANT_ID,
            changed("client_id", ""),
            (400, "invalid_request", 900_144),
        ),
        (TENANT_ID, changed("scope", ""), (400, "invalid_request", 900_144)),
        (
            TENANT_ID,
            changed("grant_type", ""),
            (400, "invalid_request", 900_144),
        ),
        (
            TENANT_ID,
            changed("grant_type", "password"),
            (400, "unsupported_grant_type", 70_003),
        ),
        (
            TENANT_ID,
            changed("scope", "https://graph.microsoft.com/Mail.Read"),
            (400, "invalid_scope", 70_011),
        ),
        (
            TENANT_ID,
            changed("scope", "https://api.example/.default"),
            (400, "invalid_resource", 500_011),
        ),
        (
            "00000000-0000-0000-0000-000000000000",
            good.clone(),
            (400, "invalid_request", 90_002),
        ),
        ("common", good.clone(), (400, "invalid_request", 50_059)),
    ];
    for (tenant, fields, (status, error, number)) in cases {
        assert_eq!(
            refusal(&mut client, tenant, &fields),
            (status, error.to_owned(), number),
            "{fields:?}"
        );
    }
    client.simulator.settings_mut().access.applications[0].secrets = vec![Secret {
        text: "old".to_owned(),
        expires: Some(now()),
    }];
    assert_eq!(refusal(&mut client, TENANT_ID, &with_secret("old")).2, 7_000_222);
    client.simulator.settings_mut().access.applications[0].secrets[0].expires = None;
    client.simulator.settings_mut().access.applications[0].has_service_principal = false;
    assert_eq!(refusal(&mut client, TENANT_ID, &with_secret("old")).2, 7_000_229);
    let url = "https://login.microsoftonline.com/nobody.example/v2.0/.well-known/openid-configuration";
    assert_eq!(json(&client.ask(now(), url))["error"], "invalid_tenant");
}

fn signed(header: &Value, claims: &Value, padding: &'static dyn RsaEncoding) -> String {
    let key = RsaKeyPair::from_pkcs8(KEY).unwrap();
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(padding, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims() -> Value {
    object!({
        "aud": format!("https://login.microsoftonline.com/{TENANT_ID}/oauth2/v2.0/token"),
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "jti": "1",
        "nbf": now().timestamp(),
        "exp": now().timestamp() + 600,
    })
}

fn print(algorithm: &'static digest::Algorithm) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(algorithm, CERTIFICATE))
}

fn with_assertion(assertion: &str) -> Vec<(&str, &str)> {
    vec![
        ("client_id", CLIENT_ID),
        ("scope", SCOPE),
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ]
}

fn certified() -> Client {
    let mut settings = Settings::new(3, at(2026, 3, 1, 0));
    settings.access.applications = vec![Application::new(CLIENT_ID).with_certificate(CERTIFICATE.to_vec())];
    Client::new(settings)
}

#[test]
fn certificates_sign_in_by_ps256_and_rs256() {
    let mut client = certified();
    let ps256 = object!({"alg": "PS256", "typ": "JWT", "x5t#S256": print(&digest::SHA256)});
    let rs256 = object!({"alg": "RS256", "typ": "JWT", "x5t": print(&digest::SHA1_FOR_LEGACY_USE_ONLY)});
    for assertion in [
        signed(&ps256, &claims(), &RSA_PSS_SHA256),
        signed(&rs256, &claims(), &RSA_PKCS1_SHA256),
    ] {
        let reply = client.sign_in(now(), TENANT_ID, &with_assertion(&assertion));
        assert_eq!(reply.response.status(), 200);
        assert!(opens(&mut client, &reply));
    }
}

#[test]
fn assertions_are_really_checked() {
    let mut client = certified();
    let header = object!({"alg": "PS256", "typ": "JWT", "x5t#S256": print(&digest::SHA256)});
    let good = signed(&header, &claims(), &RSA_PSS_SHA256);
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        signed(&header, &claims, &RSA_PSS_SHA256)
    };
    let forged = {
        let mut parts = good.split('.').map(str::to_owned).collect::<Vec<_>>();
        let mut other = claims();
        other["jti"] = object!("2");
        parts[1] = URL_SAFE_NO_PAD.encode(other.to_string());
        parts.join(".")
    };
    let unknown = object!({"alg": "PS256", "typ": "JWT", "x5t#S256": "AAAA"});
    let none = object!({"alg": "none", "typ": "JWT", "x5t#S256": print(&digest::SHA256)});
    for (assertion, number) in [
        (forged, 700_027),
        (signed(&unknown, &claims(), &RSA_PSS_SHA256), 700_027),
        (signed(&header, &claims(), &RSA_PKCS1_SHA256), 700_027),
        (signed(&none, &claims(), &RSA_PSS_SHA256), 50_027),
        ("a.b".to_owned(), 50_027),
        (
            with(
                "aud",
                object!("https://login.microsoftonline.com/other/oauth2/v2.0/token"),
            ),
            700_023,
        ),
        (with("sub", object!("somebody")), 700_021),
        (with("exp", object!(now().timestamp() - 301)), 700_024),
        (with("nbf", object!(now().timestamp() + 900)), 700_024),
    ] {
        assert_eq!(
            refusal(&mut client, TENANT_ID, &with_assertion(&assertion)).2,
            number,
            "{assertion}"
        );
    }
    let fields = with_assertion(&good);
    let without_type = fields
        .iter()
        .filter(|(name, _)| *name != "client_assertion_type")
        .copied()
        .collect::<Vec<_>>();
    assert_eq!(refusal(&mut client, TENANT_ID, &without_type).2, 900_144);
}

#[test]
fn federated_tokens_sign_in_when_issuer_subject_and_audience_fit() {
    let federation = Federation {
        issuer: "https://issuer.example/".to_owned(),
        subject: "system:serviceaccount:default:poller".to_owned(),
        audience: "api://AzureADTokenExchange".to_owned(),
        certificate: Some(CERTIFICATE.to_vec()),
    };
    let mut settings = Settings::new(3, at(2026, 3, 1, 0));
    settings.access.applications = vec![Application::new(CLIENT_ID).with_federation(federation)];
    let mut client = Client::new(settings);
    let header = object!({"alg": "RS256", "typ": "JWT", "kid": "1"});
    let token = |issuer: &str, subject: &str, audience: &str| {
        let claims = object!({"iss": issuer, "sub": subject, "aud": audience, "exp": now().timestamp() + 60});
        signed(&header, &claims, &RSA_PKCS1_SHA256)
    };
    let (issuer, subject, audience) = (
        "https://issuer.example/",
        "system:serviceaccount:default:poller",
        "api://AzureADTokenExchange",
    );
    let reply = client.sign_in(
        now(),
        TENANT_ID,
        &with_assertion(&token(issuer, subject, audience)),
    );
    assert_eq!(reply.response.status(), 200);
    for (token, number) in [
        (token("https://other.example/", subject, audience), 700_211),
        (token(issuer, subject, "api://other"), 700_212),
        (token(issuer, "somebody", audience), 700_213),
    ] {
        assert_eq!(refusal(&mut client, TENANT_ID, &with_assertion(&token)).2, number);
    }
    client.simulator.settings_mut().access.applications[0]
        .federations
        .clear();
    let good = token(issuer, subject, audience);
    assert_eq!(refusal(&mut client, TENANT_ID, &with_assertion(&good)).2, 70_021);
    // The key of the tests is a real one.
    assert!(signature::RsaKeyPair::from_pkcs8(KEY).is_ok());
}

#[test]
fn a_machine_has_an_identity() {
    let mut settings = Settings::new(3, at(2026, 3, 1, 0));
    settings.access.managed_identity = Some(ManagedIdentity {
        client_id: "77777777-0000-4000-8000-000000000000".to_owned(),
        identity_header: "header-of-the-app".to_owned(),
        token_lifetime: Duration::hours(24),
    });
    let mut client = Client::new(settings);
    let vm = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://graph.microsoft.com/";
    let app = "http://127.0.0.1:41000/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com/";
    for (url, header) in [
        (vm, ("metadata", "true")),
        (app, ("x-identity-header", "header-of-the-app")),
    ] {
        let reply = client.ask_with(now(), url, &[header]);
        assert_eq!(reply.response.status(), 200, "{url}");
        let body = json(&reply);
        assert_eq!(body["expires_in"], "86400");
        assert_eq!(
            body["expires_on"],
            (now() + Duration::hours(24)).timestamp().to_string()
        );
        assert!(opens(&mut client, &reply));
    }
    for (url, headers, status, error) in [
        (vm.to_owned(), vec![], 400, "bad_request_102"),
        (
            vm.replace("graph.microsoft.com", "api.example"),
            vec![("metadata", "true")],
            400,
            "invalid_resource",
        ),
        (
            vm.to_owned() + "&client_id=other",
            vec![("metadata", "true")],
            400,
            "invalid_request",
        ),
        (
            app.to_owned(),
            vec![("x-identity-header", "wrong")],
            401,
            "unauthorized",
        ),
    ] {
        let reply = client.ask_with(now(), &url, &headers);
        assert_eq!(reply.response.status().as_u16(), status);
        assert_eq!(json(&reply)["error"], error);
    }
    client.simulator.settings_mut().access.managed_identity = None;
    let reply = client.ask_with(now(), vm, &[("metadata", "true")]);
    assert_eq!(reply.response.status(), 400);
}
