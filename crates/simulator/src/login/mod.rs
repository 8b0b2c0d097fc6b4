//! The login service and the managed identity endpoints.

mod access;
mod assertion;
mod identity;
mod token;

pub use access::{
    Access, Application, CLIENT_ID, CLIENT_SECRET, Federation, ManagedIdentity, Secret, ServicePrincipal,
    TENANT_ID,
};

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use fastrand::Rng;
use serde_json::json;

use crate::chance::{guid, stream};

const LOGIN: u64 = 0x6c6f_6769;

/// Which service a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    Graph,
    Reporting,
}

impl Audience {
    fn resource(self) -> &'static str {
        match self {
            Self::Graph => "https://graph.microsoft.com",
            Self::Reporting => "https://outlook.office365.com",
        }
    }

    /// The service a resource names, `base` being this server's own name for itself.
    fn of(resource: &str, base: &str) -> Option<Self> {
        let resource = resource.trim_end_matches('/');
        match resource {
            "https://graph.microsoft.com" | "00000003-0000-0000-c000-000000000000" => Some(Self::Graph),
            "https://outlook.office365.com" | "https://outlook.office365.us" => Some(Self::Reporting),
            _ if resource == base.trim_end_matches('/') => Some(Self::Graph),
            _ => None,
        }
    }
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenFault {
    Absent,
    Unknown,
    Expired,
    WrongAudience,
}

/// The tokens given out.
#[derive(Debug)]
pub(crate) struct Login {
    rng: Rng,
    tokens: HashMap<String, (DateTime<Utc>, Audience)>,
    /// How many tokens there may be before the next sweep.
    sweep_at: usize,
}

impl Login {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: stream(seed, LOGIN, 0),
            tokens: HashMap::new(),
            sweep_at: 64,
        }
    }

    /// Gives out a token that looks like a real one; clients must not read it, but some do.
    pub(crate) fn issue(
        &mut self,
        access: &Access,
        now: DateTime<Utc>,
        audience: Audience,
        client_id: &str,
    ) -> String {
        self.issue_for(access, now, audience, client_id, access.token_lifetime)
    }

    fn issue_for(
        &mut self,
        access: &Access,
        now: DateTime<Utc>,
        audience: Audience,
        client_id: &str,
        lifetime: Duration,
    ) -> String {
        // Tokens long dead are swept out now and then; sweeping every time would cost more than the rest.
        if self.tokens.len() >= self.sweep_at {
            self.tokens
                .retain(|_, (expires, _)| *expires > now - Duration::hours(2));
            self.sweep_at = self.tokens.len() * 2 + 64;
        }
        let expires = now + lifetime;
        let role = match audience {
            Audience::Graph => "ExchangeMessageTrace.Read.All",
            Audience::Reporting => "ReportingWebService.Read.All",
        };
        let roles = if access.permission_granted {
            vec![role]
        } else {
            Vec::new()
        };
        let head = json!({"typ": "JWT", "alg": "RS256", "kid": "simulated"});
        let claims = json!({
            "aud": audience.resource(),
            "iss": format!("https://sts.windows.net/{}/", access.tenant_id),
            "iat": now.timestamp(),
            "nbf": now.timestamp(),
            "exp": expires.timestamp(),
            "appid": client_id,
            "tid": access.tenant_id,
            "roles": roles,
            "uti": guid(&mut self.rng),
        });
        let mut signature = [0_u8; 64];
        self.rng.fill(&mut signature);
        let token = format!(
            "{}.{}.{}",
            URL_SAFE_NO_PAD.encode(head.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string()),
            URL_SAFE_NO_PAD.encode(signature)
        );
        self.tokens.insert(token.clone(), (expires, audience));
        token
    }

    /// Whether a token opens a service.
    pub(crate) fn check(
        &self,
        token: Option<&str>,
        now: DateTime<Utc>,
        audience: Audience,
    ) -> Result<(), TokenFault> {
        let token = token
            .filter(|token| !token.is_empty())
            .ok_or(TokenFault::Absent)?;
        let (expires, given_for) = self.tokens.get(token).ok_or(TokenFault::Unknown)?;
        if *given_for != audience {
            return Err(TokenFault::WrongAudience);
        }
        if *expires <= now {
            Err(TokenFault::Expired)
        } else {
            Ok(())
        }
    }

    /// Ends every token given out so far.
    pub(crate) fn forget_tokens(&mut self) {
        for (expires, _) in self.tokens.values_mut() {
            *expires = DateTime::<Utc>::MIN_UTC;
        }
    }
}
