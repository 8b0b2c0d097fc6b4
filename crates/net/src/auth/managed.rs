//! Managed identities: tokens from the host this program runs on.

use std::fmt;

use http::{HeaderValue, Method, Request};
use secrecy::SecretString;

use super::AuthError;
use super::request::encode;
use crate::http::{Link, Origin, SecretHeader};

/// The instance metadata service of Azure's virtual machines.
const IMDS: &str = "http://169.254.169.254";

/// Where the host gives out tokens.
pub struct ManagedIdentity {
    endpoint: Endpoint,
    /// A user-assigned identity; the system's own if none.
    client_id: Option<String>,
}

enum Endpoint {
    /// <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>
    Imds(Origin),
    /// <https://learn.microsoft.com/azure/app-service/overview-managed-identity>
    AppService { endpoint: Origin, header: SecretHeader },
}

impl ManagedIdentity {
    /// Finds the endpoint: App Service, Functions and Container Apps say theirs in `IDENTITY_ENDPOINT`, virtual machines
    /// have the instance metadata service. `header` is the secret of `IDENTITY_HEADER`.
    ///
    /// # Errors
    ///
    /// If the variables are those of a host that is not supported, or malformed.
    pub fn find(
        variable: impl Fn(&str) -> Option<String>,
        header: Option<SecretString>,
        client_id: Option<String>,
    ) -> Result<Self, AuthError> {
        if variable("IMDS_ENDPOINT").is_some() || variable("IDENTITY_SERVER_THUMBPRINT").is_some() {
            return Err(AuthError::configure(
                "the managed identities of Azure Arc and Service Fabric are not supported; use a certificate",
            ));
        }
        match (variable("IDENTITY_ENDPOINT"), header) {
            (Some(endpoint), Some(header)) => Self::app_service(&endpoint, header, client_id),
            (None, None) => Self::imds(IMDS, client_id),
            _ => Err(AuthError::configure(
                "IDENTITY_ENDPOINT and IDENTITY_HEADER go together; one of them is not set",
            )),
        }
    }

    /// The instance metadata service at an address.
    ///
    /// # Errors
    ///
    /// If the address is not one of this machine's surroundings.
    pub fn imds(url: &str, client_id: Option<String>) -> Result<Self, AuthError> {
        let origin = Origin::parse_local(url)
            .map_err(|error| AuthError::configure(format!("the metadata service's URL: {error}")))?;
        Ok(Self {
            endpoint: Endpoint::Imds(origin),
            client_id,
        })
    }

    fn app_service(url: &str, header: SecretString, client_id: Option<String>) -> Result<Self, AuthError> {
        let endpoint = Origin::parse_local(url)
            .map_err(|error| AuthError::configure(format!("IDENTITY_ENDPOINT: {error}")))?;
        let header = SecretHeader::new(http::HeaderName::from_static("x-identity-header"), header)
            .ok_or_else(|| AuthError::configure("IDENTITY_HEADER holds characters that no header has"))?;
        Ok(Self {
            endpoint: Endpoint::AppService { endpoint, header },
            client_id,
        })
    }

    /// The request for a token to that API. It never takes a proxy.
    pub(super) fn request(&self, scope: &str) -> Result<Request<Vec<u8>>, AuthError> {
        let resource = encode(scope.strip_suffix(".default").unwrap_or(scope));
        let client = self
            .client_id
            .as_ref()
            .map(|id| format!("&client_id={}", encode(id)))
            .unwrap_or_default();
        let outside = |_| AuthError::internal("the managed identity's address could not be put together");
        let get = |link: &Link| link.request(Method::GET, Vec::new());
        match &self.endpoint {
            Endpoint::Imds(origin) => {
                let path = "/metadata/identity/oauth2/token?api-version=2018-02-01";
                let link = origin
                    .link(&format!("{path}&resource={resource}{client}"))
                    .map_err(outside)?;
                let mut request = get(&link);
                request
                    .headers_mut()
                    .insert("metadata", HeaderValue::from_static("true"));
                Ok(request)
            }
            Endpoint::AppService { endpoint, header } => {
                let query = format!("?api-version=2019-08-01&resource={resource}{client}");
                let link = endpoint.link(&query).map_err(outside)?;
                let mut request = get(&link);
                link.sign(&mut request, header)?;
                Ok(request)
            }
        }
    }
}

impl fmt::Debug for ManagedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.endpoint {
            Endpoint::Imds(_) => "ManagedIdentity(Imds)",
            Endpoint::AppService { .. } => "ManagedIdentity(AppService)",
        })
    }
}
