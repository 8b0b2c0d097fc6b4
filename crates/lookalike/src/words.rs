//! What imitators put around a name.

/// Words of the family dictionary: what a mail pretends to be about.
pub const WORDS: &[&str] = &[
    "account", "admin", "alert", "auth", "bank", "billing", "cloud", "corp", "customer", "docs", "fr",
    "group", "help", "hr", "id", "inc", "info", "invoice", "it", "login", "mail", "my", "news", "office",
    "online", "pay", "payment", "payroll", "portal", "secure", "security", "service", "services", "share",
    "shop", "sign", "signin", "sso", "support", "team", "tech", "update", "us", "verify", "vpn", "web",
    "webmail", "www",
];

/// Suffixes of the family tld-swap: those that imitations are most often registered under, and the large countries'. The
/// comparison finds the name under every other suffix, too.
pub const SUFFIXES: &[&str] = &[
    "app", "at", "be", "biz", "ca", "cc", "ch", "click", "club", "cn", "co", "co.uk", "com", "com.au",
    "com.br", "cz", "de", "dev", "dk", "es", "eu", "fi", "fr", "ie", "in", "info", "io", "it", "jp", "live",
    "me", "mobi", "net", "nl", "no", "online", "org", "pl", "pro", "pt", "ru", "se", "shop", "site", "store",
    "tech", "tk", "top", "uk", "us", "vip", "xyz",
];
