//! Holding a token, and renewing it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;
use ring::rand::{SecureRandom, SystemRandom};

use super::{Application, AuthError, Credential, Draw, Token, read_token, renew_after, token_request};
use crate::http::{Bearer, Transport};
use message_trace_remedy::Remedy;

/// How long a token that is still valid is used on after a renewal failed.
const RENEWAL_PAUSE: Duration = Duration::from_mins(1);
/// Assertion outside its validity: the clocks differ.
const ASSERTION_OUT_OF_TIME: u32 = 700_024;

/// Gives out tokens to any number of threads. One of them fetches, the others wait for it.
pub struct Authenticator {
    application: Application,
    credential: Credential,
    transport: Arc<dyn Transport>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    token: Option<HeldToken>,
    skew: Skew,
}

struct HeldToken {
    bearer: Bearer,
    renew_at: Instant,
    ends_at: Instant,
}

/// How far the server's clock is ahead of this machine's, or behind.
#[derive(Clone, Copy, Default)]
struct Skew {
    ahead: Duration,
    behind: Duration,
}

impl Skew {
    fn between(server: SystemTime, local: SystemTime) -> Self {
        Self {
            ahead: server.duration_since(local).unwrap_or_default(),
            behind: local.duration_since(server).unwrap_or_default(),
        }
    }

    fn server_time(self, local: SystemTime) -> SystemTime {
        local
            .checked_add(self.ahead)
            .and_then(|time| time.checked_sub(self.behind))
            .unwrap_or(local)
    }
}

impl Authenticator {
    /// Takes an application, its credential and the way to the sign-in service. Sends nothing yet.
    #[must_use]
    pub fn new(application: Application, credential: Credential, transport: Arc<dyn Transport>) -> Self {
        Self {
            application,
            credential,
            transport,
            held: Mutex::default(),
        }
    }

    /// A token that is not due for renewal. If renewing fails for now and the old one still lives, that one.
    ///
    /// # Errors
    ///
    /// Why there is none, as one sentence with the fix.
    pub fn token(&self) -> Result<Bearer, AuthError> {
        let mut held = self.lock();
        let now = Instant::now();
        match &mut held.token {
            Some(token) if now < token.renew_at => return Ok(token.bearer.clone()),
            _ => {}
        }
        let error = match self.fetch(&mut held) {
            Ok(bearer) => return Ok(bearer),
            Err(error) => error,
        };
        match &mut held.token {
            Some(token) if error.remedy() == Remedy::Retry && Instant::now() < token.ends_at => {
                log::warn!("{error}; the token is renewed later");
                token.renew_at = Instant::now()
                    + RENEWAL_PAUSE.max(error.retry_after().unwrap_or_default().min(token.ends_at - now));
                Ok(token.bearer.clone())
            }
            _ => Err(error),
        }
    }

    /// A token in the place of one that a service refused with 401. Fetched once, however many threads were refused.
    ///
    /// # Errors
    ///
    /// Why there is none, as one sentence with the fix.
    pub fn replace(&self, refused: &Bearer) -> Result<Bearer, AuthError> {
        let mut held = self.lock();
        match &held.token {
            Some(token) if !token.bearer.is_same(refused) => Ok(token.bearer.clone()),
            _ => {
                held.token = None;
                self.fetch(&mut held)
            }
        }
    }

    /// Learns the server's time from an answer's `Date`. Assertions are dated by it.
    pub fn note_date(&self, headers: &HeaderMap) {
        if let Some(server) = date(headers) {
            self.lock().skew = Skew::between(server, SystemTime::now());
        }
    }

    /// The server's time, as far as known.
    #[must_use]
    pub fn server_time(&self) -> SystemTime {
        self.lock().skew.server_time(SystemTime::now())
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // A thread that panicked while it fetched left a whole state behind: each field is set in one step.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches under the lock: others wait for this token instead of asking for their own.
    fn fetch(&self, held: &mut Held) -> Result<Bearer, AuthError> {
        let token = match self.ask(held) {
            Err(error) if error.code() == Some(ASSERTION_OUT_OF_TIME) && error.server_time().is_some() => {
                if let Some(server) = error.server_time() {
                    held.skew = Skew::between(server, SystemTime::now());
                    log::warn!(
                        "this machine's clock differs from the sign-in service's; signing in by the service's"
                    );
                }
                self.ask(held)?
            }
            asked => asked?,
        };
        let now = Instant::now();
        let bearer = token.bearer.clone();
        let Token { life, .. } = token;
        held.token = Some(HeldToken {
            bearer: token.bearer,
            renew_at: now + renew_after(life),
            ends_at: now + life,
        });
        log::debug!(life_seconds = life.as_secs(); "signed in");
        Ok(bearer)
    }

    fn ask(&self, held: &mut Held) -> Result<Token, AuthError> {
        let mut id = [0; 16];
        SystemRandom::new()
            .fill(&mut id)
            .map_err(|_| AuthError::internal("the system gives no random"))?;
        let draw = Draw {
            now: held.skew.server_time(SystemTime::now()),
            id,
        };
        let answer = self
            .transport
            .send(token_request(&self.application, &self.credential, draw)?)?;
        if let Some(server) = date(answer.headers()) {
            held.skew = Skew::between(server, SystemTime::now());
        }
        let token = read_token(answer, draw.now);
        match self.credential {
            Credential::ManagedIdentity(_) => token.map_err(AuthError::of_managed_identity),
            _ => token,
        }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

/// The time in an answer's `Date`.
pub(super) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(http::header::DATE)?.to_str().ok()?.trim()).ok()
}
