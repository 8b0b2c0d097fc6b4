//! Client assertions: signed tokens in place of a secret, really checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::{digest, signature};
use serde_json::Value;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::access::{Application, Federation};

/// Clocks may differ by this much, seconds.
const SKEW: i64 = 300;

/// Why an assertion is refused, by the number of its AADSTS error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssertionFault {
    /// 50027: no token, or an algorithm that is not taken.
    Malformed,
    /// 700027: no such certificate, or the signature is not its.
    Key,
    /// 700024: not yet or no longer good.
    Time,
    /// 700023: for somebody else.
    Audience,
    /// 700021: by somebody else.
    Issuer,
    /// 70021: no federation at all.
    NoFederation,
    /// 700211: no federation with this issuer.
    FederationIssuer,
    /// 700212: no federation with this audience.
    FederationAudience,
    /// 700213: no federation with this subject.
    FederationSubject,
}

/// A token taken apart, not yet believed.
struct Parts<'a> {
    header: Value,
    claims: Value,
    signed: &'a [u8],
    signature: Vec<u8>,
}

/// Checks a certificate's assertion or a foreign token, whichever it is.
pub(crate) fn check(
    application: &Application,
    audiences: &[String],
    now: DateTime<Utc>,
    assertion: &str,
) -> Result<(), AssertionFault> {
    let parts = take_apart(assertion).ok_or(AssertionFault::Malformed)?;
    let by_client = text(&parts.claims, "iss") == application.client_id;
    if by_client || parts.header.get("x5t").is_some() || parts.header.get("x5t#S256").is_some() {
        certificate(application, audiences, now, &parts)
    } else {
        federation(application, now, &parts)
    }
}

fn certificate(
    application: &Application,
    audiences: &[String],
    now: DateTime<Utc>,
    parts: &Parts<'_>,
) -> Result<(), AssertionFault> {
    let sha256 = text(&parts.header, "x5t#S256");
    let sha1 = text(&parts.header, "x5t");
    let der = application
        .certificates
        .iter()
        .find(|der| {
            let print = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, der));
            (!sha256.is_empty() && print(&digest::SHA256) == sha256)
                || (!sha1.is_empty() && print(&digest::SHA1_FOR_LEGACY_USE_ONLY) == sha1)
        })
        .ok_or(AssertionFault::Key)?;
    verify(der, parts)?;
    let client = &application.client_id;
    if text(&parts.claims, "iss") != client || text(&parts.claims, "sub") != client {
        return Err(AssertionFault::Issuer);
    }
    if !audiences
        .iter()
        .any(|audience| audience == text(&parts.claims, "aud"))
    {
        return Err(AssertionFault::Audience);
    }
    in_time(&parts.claims, now)
}

fn federation(
    application: &Application,
    now: DateTime<Utc>,
    parts: &Parts<'_>,
) -> Result<(), AssertionFault> {
    let found = |test: &dyn Fn(&Federation) -> bool| application.federations.iter().any(test);
    let (issuer, subject, audience) = (
        text(&parts.claims, "iss"),
        text(&parts.claims, "sub"),
        text(&parts.claims, "aud"),
    );
    if application.federations.is_empty() {
        return Err(AssertionFault::NoFederation);
    }
    if !found(&|one| one.issuer == issuer) {
        return Err(AssertionFault::FederationIssuer);
    }
    if !found(&|one| one.issuer == issuer && one.subject == subject) {
        return Err(AssertionFault::FederationSubject);
    }
    let one = application
        .federations
        .iter()
        .find(|one| one.issuer == issuer && one.subject == subject && one.audience == audience)
        .ok_or(AssertionFault::FederationAudience)?;
    if let Some(der) = &one.certificate {
        verify(der, parts)?;
    }
    in_time(&parts.claims, now)
}

fn verify(der: &[u8], parts: &Parts<'_>) -> Result<(), AssertionFault> {
    let algorithm: &dyn signature::VerificationAlgorithm = match text(&parts.header, "alg") {
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(AssertionFault::Malformed),
    };
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| AssertionFault::Key)?;
    let key = &certificate.tbs_certificate.subject_pki.subject_public_key.data;
    signature::UnparsedPublicKey::new(algorithm, key)
        .verify(parts.signed, &parts.signature)
        .map_err(|_| AssertionFault::Key)
}

fn in_time(claims: &Value, now: DateTime<Utc>) -> Result<(), AssertionFault> {
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
    let expires = seconds("exp").ok_or(AssertionFault::Time)?;
    let begins = seconds("nbf")
        .or_else(|| seconds("iat"))
        .unwrap_or(now.timestamp());
    let now = now.timestamp();
    if expires + SKEW <= now || begins - SKEW > now {
        Err(AssertionFault::Time)
    } else {
        Ok(())
    }
}

fn take_apart(assertion: &str) -> Option<Parts<'_>> {
    let (signed, signature) = assertion.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let json = |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    Some(Parts {
        header: json(header)?,
        claims: json(claims)?,
        signed: signed.as_bytes(),
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
    })
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
