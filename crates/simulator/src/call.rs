//! A request, read: where it goes and what it brings.

use http::{HeaderMap, Method, Request, header};
use percent_encoding::percent_decode_str;

use crate::Endpoint;
use crate::graph::Version;

/// Longer request targets come back as 404, as was seen; the real limit is unknown.
const TARGET_MOST: usize = 16_384;

/// A request as the routes need it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) route: Route,
    pub(crate) method: Method,
    /// The path as it was sent.
    pub(crate) path: String,
    /// Query or form fields, decoded, in order.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) knows_all_words: bool,
    pub(crate) takes_gzip: bool,
    /// Scheme, host and port the client used, without a slash at the end.
    pub(crate) origin: String,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Token {
        tenant: String,
    },
    OpenIdConfiguration {
        tenant: String,
    },
    /// The identity endpoint of a virtual machine.
    VmIdentity,
    /// The identity endpoint of App Service and its kin.
    AppIdentity,
    List(Version),
    Details {
        version: Version,
        id: String,
        recipient: Option<String>,
    },
    Reporting {
        is_detail: bool,
    },
    TooLong,
    Unknown,
}

impl Call {
    pub(crate) fn read(request: &Request<Vec<u8>>) -> Self {
        let uri = request.uri();
        let path = uri.path().to_owned();
        let too_long = path.len() + uri.query().map_or(0, str::len) > TARGET_MOST;
        let route = if too_long { Route::TooLong } else { route(&path) };
        let fields = match route {
            Route::Token { .. } => request.body().as_slice(),
            _ => uri.query().unwrap_or_default().as_bytes(),
        };
        let headers = request.headers().clone();
        let text = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let authority = uri
            .authority()
            .map_or_else(|| text(header::HOST), http::uri::Authority::as_str);
        Self {
            route,
            method: request.method().clone(),
            parameters: form_urlencoded::parse(fields).into_owned().collect(),
            knows_all_words: headers.get_all("prefer").iter().any(|value| {
                value
                    .to_str()
                    .is_ok_and(|text| text.contains("include-unknown-enum-members"))
            }),
            takes_gzip: text(header::ACCEPT_ENCODING)
                .to_ascii_lowercase()
                .contains("gzip"),
            origin: format!("{}://{authority}", uri.scheme_str().unwrap_or("http")),
            path,
            headers,
        }
    }

    /// The value of a query or form field; the last one when there are several.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The token of an `Authorization: Bearer` header.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        match &self.route {
            Route::Token { .. } | Route::OpenIdConfiguration { .. } => Endpoint::Token,
            Route::VmIdentity | Route::AppIdentity => Endpoint::Identity,
            Route::List(_) if self.parameter("$skiptoken").is_some() => Endpoint::NextPage,
            Route::List(_) => Endpoint::FirstPage,
            Route::Details { .. } => Endpoint::Details,
            Route::Reporting { .. } => Endpoint::Reporting,
            Route::TooLong | Route::Unknown => Endpoint::Any,
        }
    }
}

fn route(path: &str) -> Route {
    let segments = path.trim_matches('/').split('/').collect::<Vec<_>>();
    match segments.as_slice() {
        [tenant, "oauth2", "v2.0", "token"] => Route::Token {
            tenant: decode(tenant),
        },
        [tenant, "v2.0", ".well-known", "openid-configuration"] => Route::OpenIdConfiguration {
            tenant: decode(tenant),
        },
        ["metadata", "identity", "oauth2", "token"] => Route::VmIdentity,
        ["msi", "token"] => Route::AppIdentity,
        [
            version,
            "admin",
            "exchange",
            "tracing",
            "messageTraces",
            rest @ ..,
        ] => {
            let version = match *version {
                "v1.0" => Version::V1,
                "beta" => Version::Beta,
                _ => return Route::Unknown,
            };
            match rest {
                [] => Route::List(version),
                [id, function] => match decode(function).strip_prefix("getDetailsByRecipient(") {
                    Some(rest) => Route::Details {
                        version,
                        id: decode(id),
                        recipient: detail_recipient(rest),
                    },
                    None => Route::Unknown,
                },
                _ => Route::Unknown,
            }
        }
        [ecp, service, file, report] if is_reporting(ecp, service, file) => {
            if report.eq_ignore_ascii_case("MessageTrace") {
                Route::Reporting { is_detail: false }
            } else if report.eq_ignore_ascii_case("MessageTraceDetail") {
                Route::Reporting { is_detail: true }
            } else {
                Route::Unknown
            }
        }
        _ => Route::Unknown,
    }
}

/// The path of the Reporting Web Service does not depend on case.
fn is_reporting(ecp: &str, service: &str, file: &str) -> bool {
    ecp.eq_ignore_ascii_case("ecp")
        && service.eq_ignore_ascii_case("reportingwebservice")
        && file.eq_ignore_ascii_case("reporting.svc")
}

/// The address out of `recipientAddress='…')`; `None` when it is missing or has no apostrophes.
fn detail_recipient(text: &str) -> Option<String> {
    let quoted = text
        .strip_suffix(')')?
        .strip_prefix("recipientAddress='")?
        .strip_suffix('\'')?;
    Some(quoted.replace("''", "'"))
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_told_apart() {
        assert_eq!(
            route("/v1.0/admin/exchange/tracing/messageTraces"),
            Route::List(Version::V1)
        );
        assert_eq!(
            route("/beta/admin/exchange/tracing/messageTraces/"),
            Route::List(Version::Beta)
        );
        assert_eq!(
            route(
                "/v1.0/admin/exchange/tracing/messageTraces/ab/getDetailsByRecipient(recipientAddress='o%27%27n@example.com')"
            ),
            Route::Details {
                version: Version::V1,
                id: "ab".to_owned(),
                recipient: Some("o'n@example.com".to_owned())
            }
        );
        assert_eq!(
            route("/ECP/ReportingWebService/Reporting.svc/messagetrace"),
            Route::Reporting { is_detail: false }
        );
        assert_eq!(route("/v1.0/users"), Route::Unknown);
        assert_eq!(
            route("/t/oauth2/v2.0/token"),
            Route::Token {
                tenant: "t".to_owned()
            }
        );
    }
}
