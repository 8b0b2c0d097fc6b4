//! What the web page knows beside the mapping: which domains imitate others, as the program knows it.

use message_trace_lookalike::Lookalikes;
use wasm_bindgen::prelude::wasm_bindgen;

/// Protected domains, and what imitates them.
#[wasm_bindgen]
pub struct Guard(Lookalikes);

#[wasm_bindgen]
impl Guard {
    /// Takes domains; what is none protects nothing.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "JavaScript gives a list of its own")]
    pub fn new(protected: Vec<String>) -> Self {
        Self(Lookalikes::new(&protected))
    }

    /// What a domain imitates: the protected domain, the family, and the distance, with a space between; nothing if it imitates
    /// none, is one, or is below one.
    #[must_use]
    pub fn find(&self, domain: &str) -> Option<String> {
        let hit = self.0.find(domain)?;
        Some(format!(
            "{} {} {}",
            hit.protected,
            hit.family.name(),
            hit.distance
        ))
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Guard").field(&self.0.protected()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Guard;

    #[test]
    fn a_hit_says_what_is_imitated_how_and_how_far() {
        let guard = Guard::new(vec!["contoso.com".to_owned(), "no domain".to_owned()]);
        assert_eq!(
            guard.find("c0ntoso.com").as_deref(),
            Some("contoso.com homoglyph 1")
        );
        for domain in ["contoso.com", "mail.contoso.com", "fabrikam.com", ""] {
            assert_eq!(guard.find(domain), None, "{domain}");
        }
        assert_eq!(Guard::new(Vec::new()).find("c0ntoso.com"), None);
    }
}
