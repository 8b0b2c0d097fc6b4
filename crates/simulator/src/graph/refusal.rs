//! What Graph says when it lets nobody in.

use chrono::{DateTime, Utc};
use http::{StatusCode, header};

use crate::faults::RetryAfter;
use crate::login::TokenFault;
use crate::reply::{Reply, RequestIds};

/// The application whose service principal a tenant must have.
const TRACE_SERVICE_APP: &str = "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373";

pub(crate) fn too_many(retry_after: &RetryAfter, now: DateTime<Utc>, ids: &RequestIds) -> Reply {
    let text = "Your recent queries have surpassed the permitted limit, please try again later.";
    Reply::graph_error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", text, now, ids)
        .with_retry_after(retry_after.header(now).as_deref())
}

pub(crate) fn token_refused(fault: TokenFault, now: DateTime<Utc>, ids: &RequestIds) -> Reply {
    let text = match fault {
        TokenFault::Absent => "Access token is empty.",
        TokenFault::Unknown => "Access token validation failure. Invalid signature.",
        TokenFault::Expired => "Lifetime validation failed, the token is expired.",
        TokenFault::WrongAudience => "Access token validation failure. Invalid audience.",
    };
    Reply::graph_error(
        StatusCode::UNAUTHORIZED,
        "InvalidAuthenticationToken",
        text,
        now,
        ids,
    )
    .with(
        header::WWW_AUTHENTICATE,
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
         client_id=\"00000003-0000-0000-c000-000000000000\"",
    )
}

pub(crate) fn principal_missing(status: u16, now: DateTime<Utc>, ids: &RequestIds) -> Reply {
    let (status, code) = if status == 401 {
        (StatusCode::UNAUTHORIZED, "Unauthorized")
    } else {
        (StatusCode::FORBIDDEN, "Forbidden")
    };
    let text = format!(
        "Service principal-less Authentication failed: the service principal for App ID {TRACE_SERVICE_APP} was not \
         found. Please create it in the tenant. Provisioning may take several hours to complete. For details, see: \
         https://learn.microsoft.com/entra/identity-platform/retire-service-principal-less-authentication"
    );
    Reply::graph_error(status, code, &text, now, ids)
}

pub(crate) fn permission_missing(now: DateTime<Utc>, ids: &RequestIds) -> Reply {
    let text = "Insufficient privileges to complete the operation.";
    Reply::graph_error(
        StatusCode::FORBIDDEN,
        "Authorization_RequestDenied",
        text,
        now,
        ids,
    )
}
