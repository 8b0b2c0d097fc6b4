//! What is taken for an imitation, and what is not.

use message_trace_lookalike::{Family, Lookalikes};

fn family(domain: &str) -> Option<Family> {
    Lookalikes::new(&["contoso.com", "woodgrovebank.co.uk", "ibm.com"])
        .find(domain)
        .map(|hit| hit.family)
}

#[test]
fn own_domains_are_none() {
    for domain in [
        "contoso.com",
        "mail.contoso.com",
        "CONTOSO.COM.",
        "a.b.woodgrovebank.co.uk",
    ] {
        assert_eq!(family(domain), None, "{domain}");
    }
}

#[test]
fn strangers_are_none() {
    for domain in [
        "example.net",
        "fabrikam.com",
        "co.uk",
        "com",
        "",
        "...",
        "icm.org",
        "tailspintoys.com",
        "sbm.net",
        "🙂.com",
    ] {
        assert_eq!(family(domain), None, "{domain}");
    }
}

#[test]
fn one_of_each_family() {
    let cases = [
        ("contosoa.com", Family::Addition),
        ("c0ntoso.com", Family::Homoglyph),
        ("news.c0ntoso.com", Family::Homoglyph),
        ("con-toso.com", Family::Hyphenation),
        ("contso.com", Family::Omission),
        ("con.toso.com", Family::Subdomain),
        ("cnotoso.com", Family::Transposition),
        ("cantoso.com", Family::VowelSwap),
        ("contoso-login.com", Family::Dictionary),
        ("contoso.net", Family::TldSwap),
        ("contoso.software", Family::TldSwap),
        ("contosocom.com", Family::Various),
        ("xn--contos-gxa.com", Family::Homoglyph),
        ("contosó.com", Family::Homoglyph),
        ("contoso-2fa-center.com", Family::Combination),
        ("my-contoso.example", Family::Combination),
        ("contoso.com.example.net", Family::Embedded),
        ("login.contoso-com.example.net", Family::Embedded),
        ("woodgrovebamk.com", Family::EditDistance),
        ("woodgorvebamk.com", Family::EditDistance),
        ("c0nt0s0.com", Family::Confusable),
        ("сontoso.com", Family::Confusable),
    ];
    for (domain, expected) in cases {
        assert_eq!(family(domain), Some(expected), "{domain}");
    }
}

#[test]
fn a_hit_says_what_and_how_far() {
    let ours = Lookalikes::new(&["bücher.example", "contoso.com"]);
    assert_eq!(ours.protected()[0], "xn--bcher-kva.example");
    let hit = ours.find("c0nt0so.com").map(|hit| (hit.protected, hit.distance));
    assert_eq!(hit, Some(("contoso.com", 2)));
    let hit = ours
        .find("bucher.example")
        .map(|hit| (hit.protected, hit.distance));
    assert_eq!(hit, Some(("xn--bcher-kva.example", 1)));
}

#[test]
fn long_and_odd_input_is_no_trouble() {
    let ours = Lookalikes::new(&["contoso.com"]);
    for domain in [
        &"a".repeat(300),
        &format!("{}.com", "ö".repeat(80)),
        &"a.".repeat(200),
        "xn--.com",
        "xn--a-.com",
        "\0.com",
    ] {
        assert!(ours.find(domain).is_none());
    }
}

#[test]
fn what_no_domain_holds_is_no_domain() {
    let ours = Lookalikes::new(&["contoso.com"]);
    for domain in [
        "contoso\u{1b}.com",
        "\u{7}c0ntoso.com",
        "con\ttoso.com",
        "contoso .com",
        "\"contoso.com\"",
        "contoso.com,",
        "contoso.com>;",
        "contoso.com (Alice)",
        "https://contoso.com/",
    ] {
        assert_eq!(ours.find(domain), None, "{domain:?}");
    }
    let found = ["C0NTOSO.COM", "contoso_.com", "ｃ0ntoso.com"].map(|domain| ours.find(domain).is_some());
    assert_eq!(found, [true; 3], "capitals, underscores, wide letters");
}
