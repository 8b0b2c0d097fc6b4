//! Certificates as files: every form of one, and what is wrong with another.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use message_trace_net::auth::{Certificate, CertificateError, SecretError};
use tempfile::TempDir;

use crate::auth::{private_copy, private_file, set_mode};

#[test]
fn every_form_of_a_certificate_gives_the_same_one() {
    let folder = TempDir::new().unwrap();
    let copy = |name| private_copy(&folder, name);
    let text = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let both = format!(
        "{}{}",
        text(copy("application.key.pem")),
        text(copy("application.pem"))
    );
    let chain = format!("{}{both}", text(copy("other.pem")));
    let password = "canary-password".into();
    let now = SystemTime::now();
    let read =
        |path: &Path, key: Option<&Path>, password| Certificate::read(path, key, password, now).unwrap();
    let expected = read(&copy("application.pem"), Some(&copy("application.key.pem")), None);
    for certificate in [
        read(&private_file(&folder, "both.pem", both.as_bytes()), None, None),
        read(&private_file(&folder, "chain.pem", chain.as_bytes()), None, None),
        read(
            &copy("application.pem"),
            Some(&copy("application.pkcs1.key.pem")),
            None,
        ),
        read(&copy("application.pfx"), None, Some(&password)),
        read(&copy("application.legacy.pfx"), None, Some(&password)),
        read(&copy("application.chain.pfx"), None, None),
    ] {
        assert_eq!(certificate.thumbprint(), expected.thumbprint());
        assert_eq!(certificate.not_after(), expected.not_after());
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    use CertificateError as E;
    let folder = TempDir::new().unwrap();
    let copy = |name| private_copy(&folder, name);
    let (pem, key) = (copy("application.pem"), copy("application.key.pem"));
    let pfx = copy("application.pfx");
    let now = SystemTime::now();
    let read = |path: &Path, key: Option<&Path>, password: Option<&str>| {
        let password = password.map(Into::into);
        Certificate::read(path, key, password.as_ref(), now).unwrap_err()
    };
    let (encrypted, elliptic) = (copy("application.encrypted.key.pem"), copy("elliptic.key.pem"));
    let garbage = private_file(&folder, "garbage.pfx", b"garbage");
    for (error, expected) in [
        (read(&pem, None, None), E::NoKey(pem.clone())),
        (read(&key, Some(&key), None), E::NoCertificate(key.clone())),
        (
            read(&pem, Some(&encrypted), None),
            E::EncryptedKey(encrypted.clone()),
        ),
        (read(&pem, Some(&elliptic), None), E::KeyKind(elliptic.clone())),
        (
            read(&copy("other.pem"), Some(&key), None),
            E::Mismatch(folder.path().join("other.pem")),
        ),
        (read(&pfx, None, Some("wrong")), E::Password(pfx.clone())),
        (read(&pfx, None, None), E::Password(pfx.clone())),
        (read(&garbage, None, None), E::Format(garbage.clone())),
    ] {
        assert_eq!(error, expected);
        assert!(!error.to_string().contains("wrong"));
    }
    let later = now + Duration::from_hours(24 * 365 * 101);
    assert_eq!(
        Certificate::read(&pem, Some(&key), None, later).unwrap_err(),
        E::Expired(pem)
    );
    set_mode(&key, 0o640);
    let public = read(&copy("application.pem"), Some(&key), None);
    assert_eq!(public, E::Secret(SecretError::Public(key)));
}
