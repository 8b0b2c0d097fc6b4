//! Who signs in at a stream.

use std::fmt;
use std::path::PathBuf;

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
    /// Certificate authorities to trust beside the platform's, as PEM.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for Login {
    /// Whether there is a secret, never which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            credentials,
            user,
            password,
            ca_file,
        } = self;
        f.debug_struct("Login")
            .field("credentials", credentials)
            .field("user", user)
            .field("has_password", &password.is_some())
            .field("ca_file", ca_file)
            .finish()
    }
}
