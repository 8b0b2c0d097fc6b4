//! `type = "sentinel"`: signs in as polling does, unless the table says otherwise.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Kind, Opening, ServiceSetup, misfit, origin, value};
use crate::config::table::Table;
use crate::config::{AuthSetup, ConfigError, Environment, OpenError, SecretSource};
use message_trace_net::auth::{Application, Authenticator, Certificate, Credential};
use message_trace_net::http::Origin;
use message_trace_sinks::sentinel::{Sentinel, SentinelOptions};
use message_trace_sinks::{ServiceSink, Sink};

pub(super) const KIND: Kind = Kind {
    name: "sentinel",
    keys: &[
        "endpoint",
        "rule-id",
        "stream",
        "login-url",
        "tenant-id",
        "client-id",
        "client-secret",
        "certificate-file",
        "key-file",
        "certificate-password",
        "token-file",
        "managed-identity",
        "identity-client-id",
        "gzip",
        "max-bytes",
    ],
    read,
};

#[derive(Clone, Debug)]
struct Setup {
    endpoint: Origin,
    rule_id: String,
    stream: String,
    login: Option<Origin>,
    tenant_id: Option<String>,
    client_id: Option<String>,
    auth: Auth,
    gzip: bool,
    max_bytes: usize,
}

/// How the sink signs in.
#[derive(Clone, Debug)]
enum Auth {
    AsPolling,
    Secret(SecretSource),
    Certificate {
        file: PathBuf,
        key_file: Option<PathBuf>,
        password: Option<SecretSource>,
    },
    Federated(PathBuf),
    ManagedIdentity(Option<String>),
}

fn read(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let what = "the data collection endpoint, such as https://NAME.REGION-1.ingest.monitor.azure.com";
    // As they stand in an address.
    let id = |text: &str| {
        let is_id = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        ((1..=253).contains(&text.len()) && text.bytes().all(is_id)).then(|| text.to_owned())
    };
    let needed = |key: &'static str, expected: &str| {
        let read = table.parse(key, expected, id)?;
        read.ok_or_else(|| table.missing(key, &format!("expected {expected}")))
    };
    let path = |key: &str| Ok::<_, ConfigError>(table.text(key)?.map(PathBuf::from));
    let is_managed = table.switch("managed-identity")?.unwrap_or(false);
    let auth = match (
        table.secret("client-secret")?,
        path("certificate-file")?,
        path("token-file")?,
        is_managed,
    ) {
        (None, None, None, false) => Auth::AsPolling,
        (Some(source), None, None, false) => Auth::Secret(source),
        (None, Some(file), None, false) => Auth::Certificate {
            file,
            key_file: path("key-file")?,
            password: table.secret("certificate-password")?,
        },
        (None, None, Some(file), false) => Auth::Federated(file),
        (None, None, None, true) => Auth::ManagedIdentity(table.text("identity-client-id")?),
        _ => {
            let what = "expected one of client-secret, certificate-file, token-file and managed-identity, or none of \
                        them to sign in as polling does";
            return Err(table.missing("client-secret", what));
        }
    };
    Ok(Arc::new(Setup {
        endpoint: origin(table, "endpoint", what)?
            .ok_or_else(|| table.missing("endpoint", &format!("expected {what}")))?,
        rule_id: needed("rule-id", "the data collection rule's immutable id, dcr-…")?,
        stream: needed("stream", "the rule's stream, such as Custom-MessageTrace_CL")?,
        login: origin(table, "login-url", "https://login.microsoftonline.com")?,
        tenant_id: table.parse("tenant-id", "the tenant's GUID or domain", id)?,
        client_id: table.parse("client-id", "the application's GUID", id)?,
        auth,
        gzip: table.switch("gzip")?.unwrap_or(true),
        max_bytes: table.size("max-bytes", 1_000_000)?.unwrap_or(1_000_000),
    }))
}

impl Setup {
    fn credential(&self, opening: &Opening<'_>) -> Result<Credential, OpenError> {
        let now = SystemTime::now();
        let wrong = |error: message_trace_net::auth::AuthError| {
            OpenError::Secret(format!("the sink sentinel: {error}"))
        };
        Ok(match &self.auth {
            Auth::AsPolling => opening
                .outward
                .auth
                .credential_with(opening.secrets, now)
                .map_err(wrong)?,
            Auth::Secret(source) => Credential::Secret(value("client-secret", source, opening.secrets)?),
            Auth::Certificate {
                file,
                key_file,
                password,
            } => {
                let password = password
                    .as_ref()
                    .map(|source| value("certificate-password", source, opening.secrets))
                    .transpose()?;
                let certificate = Certificate::read(file, key_file.as_deref(), password.as_ref(), now);
                Credential::Certificate(Box::new(certificate.map_err(|error| wrong(error.into()))?))
            }
            Auth::Federated(file) => Credential::Federated {
                token_file: file.clone(),
            },
            Auth::ManagedIdentity(client_id) => {
                let identity = AuthSetup::ManagedIdentity {
                    client_id: client_id.clone(),
                    endpoint: Environment::of_process(),
                };
                identity.credential_with(opening.secrets, now).map_err(wrong)?
            }
        })
    }
}

impl ServiceSetup for Setup {
    fn place(&self) -> String {
        let Self {
            endpoint,
            rule_id,
            stream,
            ..
        } = self;
        format!("{} {rule_id} {stream}", endpoint.name())
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>, OpenError> {
        let polling = opening.outward.application;
        let application = Application {
            tenant_id: self
                .tenant_id
                .clone()
                .unwrap_or_else(|| polling.tenant_id.clone()),
            client_id: self
                .client_id
                .clone()
                .unwrap_or_else(|| polling.client_id.clone()),
            login: self.login.clone().unwrap_or_else(|| polling.login.clone()),
            scope: Sentinel::scope(&self.endpoint).to_owned(),
        };
        let credential = self.credential(opening)?;
        let options = SentinelOptions {
            endpoint: self.endpoint.clone(),
            rule_id: self.rule_id.clone(),
            stream: self.stream.clone(),
            authenticator: Authenticator::new(application, credential, Arc::clone(opening.transport)),
            gzip: self.gzip,
            max_bytes: self.max_bytes,
        };
        let service = Sentinel::new(options, Arc::clone(opening.transport));
        Ok(Box::new(ServiceSink::of(
            service.ok_or_else(|| misfit("endpoint, rule-id and stream"))?,
        )))
    }
}
