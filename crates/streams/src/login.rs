//! Who signs in at a stream.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;

/// Who signs in. Without anything the service is asked without a credential.
#[derive(Clone, Default)]
pub struct Login {
    /// A NATS credentials file (`.creds`).
    pub credentials: Option<PathBuf>,
    /// A user.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// How the user proves the password to Kafka.
    pub mechanism: Mechanism,
    /// Certificate authorities to trust, as PEM: for NATS beside the platform's, for Kafka in their place.
    pub ca_file: Option<PathBuf>,
}

/// How a user signs in at Kafka.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mechanism {
    /// The password itself, over TLS. Azure Event Hubs takes no other.
    #[default]
    Plain,
    /// A proof of the password, with SHA-256.
    ScramSha256,
    /// A proof of the password, with SHA-512.
    ScramSha512,
}

impl Mechanism {
    /// Every mechanism.
    pub const ALL: [Self; 3] = [Self::Plain, Self::ScramSha256, Self::ScramSha512];

    /// Its name as registered for SASL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl FromStr for Mechanism {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.name() == text);
        found.ok_or_else(|| "expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512".to_owned())
    }
}

impl fmt::Debug for Login {
    /// Whether there is a secret, never which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            credentials,
            user,
            password,
            mechanism,
            ca_file,
        } = self;
        f.debug_struct("Login")
            .field("credentials", credentials)
            .field("user", user)
            .field("has_password", &password.is_some())
            .field("mechanism", &mechanism.name())
            .field("ca_file", ca_file)
            .finish()
    }
}
