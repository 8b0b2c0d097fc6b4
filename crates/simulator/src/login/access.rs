//! Who may ask: the tenant, its applications and their credentials.

use std::fmt;

use chrono::{DateTime, Duration, Utc};

/// The default tenant.
pub const TENANT_ID: &str = "11111111-2222-4333-8444-555555555555";
/// The default application.
pub const CLIENT_ID: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
/// The default application's secret: made up, good for this simulator only.
pub const CLIENT_SECRET: &str = "simulated~secret.of-no-worth_0000000000";

/// Who may ask the simulated services, and what is still missing in the tenant.
#[derive(Clone, Debug)]
pub struct Access {
    /// The tenant's id, a GUID.
    pub tenant_id: String,
    /// A verified domain of the tenant; good in place of the id.
    pub tenant_domain: String,
    /// The registered applications.
    pub applications: Vec<Application>,
    /// How long a token is good. Real ones: 3,599 s.
    pub token_lifetime: Duration,
    /// The managed identity of the machine, if it has one.
    pub managed_identity: Option<ManagedIdentity>,
    /// Whether the trace service's own service principal is there.
    pub service_principal: ServicePrincipal,
    /// Whether `ExchangeMessageTrace.Read.All` was granted.
    pub permission_granted: bool,
    /// Whether the tenant has the Graph resource: without it, AADSTS500011.
    pub resource_exists: bool,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            tenant_id: TENANT_ID.to_owned(),
            tenant_domain: crate::DOMAIN.to_owned(),
            applications: vec![Application::new(CLIENT_ID).with_secret(CLIENT_SECRET)],
            token_lifetime: Duration::seconds(3_599),
            managed_identity: None,
            service_principal: ServicePrincipal::Present,
            permission_granted: true,
            resource_exists: true,
        }
    }
}

/// An application's registration and its credentials.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its client id.
    pub client_id: String,
    /// Its secrets.
    pub secrets: Vec<Secret>,
    /// Its certificates, DER.
    pub certificates: Vec<Vec<u8>>,
    /// The foreign tokens it takes in place of a credential.
    pub federations: Vec<Federation>,
    /// Whether it has a service principal in the tenant: without one, AADSTS7000229.
    pub has_service_principal: bool,
}

impl Application {
    /// An application without credentials.
    #[must_use]
    pub fn new(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            secrets: Vec::new(),
            certificates: Vec::new(),
            federations: Vec::new(),
            has_service_principal: true,
        }
    }

    /// Adds a secret that never ends.
    #[must_use]
    pub fn with_secret(mut self, text: &str) -> Self {
        self.secrets.push(Secret {
            text: text.to_owned(),
            expires: None,
        });
        self
    }

    /// Adds a certificate, DER.
    #[must_use]
    pub fn with_certificate(mut self, der: Vec<u8>) -> Self {
        self.certificates.push(der);
        self
    }

    /// Adds a foreign token.
    #[must_use]
    pub fn with_federation(mut self, federation: Federation) -> Self {
        self.federations.push(federation);
        self
    }
}

/// A client secret.
#[derive(Clone)]
pub struct Secret {
    /// Its text.
    pub text: String,
    /// When it ends.
    pub expires: Option<DateTime<Utc>>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Secret")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// A trust in the tokens of another identity provider.
#[derive(Clone, Debug)]
pub struct Federation {
    /// `iss` of its tokens.
    pub issuer: String,
    /// `sub` of its tokens.
    pub subject: String,
    /// `aud` of its tokens: `api://AzureADTokenExchange`.
    pub audience: String,
    /// The certificate its tokens are signed with, DER. `None`: signatures are not checked.
    pub certificate: Option<Vec<u8>>,
}

/// The identity endpoints of a machine or an app service.
#[derive(Clone, Debug)]
pub struct ManagedIdentity {
    /// The identity's client id; a request may name it.
    pub client_id: String,
    /// What `X-IDENTITY-HEADER` must say at the app service's endpoint.
    pub identity_header: String,
    /// How long its tokens are good: up to 24 h.
    pub token_lifetime: Duration,
}

/// Whether the service principal of the trace service is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServicePrincipal {
    /// It is.
    Present,
    /// It is not; the refusal has this status, 401 or 403.
    Missing(u16),
    /// It is from this time on; before, as `Missing`.
    From(DateTime<Utc>, u16),
}
