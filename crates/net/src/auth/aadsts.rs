//! What the sign-in service's codes mean, and the fix.

use message_trace_remedy::Remedy;

/// What the errors of Microsoft Entra mean for a program that signs in by itself:
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
pub(super) const AADSTS: [(u32, Remedy, &str); 31] = [
    (
        7_000_215,
        Remedy::Configure,
        "the client secret is wrong; set the secret's value, not its id",
    ),
    (
        7_000_222,
        Remedy::Configure,
        "the client secret has expired; make a new one in Entra and set it",
    ),
    (
        700_016,
        Remedy::Configure,
        "the tenant does not know this client-id; check client-id and tenant-id",
    ),
    (
        7_000_229,
        Remedy::Permit,
        "the application has no service principal in this tenant; have an administrator consent to it",
    ),
    (
        7_000_112,
        Remedy::Permit,
        "the application is disabled in this tenant; have an administrator enable it",
    ),
    (
        7_000_113,
        Remedy::Permit,
        "the application may not call this API; have an administrator grant it ExchangeMessageTrace.Read.All",
    ),
    (
        65_001,
        Remedy::Permit,
        "nobody consented to the permission; have an administrator grant ExchangeMessageTrace.Read.All",
    ),
    (
        7_000_218,
        Remedy::Configure,
        "the sign-in service found no secret or assertion; check the auth kind",
    ),
    (
        90_002,
        Remedy::Configure,
        "there is no such tenant; check tenant-id, and login-url for the right cloud",
    ),
    (
        900_023,
        Remedy::Configure,
        "tenant-id is neither a GUID nor a domain of the tenant; check tenant-id",
    ),
    (
        700_027,
        Remedy::Configure,
        "the application does not know this certificate; upload it in Entra, or name the one that is there",
    ),
    (
        700_024,
        Remedy::Configure,
        "the assertion is out of its time; set this machine's clock",
    ),
    (
        700_023,
        Remedy::Configure,
        "the assertion is for another audience; check login-url and tenant-id",
    ),
    (
        700_021,
        Remedy::Configure,
        "the assertion is for another application; check client-id",
    ),
    (
        70_021,
        Remedy::Configure,
        "no federated credential of the application matches; check its issuer, subject and audience in Entra",
    ),
    (
        700_211,
        Remedy::Configure,
        "no federated credential of the application has this issuer; add it in Entra",
    ),
    (
        700_212,
        Remedy::Configure,
        "no federated credential of the application has this audience; expected api://AzureADTokenExchange",
    ),
    (
        700_213,
        Remedy::Configure,
        "no federated credential of the application has this subject; check the service account's name in Entra",
    ),
    (
        500_011,
        Remedy::Configure,
        "the tenant has no such API; check graph-url, and login-url for the right cloud",
    ),
    (
        50_001,
        Remedy::Configure,
        "the tenant has no such API; check graph-url, and login-url for the right cloud",
    ),
    (
        70_011,
        Remedy::Configure,
        "the scope is not valid; check graph-url",
    ),
    (
        900_382,
        Remedy::Configure,
        "the tenant is in another cloud; check login-url and graph-url",
    ),
    (
        90_038,
        Remedy::Configure,
        "the tenant is in another cloud; check login-url and graph-url",
    ),
    (
        900_144,
        Remedy::Report,
        "the sign-in service misses a field of the request",
    ),
    (
        9_002_313,
        Remedy::Report,
        "the sign-in service cannot read the request",
    ),
    (
        53_003,
        Remedy::Permit,
        "a Conditional Access policy blocks the application; have an administrator allow this address or application",
    ),
    (
        530_003,
        Remedy::Permit,
        "a Conditional Access policy blocks the application; have an administrator allow this address or application",
    ),
    (90_055, Remedy::Retry, "the sign-in service throttles the tenant"),
    (
        90_033,
        Remedy::Retry,
        "the sign-in service is unavailable for now",
    ),
    (90_006, Remedy::Retry, "the sign-in service failed for now"),
    (
        50_196,
        Remedy::Retry,
        "the sign-in service saw too many requests of this application",
    ),
];

/// The first `AADSTS` number in a description.
pub(super) fn aadsts(description: &str) -> Option<u32> {
    let (_, rest) = description.split_once("AADSTS")?;
    rest.get(..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))?
        .parse()
        .ok()
}
