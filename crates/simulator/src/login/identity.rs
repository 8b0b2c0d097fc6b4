//! Managed identity: the endpoints that give a token to whoever runs on the machine.

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::json;

use crate::call::Call;
use crate::reply::Reply;

use super::access::{Access, ManagedIdentity};
use super::{Audience, Login};

impl Login {
    /// `GET /metadata/identity/oauth2/token`, of a virtual machine: wants the header `Metadata: true`.
    pub(crate) fn vm_identity(&mut self, access: &Access, now: DateTime<Utc>, call: &Call) -> Reply {
        if call
            .header("metadata")
            .is_none_or(|value| !value.eq_ignore_ascii_case("true"))
        {
            return refuse(400, "bad_request_102", "Required metadata header not specified");
        }
        if call.header("x-forwarded-for").is_some() {
            return refuse(400, "bad_request_101", "Proxies are not supported");
        }
        match &access.managed_identity {
            Some(identity) if call.parameter("api-version") == Some("2018-02-01") => {
                self.give(access, identity, now, call)
            }
            Some(_) => refuse(
                400,
                "invalid_request",
                "Required parameter api-version is missing or not supported",
            ),
            None => refuse(400, "invalid_request", "Identity not found"),
        }
    }

    /// `GET /msi/token`, of an app service: wants the header `X-IDENTITY-HEADER`.
    pub(crate) fn app_identity(&mut self, access: &Access, now: DateTime<Utc>, call: &Call) -> Reply {
        let Some(identity) = &access.managed_identity else {
            return refuse(
                400,
                "invalid_request",
                "No managed identity found for the resource",
            );
        };
        if call.header("x-identity-header") != Some(&identity.identity_header) {
            return refuse(
                401,
                "unauthorized",
                "The header X-IDENTITY-HEADER is missing or wrong",
            );
        }
        if call.parameter("api-version") != Some("2019-08-01") {
            return refuse(
                400,
                "invalid_request",
                "Required parameter api-version is missing or not supported",
            );
        }
        self.give(access, identity, now, call)
    }

    /// Every value is a text here, numbers too.
    fn give(
        &mut self,
        access: &Access,
        identity: &ManagedIdentity,
        now: DateTime<Utc>,
        call: &Call,
    ) -> Reply {
        let Some(resource) = call.parameter("resource") else {
            return refuse(400, "invalid_request", "Required parameter resource is missing");
        };
        let Some(audience) = Audience::of(resource, &call.origin) else {
            return refuse(
                400,
                "invalid_resource",
                "The resource principal was not found in the tenant",
            );
        };
        if call
            .parameter("client_id")
            .is_some_and(|id| !id.eq_ignore_ascii_case(&identity.client_id))
        {
            return refuse(400, "invalid_request", "Identity not found");
        }
        let lifetime = identity.token_lifetime;
        let token = self.issue_for(access, now, audience, &identity.client_id, lifetime);
        let body = json!({
            "access_token": token,
            "client_id": identity.client_id,
            "refresh_token": "",
            "expires_in": lifetime.num_seconds().to_string(),
            "expires_on": (now + lifetime).timestamp().to_string(),
            "not_before": now.timestamp().to_string(),
            "resource": resource,
            "token_type": "Bearer",
        });
        Reply::new(
            StatusCode::OK,
            "application/json; charset=utf-8",
            body.to_string().into_bytes(),
        )
    }
}

fn refuse(status: u16, error: &str, text: &str) -> Reply {
    let body = json!({"error": error, "error_description": text})
        .to_string()
        .into_bytes();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    Reply::new(status, "application/json; charset=utf-8", body)
}
