//! Mail domains, the same for every command.

/// Reads a mail domain such as `example.com`; an `@` before it is left out.
///
/// # Errors
///
/// A sentence for what is none. Does not repeat it.
pub fn mail_domain(text: &str) -> Result<String, String> {
    let domain = text.trim();
    let domain = domain.strip_prefix('@').unwrap_or(domain);
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    if domain.split('.').all(is_label) {
        Ok(domain.to_owned())
    } else {
        Err("expected a mail domain such as example.com".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::mail_domain;

    #[test]
    fn a_domain_is_labels_with_dots_between() {
        for text in [
            "example.com",
            "@example.com",
            " example.com ",
            "EXAMPLE.co.uk",
            "bücher.example",
            "xn--a.example",
        ] {
            let domain = mail_domain(text).unwrap_or_default();
            assert_eq!(domain, text.trim().trim_start_matches('@'));
        }
        for text in [
            "",
            " ",
            "exa mple",
            "alice@example.com",
            "*.example.com",
            "example.com/",
            ".example.com",
            "example..com",
            "example.com,example.org",
            "https://example.com",
        ] {
            assert!(mail_domain(text).is_err(), "{text:?}");
        }
    }
}
