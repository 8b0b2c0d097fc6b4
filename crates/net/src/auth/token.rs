//! The answer of a sign-in service.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use http::Response;
use serde::Deserialize;
use zeroize::Zeroize;

use super::AuthError;
use crate::http::Bearer;

/// A token and how long it lives.
#[derive(Clone)]
pub struct Token {
    /// The token.
    pub bearer: Bearer,
    /// Its life from now on.
    pub life: Duration,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// When to renew a token of that life: at 80 % of it, or 5 minutes before its end if that is sooner, but not in its first
/// half.
#[must_use]
pub fn renew_after(life: Duration) -> Duration {
    let before_its_end = life.saturating_sub(Duration::from_mins(5));
    (life / 5 * 4).min(before_its_end).max(life / 2)
}

/// A number that may be written as text, as managed identities do.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds<'a> {
    Number(u64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

impl Seconds<'_> {
    fn value(&self) -> Option<u64> {
        match self {
            Self::Number(seconds) => Some(*seconds),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

#[derive(Deserialize)]
struct Granted<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow, default)]
    token_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    expires_in: Option<Seconds<'a>>,
    /// Seconds since 1970, where `expires_in` is missing (App Service).
    #[serde(borrow, default)]
    expires_on: Option<Seconds<'a>>,
}

/// The shortest life that a token is taken for, so that a token at its end is not fetched in a loop.
const MIN_LIFE: Duration = Duration::from_secs(10);
/// The longest, whatever the answer says.
const MAX_LIFE: Duration = Duration::from_hours(24);
/// The life of a token whose answer gives none.
const DEFAULT_LIFE: Duration = Duration::from_hours(1);

/// Reads the answer to a token request. `now` is the server's time, for answers that give the end as a date. The answer's
/// body is wiped.
///
/// # Errors
///
/// One sentence with the fix; see [`AuthError`].
pub fn read_token(answer: Response<Vec<u8>>, now: SystemTime) -> Result<Token, AuthError> {
    let (head, mut body) = answer.into_parts();
    let token = if head.status.is_success() {
        granted(&body, now)
    } else {
        Err(AuthError::refused(&head, &body, now))
    };
    body.zeroize();
    token
}

fn granted(body: &[u8], now: SystemTime) -> Result<Token, AuthError> {
    let granted: Granted<'_> = serde_json::from_slice(body).map_err(|_| AuthError::no_token())?;
    if granted
        .token_type
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
    {
        return Err(AuthError::no_token());
    }
    let until = |seconds: u64| {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Duration::from_secs(seconds).saturating_sub(now)
    };
    let life = match (&granted.expires_in, &granted.expires_on) {
        (Some(seconds), _) => seconds.value().map(Duration::from_secs),
        (None, Some(seconds)) => seconds.value().map(until),
        (None, None) => None,
    };
    let life = life.unwrap_or(DEFAULT_LIFE).clamp(MIN_LIFE, MAX_LIFE);
    let bearer = Bearer::new(granted.access_token.into_owned().into()).ok_or_else(AuthError::no_token)?;
    Ok(Token { bearer, life })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::Response;

    use super::{read_token, renew_after};

    fn life(body: &str) -> Option<u64> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_mins(29_481_615);
        read_token(Response::new(body.as_bytes().to_vec()), now)
            .ok()
            .map(|token| token.life.as_secs())
    }

    #[test]
    fn lives_come_as_numbers_texts_and_dates() {
        for (body, seconds) in [
            (
                r#"{"token_type":"Bearer","expires_in":3599,"access_token":"eyJ"}"#,
                3599,
            ),
            (
                r#"{"token_type":"Bearer","expires_in":"86399","expires_on":"1","access_token":"eyJ"}"#,
                86_399,
            ),
            (r#"{"expires_on":"1768900500","access_token":"eyJ"}"#, 3600),
            (r#"{"expires_on":1,"access_token":"eyJ"}"#, 10),
            (
                r#"{"expires_in":18446744073709551615,"access_token":"eyJ"}"#,
                86_400,
            ),
            (r#"{"access_token":"eyJ"}"#, 3600),
        ] {
            assert_eq!(life(body), Some(seconds), "{body}");
        }
    }

    #[test]
    fn what_is_no_token_is_an_error() {
        for body in [
            "",
            "<html>sign in</html>",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":"a\r\nb"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            r#"{"access_token":7}"#,
        ] {
            assert_eq!(life(body), None, "{body}");
        }
    }

    #[test]
    fn tokens_are_renewed_before_their_end() {
        for (life, renewed) in [
            (3600, 2880),
            (86_400, 69_120),
            (1000, 700),
            (600, 300),
            (300, 150),
            (10, 5),
        ] {
            assert_eq!(
                renew_after(Duration::from_secs(life)),
                Duration::from_secs(renewed),
                "{life}"
            );
        }
    }
}
