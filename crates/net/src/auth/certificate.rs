//! Certificates, and the assertions signed with them.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p12_keystore::Pkcs12Archive;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::SecretError;
use super::secret::{read_bounded, read_private};
use message_trace_remedy::Remedy;

/// How long an assertion is valid, around the time it is made.
const VALID_BEFORE: Duration = Duration::from_mins(1);
const VALID_AFTER: Duration = Duration::from_mins(9);

/// A certificate with its RSA key, ready to sign assertions.
pub struct Certificate {
    key: RsaKeyPair,
    /// SHA-256 of the certificate's DER, in base64url.
    thumbprint: String,
    not_after: SystemTime,
}

/// Why a certificate cannot be used. Holds no part of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateError {
    /// The file, or the key's file, cannot be read as a secret.
    Secret(SecretError),
    /// The file is neither PEM nor PKCS#12.
    Format(PathBuf),
    /// There is no certificate in the file.
    NoCertificate(PathBuf),
    /// There is no private key in the file.
    NoKey(PathBuf),
    /// The PEM key is encrypted.
    EncryptedKey(PathBuf),
    /// The password does not open the PKCS#12 file.
    Password(PathBuf),
    /// The key is not RSA of 2048 to 8192 bits.
    KeyKind(PathBuf),
    /// The key is not the certificate's.
    Mismatch(PathBuf),
    /// The certificate is past its end.
    Expired(PathBuf),
}

impl Certificate {
    /// Reads a certificate and its key from a PEM or PKCS#12 file, or the key from a second PEM file. What holds the key
    /// must be readable by this user alone.
    ///
    /// # Errors
    ///
    /// What is wrong with the files.
    pub fn read(
        path: &Path,
        key_path: Option<&Path>,
        password: Option<&SecretString>,
        now: SystemTime,
    ) -> Result<Self, CertificateError> {
        let bytes = match key_path {
            // The certificate alone is public.
            Some(_) => std::fs::File::open(path)
                .map_err(|_| SecretError::Unreadable(path.to_owned()))
                .and_then(|file| read_bounded(path, file)),
            None => read_private(path),
        };
        let bytes = bytes.map_err(CertificateError::Secret)?;
        let certificate = if bytes.windows(11).any(|window| window == b"-----BEGIN ") {
            match key_path {
                Some(key_path) => {
                    let key = read_private(key_path).map_err(CertificateError::Secret)?;
                    Self::from_pem(path, &bytes, key_path, &key)
                }
                None => Self::from_pem(path, &bytes, path, &bytes),
            }
        } else {
            Self::from_pfx(path, &bytes, password)
        }?;
        if certificate.not_after <= now {
            return Err(CertificateError::Expired(path.to_owned()));
        }
        Ok(certificate)
    }

    fn from_pem(path: &Path, pem: &[u8], key_path: &Path, key_pem: &[u8]) -> Result<Self, CertificateError> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .map_while(Result::ok)
            .collect();
        let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| {
            let is_encrypted = key_pem.windows(9).any(|window| window == b"ENCRYPTED");
            let error = if is_encrypted {
                CertificateError::EncryptedKey
            } else {
                CertificateError::NoKey
            };
            error(key_path.to_owned())
        })?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(CertificateError::KeyKind(key_path.to_owned())),
        };
        let key = key.map_err(|_| CertificateError::KeyKind(key_path.to_owned()))?;
        Self::new(path, key, certificates.iter().map(AsRef::as_ref))
    }

    fn from_pfx(path: &Path, pfx: &[u8], password: Option<&SecretString>) -> Result<Self, CertificateError> {
        let password = password.map_or("", |password| password.expose_secret());
        let archive = Pkcs12Archive::from_pkcs12(pfx, password).map_err(|_| {
            // A wrong password shows as broken padding or a failed checksum, depending on the file's age.
            let error = if is_pfx(pfx) {
                CertificateError::Password
            } else {
                CertificateError::Format
            };
            error(path.to_owned())
        })?;
        let key = archive
            .keys
            .first()
            .ok_or_else(|| CertificateError::NoKey(path.to_owned()))?;
        let key = RsaKeyPair::from_pkcs8(key.key.as_der());
        let key = key.map_err(|_| CertificateError::KeyKind(path.to_owned()))?;
        Self::new(path, key, archive.certs.iter().map(|bag| bag.cert.as_der()))
    }

    /// Takes the certificate whose public key is the key's; a file may hold a whole chain.
    fn new<'a>(
        path: &Path,
        key: RsaKeyPair,
        certificates: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Self, CertificateError> {
        let mut error = CertificateError::NoCertificate(path.to_owned());
        for der in certificates {
            let Ok((_, certificate)) = X509Certificate::from_der(der) else {
                continue;
            };
            if certificate.public_key().subject_public_key.data.as_ref() != key.public_key().as_ref() {
                error = CertificateError::Mismatch(path.to_owned());
                continue;
            }
            let not_after = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or(0);
            let thumbprint = URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, der));
            return Ok(Self {
                key,
                thumbprint,
                not_after: SystemTime::UNIX_EPOCH + Duration::from_secs(not_after),
            });
        }
        Err(error)
    }

    /// Signs a client assertion: a JWT under PS256 whose header names the certificate by `x5t#S256`.
    ///
    /// `audience` is the token endpoint's address, `now` the server's time, `id` random. Valid from one minute before
    /// `now` to nine after. `None` if signing fails, for want of memory or random.
    ///
    /// Source: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.
    #[must_use]
    pub fn assertion(
        &self,
        client_id: &str,
        audience: &str,
        now: SystemTime,
        id: [u8; 16],
    ) -> Option<SecretString> {
        let seconds = |time: SystemTime| {
            time.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs()
        };
        let header = serde_json::json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let claims = serde_json::json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": uuid(id),
            "iat": seconds(now),
            "nbf": seconds(now - VALID_BEFORE),
            "exp": seconds(now + VALID_AFTER),
        });
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let mut assertion = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PSS_SHA256,
                &SystemRandom::new(),
                assertion.as_bytes(),
                &mut signature,
            )
            .ok()?;
        assertion.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut assertion);
        Some(assertion.into())
    }

    /// When the certificate ends.
    #[must_use]
    pub const fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// The certificate's SHA-256 thumbprint in base64url, as Entra's portal can show it. Public.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }
}

/// Random bytes as a version 4 UUID.
fn uuid(mut id: [u8; 16]) -> String {
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    let number = u128::from_be_bytes(id);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        number >> 96,
        number >> 80 & 0xffff,
        number >> 64 & 0xffff,
        number >> 48 & 0xffff,
        number & 0xffff_ffff_ffff
    )
}

/// Whether bytes begin like a PKCS#12 file: a sequence with version 3 first.
fn is_pfx(bytes: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = bytes else {
        return false;
    };
    let long_form = if length & 0x80 == 0 {
        0
    } else {
        usize::from(length & 0x7f)
    };
    rest.get(long_form..)
        .is_some_and(|rest| rest.starts_with(&[0x02, 0x01, 0x03]))
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("thumbprint", &self.thumbprint)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl CertificateError {
    /// What has to be done.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::Secret(error) => error.remedy(),
            _ => Remedy::Configure,
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, what) = match self {
            Self::Secret(error) => return error.fmt(f),
            Self::Format(path) => (path, "neither PEM nor PKCS#12; convert it with openssl"),
            Self::NoCertificate(path) => (path, "holds no certificate; expected BEGIN CERTIFICATE"),
            Self::NoKey(path) => (path, "holds no private key; name its file with key-file"),
            Self::EncryptedKey(path) => (
                path,
                "its key is encrypted; use a PFX with a password, or decrypt it: openssl pkey",
            ),
            Self::Password(path) => (
                path,
                "the password does not open it; set MESSAGE_TRACE_CERTIFICATE_PASSWORD or password-file",
            ),
            Self::KeyKind(path) => (
                path,
                "expected an RSA key of 2048 to 8192 bits; Entra accepts no other",
            ),
            Self::Mismatch(path) => (
                path,
                "its key belongs to another certificate; name the files that belong together",
            ),
            Self::Expired(path) => (
                path,
                "the certificate has expired; make a new one and upload it in Entra",
            ),
        };
        write!(f, "{}: {what}", path.display())
    }
}

impl Error for CertificateError {}
