//! Values that are sent, and never shown.

use std::fmt;

use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// A bearer token. Readable inside [`crate::http`] alone; wiped when dropped.
pub struct Bearer {
    token: SecretString,
}

impl Bearer {
    /// Takes a token. `None` unless it has the characters of RFC 6750 (`b64token`), 1 to 65 536 of them: anything else
    /// could break out of its header.
    #[must_use]
    pub fn new(token: SecretString) -> Option<Self> {
        let text = token.expose_secret();
        let fits = (1..=65_536).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
        fits.then_some(Self { token })
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        sensitive(&zeroize::Zeroizing::new(format!(
            "Bearer {}",
            self.token.expose_secret()
        )))
    }

    /// Whether two tokens are the same, for telling a refused token from its successor.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.token.expose_secret() == other.token.expose_secret()
    }
}

impl Clone for Bearer {
    fn clone(&self) -> Self {
        Self {
            token: self.token.clone(),
        }
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

/// A header whose value is a secret, such as a collector's token.
#[derive(Clone)]
pub struct SecretHeader {
    name: HeaderName,
    value: SecretString,
}

impl SecretHeader {
    /// Takes a header. `None` if the value cannot be a header's value.
    #[must_use]
    pub fn new(name: HeaderName, value: SecretString) -> Option<Self> {
        sensitive(value.expose_secret())?;
        Some(Self { name, value })
    }

    /// The header's name.
    #[must_use]
    pub const fn name(&self) -> &HeaderName {
        &self.name
    }

    pub(super) fn value(&self) -> Option<HeaderValue> {
        sensitive(self.value.expose_secret())
    }
}

impl fmt::Debug for SecretHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretHeader({}: …)", self.name)
    }
}

/// A header's value that its own `Debug` does not show.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::{Bearer, SecretHeader};

    #[test]
    fn a_token_that_could_leave_its_header_is_refused() {
        for text in ["", "a b", "a\r\nHost: example.net", "a\0", "ä", "a,b"] {
            assert!(Bearer::new(text.into()).is_none(), "{text:?}");
        }
        assert!(Bearer::new("x".repeat(65_537).into()).is_none());
        assert!(Bearer::new("eyJ0.eyJh-_~+/==".into()).is_some());
    }

    #[test]
    fn debug_shows_no_secret() {
        let bearer = Bearer::new("canary-secret".into());
        let header = SecretHeader::new(http::header::AUTHORIZATION, "canary-secret".into());
        let value = bearer.as_ref().and_then(Bearer::header);
        assert!(value.is_some() && header.is_some());
        assert!(!format!("{bearer:?} {header:?} {value:?}").contains("canary"));
        assert!(SecretHeader::new(http::header::AUTHORIZATION, "a\nb".into()).is_none());
    }
}
