//! Against the simulated services: every way to sign in, every refusal, every hostile next link.

use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{Duration, Utc};
use message_trace_net::auth::{
    Application, AuthError, Authenticator, Certificate, Credential, ManagedIdentity,
};
use message_trace_net::http::{Client, ClientOptions, Origin, Transport};
use message_trace_remedy::Remedy;
use message_trace_simulator::{
    self as simulator, CLIENT_ID, CLIENT_SECRET, Clock, Federation, Server, Settings, TENANT_ID,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;

use crate::auth::{private_copy, private_file};

/// What Graph is pinned to: next links and details are below it, and nothing else is needed.
const TRACES: &str = "/v1.0/admin/exchange/tracing/messageTraces";

fn settings() -> Settings {
    let mut settings = Settings::new(7, Utc::now() - Duration::days(3));
    let folder = TempDir::new().unwrap();
    let der = |name| {
        CertificateDer::from_pem_file(private_copy(&folder, name))
            .unwrap()
            .to_vec()
    };
    let federation = Federation {
        issuer: "https://issuer.example.com".to_owned(),
        subject: "system:serviceaccount:collect:message-trace".to_owned(),
        audience: "api://AzureADTokenExchange".to_owned(),
        certificate: None,
    };
    let application = simulator::Application::new(CLIENT_ID).with_secret(CLIENT_SECRET);
    settings.access.applications = vec![
        application
            .with_certificate(der("application.pem"))
            .with_federation(federation),
    ];
    settings.access.managed_identity = Some(simulator::ManagedIdentity {
        client_id: CLIENT_ID.to_owned(),
        identity_header: "identity-header".to_owned(),
        token_lifetime: Duration::hours(24),
    });
    settings
}

fn serve(settings: Settings) -> Server {
    Server::start(simulator::Simulator::new(settings), Clock::wall(), 0).unwrap()
}

fn client() -> Arc<dyn Transport> {
    Arc::new(Client::new(ClientOptions::default()).unwrap())
}

fn application(server: &Server) -> Application {
    Application {
        tenant_id: TENANT_ID.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        login: Origin::parse(&server.base_url()).unwrap(),
        scope: "https://graph.microsoft.com/.default".to_owned(),
    }
}

fn certificate(folder: &TempDir) -> Credential {
    let (pem, key) = (
        private_copy(folder, "application.pem"),
        private_copy(folder, "application.key.pem"),
    );
    Credential::Certificate(Box::new(
        Certificate::read(&pem, Some(&key), None, SystemTime::now()).unwrap(),
    ))
}

fn federated(folder: &TempDir, subject: &str) -> Credential {
    let now = Utc::now().timestamp();
    let claims = serde_json::json!({
        "iss": "https://issuer.example.com", "sub": subject, "aud": "api://AzureADTokenExchange",
        "iat": now, "nbf": now - 60, "exp": now + 3600,
    });
    let part = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = serde_json::json!({"alg": "RS256", "typ": "JWT", "kid": "1"});
    let token = format!(
        "{}.{}.{}",
        part(&header),
        part(&claims),
        URL_SAFE_NO_PAD.encode("unchecked")
    );
    Credential::Federated {
        token_file: private_file(folder, subject.rsplit(':').next().unwrap(), token.as_bytes()),
    }
}

/// Signs in and asks for one page; gives the page's status.
fn ask(server: &Server, application: Application, credential: Credential) -> Result<u16, AuthError> {
    let client = client();
    let authenticator = Authenticator::new(application, credential, Arc::clone(&client));
    let bearer = authenticator.token()?;
    let graph = Origin::parse(&server.base_url()).unwrap().under(TRACES).unwrap();
    let request = graph.link("?$top=5").unwrap().get(&bearer).unwrap();
    Ok(client.send(request).unwrap().status().as_u16())
}

#[test]
fn every_credential_gets_a_page() {
    let folder = TempDir::new().unwrap();
    let server = serve(settings());
    let app_service = format!("{}/msi/token", server.base_url().trim_end_matches('/'));
    let variable = |name: &str| (name == "IDENTITY_ENDPOINT").then(|| app_service.clone());
    let header = Some("identity-header".into());
    for credential in [
        Credential::Secret(CLIENT_SECRET.into()),
        certificate(&folder),
        federated(&folder, "system:serviceaccount:collect:message-trace"),
        Credential::ManagedIdentity(ManagedIdentity::imds(&server.base_url(), None).unwrap()),
        Credential::ManagedIdentity(
            ManagedIdentity::find(variable, header, Some(CLIENT_ID.to_owned())).unwrap(),
        ),
    ] {
        let kind = format!("{credential:?}");
        assert_eq!(ask(&server, application(&server), credential), Ok(200), "{kind}");
    }
}

#[test]
fn every_refusal_has_its_remedy() {
    let folder = TempDir::new().unwrap();
    let secret = || Credential::Secret(CLIENT_SECRET.into());
    let plain = serve(settings());
    let refused = |server: &Server, change: &dyn Fn(&mut Application), credential| {
        let mut application = application(server);
        change(&mut application);
        let error = ask(server, application, credential).unwrap_err();
        (error.code(), error.remedy())
    };
    let same = |_: &mut Application| {};
    let other_id = "99999999-9999-4999-8999-999999999999";
    let configure = |code| (Some(code), Remedy::Configure);
    assert_eq!(
        refused(&plain, &same, Credential::Secret("wrong".into())),
        configure(7_000_215)
    );
    let other_tenant = |application: &mut Application| application.tenant_id = other_id.to_owned();
    assert_eq!(refused(&plain, &other_tenant, secret()), configure(90_002));
    let other_client = |application: &mut Application| application.client_id = other_id.to_owned();
    assert_eq!(refused(&plain, &other_client, secret()), configure(700_016));
    let other_scope = |application: &mut Application| application.scope = "x".to_owned();
    assert_eq!(refused(&plain, &other_scope, secret()).1, Remedy::Configure);
    let (code, remedy) = refused(
        &plain,
        &same,
        federated(&folder, "system:serviceaccount:other:other"),
    );
    assert!(code.is_some_and(|code| [70_021, 700_213].contains(&code)) && remedy == Remedy::Configure);

    let with = |change: &dyn Fn(&mut simulator::Access)| {
        let mut settings = settings();
        change(&mut settings.access);
        serve(settings)
    };
    let expired = with(&|access| {
        access.applications[0].secrets[0].expires = Some(Utc::now() - Duration::days(1));
    });
    assert_eq!(refused(&expired, &same, secret()), configure(7_000_222));
    let no_certificate = with(&|access| access.applications[0].certificates.clear());
    assert_eq!(
        refused(&no_certificate, &same, certificate(&folder)),
        configure(700_027)
    );
    let no_principal = with(&|access| access.applications[0].has_service_principal = false);
    assert_eq!(
        refused(&no_principal, &same, secret()),
        (Some(7_000_229), Remedy::Permit)
    );
    let no_resource = with(&|access| access.resource_exists = false);
    assert_eq!(refused(&no_resource, &same, secret()), configure(500_011));
    let no_identity = with(&|access| access.managed_identity = None);
    let identity = ManagedIdentity::imds(&no_identity.base_url(), None).unwrap();
    assert_eq!(
        refused(&no_identity, &same, Credential::ManagedIdentity(identity)).1,
        Remedy::Configure
    );
}

#[test]
fn a_certificate_signs_in_though_the_clocks_are_days_apart() {
    let folder = TempDir::new().unwrap();
    for days in [-2, 2] {
        let clock = Clock::from(Utc::now() + Duration::days(days), 1.0);
        let server = Server::start(simulator::Simulator::new(settings()), clock, 0).unwrap();
        assert_eq!(
            ask(&server, application(&server), certificate(&folder)),
            Ok(200),
            "{days}"
        );
    }
}

#[test]
fn no_hostile_next_link_of_the_simulator_is_admitted() {
    for origin in [
        "https://graph.microsoft.com",
        "http://127.0.0.1:8080",
        "http://localhost:8080",
    ] {
        let links = simulator::hostile::next_links(origin);
        assert!(links.len() > 200);
        let pinned = Origin::parse(origin).unwrap().under(TRACES).unwrap();
        let admitted: Vec<_> = links
            .iter()
            .filter(|link| pinned.admit(&link.url).is_ok())
            .collect();
        assert!(admitted.is_empty(), "{admitted:#?}");
    }
}
