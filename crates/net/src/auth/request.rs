//! What is sent to a sign-in service.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::secret::read_bounded;
use super::{AuthError, Certificate, ManagedIdentity, SecretError};
use crate::http::Origin;

/// Who signs in, and to what.
#[derive(Clone, Debug)]
pub struct Application {
    /// The tenant's GUID or one of its domains.
    pub tenant_id: String,
    /// The application's GUID.
    pub client_id: String,
    /// The sign-in service, `https://login.microsoftonline.com` for the worldwide cloud.
    pub login: Origin,
    /// The API, as [`scope_of`] gives it.
    pub scope: String,
}

/// How it proves who it is.
pub enum Credential {
    /// A client secret.
    Secret(SecretString),
    /// A certificate with its key.
    Certificate(Box<Certificate>),
    /// Workload identity federation: a file with the token of another identity provider. Read each time, as it rotates.
    Federated {
        /// The file, such as the one that Kubernetes keeps.
        token_file: PathBuf,
    },
    /// The identity of the host. The application's ids are not sent.
    ManagedIdentity(ManagedIdentity),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("Secret(…)"),
            Self::Certificate(certificate) => certificate.fmt(f),
            Self::Federated { token_file } => f
                .debug_struct("Federated")
                .field("token_file", token_file)
                .finish(),
            Self::ManagedIdentity(identity) => identity.fmt(f),
        }
    }
}

/// What a request for a token needs beside the application: nothing in it is looked up.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// The server's time.
    pub now: SystemTime,
    /// Random, for the assertion's id.
    pub id: [u8; 16],
}

/// The scope for an API at that origin. Anything but Microsoft's own hosts, such as a gateway or a simulator, stands for
/// the worldwide Graph.
#[must_use]
pub fn scope_of(graph: &Origin) -> String {
    const HOSTS: [&str; 4] = [
        "https://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
    ];
    let name = graph.name();
    let host = HOSTS
        .into_iter()
        .find(|host| *host == name)
        .unwrap_or("https://graph.microsoft.com");
    format!("{host}/.default")
}

/// The request that asks for a token.
///
/// Source: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.
///
/// # Errors
///
/// If the tenant's id has no place in an address, the federated token cannot be read, or signing fails.
pub fn token_request(
    application: &Application,
    credential: &Credential,
    draw: Draw,
) -> Result<Request<Vec<u8>>, AuthError> {
    if let Credential::ManagedIdentity(identity) = credential {
        return identity.request(&application.scope);
    }
    let Application {
        tenant_id,
        client_id,
        login,
        scope,
    } = application;
    let is_tenant = !tenant_id.is_empty()
        && tenant_id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if !is_tenant {
        return Err(AuthError::configure(
            "tenant-id is neither a GUID nor a domain; check tenant-id",
        ));
    }
    let link = login
        .link(&format!("/{tenant_id}/oauth2/v2.0/token"))
        .map_err(|_| AuthError::configure("tenant-id is neither a GUID nor a domain; check tenant-id"))?;
    let mut form = Zeroizing::new(format!(
        "grant_type=client_credentials&client_id={}&scope={}",
        encode(client_id),
        encode(scope)
    ));
    let mut assert = |assertion: &str| {
        form.push_str(
            "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer",
        );
        form.push_str("&client_assertion=");
        form.push_str(&Zeroizing::new(encode(assertion)));
    };
    match credential {
        Credential::Secret(secret) => {
            form.push_str("&client_secret=");
            form.push_str(&Zeroizing::new(encode(secret.expose_secret())));
        }
        Credential::Certificate(certificate) => {
            let assertion = certificate.assertion(client_id, &link.uri().to_string(), draw.now, draw.id);
            let assertion =
                assertion.ok_or_else(|| AuthError::internal("the assertion could not be signed"))?;
            assert(assertion.expose_secret());
        }
        Credential::Federated { token_file } => {
            let unreadable = |_| SecretError::Unreadable(token_file.clone());
            let file = std::fs::File::open(token_file).map_err(unreadable)?;
            let token = read_bounded(token_file, file)?;
            let token =
                std::str::from_utf8(&token).map_err(|_| SecretError::Malformed(token_file.clone()))?;
            assert(token.trim());
        }
        Credential::ManagedIdentity(_) => {}
    }
    let mut request = link.request(Method::POST, form.as_bytes().to_vec());
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, kind);
    request
        .headers_mut()
        .insert(http::header::ACCEPT, HeaderValue::from_static("application/json"));
    Ok(request)
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a string never fails.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
