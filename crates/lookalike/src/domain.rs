//! A domain in its parts, and its two spellings.

/// `mail`, `contoso`, `co.uk` of `mail.contoso.co.uk`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// What stands before the registrable domain, in ASCII; mostly empty.
    pub(crate) subdomain: String,
    /// The label that was registered, in Unicode.
    pub(crate) label: Vec<char>,
    /// The public suffix, in ASCII.
    pub(crate) suffix: String,
}

impl Parts {
    /// None for what is no domain, and for a public suffix alone.
    pub(crate) fn of(domain: &str) -> Option<Self> {
        let ascii = to_ascii(domain)?;
        let suffix = psl::suffix_str(&ascii)?;
        let rest = ascii.strip_suffix(suffix)?.strip_suffix('.')?;
        let (subdomain, label) = rest.rsplit_once('.').unwrap_or(("", rest));
        let label = to_unicode(label);
        Some(Self {
            subdomain: subdomain.to_owned(),
            label: label.chars().collect(),
            suffix: suffix.to_owned(),
        })
    }

    /// The whole domain, in ASCII.
    pub(crate) fn ascii(&self) -> String {
        let registrable = self.registrable();
        if self.subdomain.is_empty() {
            registrable
        } else {
            format!("{}.{registrable}", self.subdomain)
        }
    }

    /// Label and suffix, in ASCII.
    pub(crate) fn registrable(&self) -> String {
        let label: String = self.label.iter().collect();
        format!("{}.{}", encode_label(&label).unwrap_or_default(), self.suffix)
    }
}

/// The domain in lower case and Punycode; none for what is no domain: quotes, blanks, control characters and what else no
/// name in DNS holds. A dot at the end is taken off.
#[must_use]
pub fn to_ascii(domain: &str) -> Option<String> {
    let domain = domain.trim().trim_end_matches('.');
    if is_plain(domain) {
        return Some(domain.to_owned());
    }
    // IDNA leaves ASCII as it is, even a control character that would reach somebody's terminal.
    idna::domain_to_ascii(domain).ok().filter(|ascii| is_plain(ascii))
}

/// Lower-case letters, digits, hyphens, underscores and dots, at least one.
fn is_plain(domain: &str) -> bool {
    let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_');
    !domain.is_empty() && domain.bytes().all(plain)
}

/// The domain as people see it: Punycode read.
#[must_use]
pub fn to_unicode(domain: &str) -> String {
    if domain.contains("xn--") {
        idna::domain_to_unicode(domain).0
    } else {
        domain.to_owned()
    }
}

/// One label in ASCII, as a registry takes it: none for an empty one, for one with a hyphen at an end or in places three
/// and four (those are kept for Punycode), and for one that is too long.
pub(crate) fn encode_label(label: &str) -> Option<String> {
    let mut letters = label.chars();
    let reserved = letters.nth(2) == Some('-') && letters.next() == Some('-');
    if label.is_empty() || reserved || label.starts_with('-') || label.ends_with('-') {
        return None;
    }
    let ascii = if label.is_ascii() {
        label.to_owned()
    } else {
        format!("xn--{}", idna::punycode::encode_str(label)?)
    };
    (ascii.len() <= 63).then_some(ascii)
}

/// Whether `domain` can stand in DNS: 4 to 253 bytes, labels of letters, digits and inner hyphens, two in the last one.
pub(crate) fn is_valid(domain: &str) -> bool {
    let label = |label: &str| {
        let bytes = label.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes
                .iter()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && bytes[0] != b'-'
            && bytes[bytes.len() - 1] != b'-'
    };
    let last_is_long_enough = domain.rsplit_once('.').is_some_and(|(_, last)| last.len() >= 2);
    (4..=253).contains(&domain.len()) && last_is_long_enough && domain.split('.').all(label)
}
