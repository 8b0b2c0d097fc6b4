//! `POST /{tenant}/oauth2/v2.0/token` and its refusals.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use serde_json::json;

use crate::call::Call;
use crate::chance::guid;
use crate::reply::Reply;

use super::access::{Access, Application};
use super::assertion::{self, AssertionFault};
use super::{Audience, Login};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A refusal: status, OAuth error, AADSTS number and what it says.
struct Refusal(u16, &'static str, u32, String);

impl Login {
    pub(crate) fn token(
        &mut self,
        access: &Access,
        now: DateTime<Utc>,
        call: &Call,
        tenant: &str,
        base: &str,
    ) -> Reply {
        match grant(access, now, call, tenant, base) {
            Ok((client_id, audience)) => {
                let token = self.issue(access, now, audience, &client_id);
                let seconds = access.token_lifetime.num_seconds();
                let body = json!({
                    "token_type": "Bearer",
                    "expires_in": seconds,
                    "ext_expires_in": seconds,
                    "access_token": token,
                });
                Reply::new(
                    StatusCode::OK,
                    "application/json; charset=utf-8",
                    body.to_string().into_bytes(),
                )
            }
            Err(refusal) => self.refuse(refusal, now),
        }
    }

    /// The login service's description of itself.
    pub(crate) fn configuration(
        &mut self,
        access: &Access,
        now: DateTime<Utc>,
        tenant: &str,
        base: &str,
        _call: &Call,
    ) -> Reply {
        if !is_tenant(access, tenant) {
            return self.refuse(no_tenant(tenant, "invalid_tenant"), now);
        }
        let body = json!({
            "token_endpoint": format!("{base}/{}/oauth2/v2.0/token", access.tenant_id),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "issuer": format!("https://login.microsoftonline.com/{}/v2.0", access.tenant_id),
        });
        Reply::new(
            StatusCode::OK,
            "application/json; charset=utf-8",
            body.to_string().into_bytes(),
        )
    }

    fn refuse(&mut self, refusal: Refusal, now: DateTime<Utc>) -> Reply {
        let Refusal(status, error, number, text) = refusal;
        let (trace_id, correlation_id) = (guid(&mut self.rng), guid(&mut self.rng));
        let timestamp = now.format("%Y-%m-%d %H:%M:%SZ").to_string();
        let body = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{number}: {text} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"
            ),
            "error_codes": [number],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        });
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Reply::new(
            status,
            "application/json; charset=utf-8",
            body.to_string().into_bytes(),
        )
    }
}

fn is_tenant(access: &Access, tenant: &str) -> bool {
    tenant.eq_ignore_ascii_case(&access.tenant_id) || tenant.eq_ignore_ascii_case(&access.tenant_domain)
}

fn no_tenant(tenant: &str, error: &'static str) -> Refusal {
    let text = format!(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the \
         correct cloud."
    );
    Refusal(400, error, 90_002, text)
}

fn grant(
    access: &Access,
    now: DateTime<Utc>,
    call: &Call,
    tenant: &str,
    base: &str,
) -> Result<(String, Audience), Refusal> {
    if call.method != Method::POST {
        let text = "The endpoint only accepts POST requests.".to_owned();
        return Err(Refusal(400, "invalid_request", 900_561, text));
    }
    if ["common", "organizations", "consumers"].contains(&tenant) {
        let text = "No tenant-identifying information found in the request.".to_owned();
        return Err(Refusal(400, "invalid_request", 50_059, text));
    }
    if !is_tenant(access, tenant) {
        return Err(no_tenant(tenant, "invalid_request"));
    }
    let field = |name: &str| call.parameter(name).filter(|value| !value.is_empty());
    let required = |name: &str| {
        field(name).ok_or_else(|| {
            let text = format!("The request body must contain the following parameter: '{name}'.");
            Refusal(400, "invalid_request", 900_144, text)
        })
    };
    let grant_type = required("grant_type")?;
    if grant_type != "client_credentials" {
        let text = format!("The app requested an unsupported grant type '{grant_type}'.");
        return Err(Refusal(400, "unsupported_grant_type", 70_003, text));
    }
    let basic = basic(call);
    let client_id = match &basic {
        Some((client_id, _)) => client_id.as_str(),
        None => required("client_id")?,
    };
    let scope = required("scope")?;
    let audience = audience(access, scope, base)?;
    let application = access
        .applications
        .iter()
        .find(|application| application.client_id.eq_ignore_ascii_case(client_id))
        .ok_or_else(|| {
            let text = format!("Application with identifier '{client_id}' was not found in the directory.");
            Refusal(400, "unauthorized_client", 700_016, text)
        })?;
    let secret = basic
        .as_ref()
        .map(|(_, secret)| secret.as_str())
        .or_else(|| field("client_secret"));
    match (secret, field("client_assertion")) {
        (Some(secret), _) => check_secret(application, now, secret)?,
        (None, Some(assertion)) => {
            if field("client_assertion_type") != Some(ASSERTION_TYPE) {
                let text = "The request body must contain the following parameter: 'client_assertion_type'.";
                return Err(Refusal(400, "invalid_request", 900_144, text.to_owned()));
            }
            let audiences = audiences(access, tenant, base);
            assertion::check(application, &audiences, now, assertion).map_err(assertion_refused)?;
        }
        (None, None) => {
            let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
            return Err(Refusal(401, "invalid_client", 7_000_218, text.to_owned()));
        }
    }
    if !application.has_service_principal {
        let text =
            format!("The client application '{client_id}' is missing service principal in the tenant.");
        return Err(Refusal(401, "invalid_client", 7_000_229, text));
    }
    Ok((application.client_id.clone(), audience))
}

fn audience(access: &Access, scope: &str, base: &str) -> Result<Audience, Refusal> {
    if scope.contains(' ') || !scope.ends_with("/.default") {
        let text = format!("The provided value for the input parameter 'scope' is not valid: '{scope}'.");
        return Err(Refusal(400, "invalid_scope", 70_011, text));
    }
    let resource = scope.trim_end_matches(".default");
    Audience::of(resource, base)
        .filter(|_| access.resource_exists)
        .ok_or_else(|| {
            let text = format!("The resource principal named {resource} was not found in the tenant.");
            Refusal(400, "invalid_resource", 500_011, text)
        })
}

fn check_secret(application: &Application, now: DateTime<Utc>, secret: &str) -> Result<(), Refusal> {
    let found = application.secrets.iter().find(|known| known.text == secret);
    match found.map(|known| known.expires) {
        None => {
            let text = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                 value, not the client secret ID, for a secret added to app '{}'.",
                application.client_id
            );
            Err(Refusal(401, "invalid_client", 7_000_215, text))
        }
        Some(Some(expires)) if expires <= now => {
            let text = format!(
                "The provided client secret keys for app '{}' are expired.",
                application.client_id
            );
            Err(Refusal(401, "invalid_client", 7_000_222, text))
        }
        Some(_) => Ok(()),
    }
}

/// The names an assertion may be addressed to: the documented endpoint, and this server's own.
fn audiences(access: &Access, tenant: &str, base: &str) -> Vec<String> {
    let tenants = [tenant, &access.tenant_id, &access.tenant_domain];
    let hosts = ["https://login.microsoftonline.com", base.trim_end_matches('/')];
    hosts
        .iter()
        .flat_map(|host| {
            tenants
                .iter()
                .map(move |tenant| format!("{host}/{tenant}/oauth2/v2.0/token"))
        })
        .collect()
}

fn assertion_refused(fault: AssertionFault) -> Refusal {
    let (status, error, number, text) = match fault {
        AssertionFault::Malformed => (
            400,
            "invalid_request",
            50_027,
            "JWT token is invalid or malformed.",
        ),
        AssertionFault::Key => (
            401,
            "invalid_client",
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application. \
             [Reason - The key was not found.]",
        ),
        AssertionFault::Time => (
            401,
            "invalid_client",
            700_024,
            "Client assertion is not within its valid time range.",
        ),
        AssertionFault::Audience => (
            401,
            "invalid_client",
            700_023,
            "Client assertion audience claim does not match Realm issuer.",
        ),
        AssertionFault::Issuer => (
            401,
            "invalid_client",
            700_021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        ),
        AssertionFault::NoFederation => (
            400,
            "invalid_request",
            70_021,
            "No matching federated identity record found for presented assertion.",
        ),
        AssertionFault::FederationIssuer => (
            401,
            "invalid_client",
            700_211,
            "No matching federated identity record found for presented assertion issuer.",
        ),
        AssertionFault::FederationAudience => (
            401,
            "invalid_client",
            700_212,
            "No matching federated identity record found for presented assertion audience.",
        ),
        AssertionFault::FederationSubject => (
            401,
            "invalid_client",
            700_213,
            "No matching federated identity record found for presented assertion subject.",
        ),
    };
    Refusal(status, error, number, text.to_owned())
}

/// Client id and secret of an `Authorization: Basic` header, form-decoded as OAuth wants.
fn basic(call: &Call) -> Option<(String, String)> {
    let (scheme, value) = call.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (client_id, secret) = text.split_once(':')?;
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    Some((decode(client_id), decode(secret)))
}
