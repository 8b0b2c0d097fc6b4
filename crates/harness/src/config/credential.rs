//! The credential of a setup.

use std::path::PathBuf;
use std::time::SystemTime;

use secrecy::SecretString;

use super::layers::Layers;
use super::{ConfigError, Environment, Place};
use crate::auth::{
    AuthError, Certificate, Credential, ManagedIdentity, SecretError, read_secret_file, take_variable,
};

/// The variables that hold secrets.
pub const SECRET_VARIABLES: [&str; 3] = [
    "MESSAGE_TRACE_CLIENT_SECRET",
    "MESSAGE_TRACE_CERTIFICATE_PASSWORD",
    "IDENTITY_HEADER",
];

/// Where secret variables come from: the process, or a test.
pub type Secrets<'a> = &'a dyn Fn(&str) -> Result<Option<SecretString>, SecretError>;

/// How a setup signs in. Names where secrets are, and holds none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthSetup {
    /// A client secret: from the file if a flag names it, else from the variable, else from the file.
    Secret {
        /// The file.
        file: Option<PathBuf>,
        /// Whether the file counts before the variable.
        is_file_first: bool,
    },
    /// A certificate.
    Certificate {
        /// PEM or PKCS#12.
        file: PathBuf,
        /// The key, if it is in another file.
        key_file: Option<PathBuf>,
        /// The password of the PKCS#12 file, if it is in a file.
        password_file: Option<PathBuf>,
        /// Whether the password's file counts before the variable.
        is_file_first: bool,
    },
    /// A token of another identity provider.
    Federated {
        /// The file with it.
        token_file: PathBuf,
    },
    /// The host's identity.
    ManagedIdentity {
        /// A user-assigned one.
        client_id: Option<String>,
        /// The endpoint of App Service and its like.
        endpoint: Environment,
    },
}

impl AuthSetup {
    pub(super) fn read(layers: &Layers, environment: &Environment) -> Result<Self, ConfigError> {
        let path = |name: &str| layers.text(name).map(PathBuf::from);
        let federated =
            path("token-file").or_else(|| environment.variable("AZURE_FEDERATED_TOKEN_FILE").map(Into::into));
        let kind = Self::kind(layers, federated.is_some());
        let missing = |name: &str, what: &str| ConfigError::new(Place::Missing, name, what);
        match kind {
            "secret" => Ok(Self::Secret {
                file: path("client-secret-file"),
                is_file_first: matches!(layers.place("client-secret-file"), Place::Flag(_)),
            }),
            "certificate" => Ok(Self::Certificate {
                file: path("certificate-file").ok_or_else(|| {
                    missing(
                        "certificate-file",
                        "expected the file of the certificate and its key",
                    )
                })?,
                key_file: path("key-file"),
                password_file: path("certificate-password-file"),
                is_file_first: matches!(layers.place("certificate-password-file"), Place::Flag(_)),
            }),
            "federated" => Ok(Self::Federated {
                token_file: federated.ok_or_else(|| {
                    missing(
                        "token-file",
                        "expected the federated token's file, or AZURE_FEDERATED_TOKEN_FILE",
                    )
                })?,
            }),
            "managed-identity" => Ok(Self::ManagedIdentity {
                client_id: layers.text("identity-client-id").map(str::to_owned),
                endpoint: environment.clone(),
            }),
            _ => Err(ConfigError::new(
                layers.place("auth"),
                "auth",
                "expected secret, certificate, federated or managed-identity",
            )),
        }
    }

    /// How to sign in: what the nearest layer says, with `auth` or by naming a file. Within one layer `auth` counts first,
    /// and a certificate before a secret.
    fn kind(layers: &Layers, is_federated: bool) -> &str {
        let by_file = [
            ("certificate-file", "certificate"),
            ("client-secret-file", "secret"),
            ("token-file", "federated"),
        ];
        let by_file = by_file.into_iter().filter(|(key, _)| layers.text(key).is_some());
        let auth = layers.text("auth").map(|kind| ("auth", kind));
        let nearest = auth
            .into_iter()
            .chain(by_file)
            .min_by_key(|(key, _)| layers.place(key).distance());
        match nearest {
            Some((_, kind)) => kind,
            // The variable of Azure's webhook: further away than all that was set for this program.
            None if is_federated => "federated",
            None => "secret",
        }
    }

    /// Whether the application's own id is sent.
    pub(super) const fn needs_client_id(&self) -> bool {
        !matches!(self, Self::ManagedIdentity { .. })
    }

    /// Reads the secret, and takes it out of this process's environment. To be called while there is one thread.
    ///
    /// # Errors
    ///
    /// What is missing, unreadable, public or malformed, with the fix.
    pub fn credential(&self) -> Result<Credential, AuthError> {
        self.credential_with(&take_variable, SystemTime::now())
    }

    /// Reads the secret with secret variables from elsewhere, for tests.
    ///
    /// # Errors
    ///
    /// As [`AuthSetup::credential`].
    pub fn credential_with(&self, secrets: Secrets<'_>, now: SystemTime) -> Result<Credential, AuthError> {
        let secret = |name: &str, file: &Option<PathBuf>, is_file_first: bool| {
            let variable = secrets(name)?;
            match (variable, file) {
                (_, Some(file)) if is_file_first => read_secret_file(file).map(Some),
                (Some(secret), _) => Ok(Some(secret)),
                (None, Some(file)) => read_secret_file(file).map(Some),
                (None, None) => Ok(None),
            }
        };
        match self {
            Self::Secret { file, is_file_first } => {
                let secret = secret("MESSAGE_TRACE_CLIENT_SECRET", file, *is_file_first)?;
                secret.map(Credential::Secret).ok_or_else(|| {
                    AuthError::configure(
                        "there is no client secret; set MESSAGE_TRACE_CLIENT_SECRET, or name its file with \
                         client-secret-file",
                    )
                })
            }
            Self::Certificate {
                file,
                key_file,
                password_file,
                is_file_first,
            } => {
                let password = secret(
                    "MESSAGE_TRACE_CERTIFICATE_PASSWORD",
                    password_file,
                    *is_file_first,
                )?;
                let certificate = Certificate::read(file, key_file.as_deref(), password.as_ref(), now)?;
                Ok(Credential::Certificate(Box::new(certificate)))
            }
            Self::Federated { token_file } => Ok(Credential::Federated {
                token_file: token_file.clone(),
            }),
            Self::ManagedIdentity { client_id, endpoint } => {
                let header = secrets("IDENTITY_HEADER")?;
                let identity =
                    ManagedIdentity::find(|name| endpoint.variable(name), header, client_id.clone())?;
                Ok(Credential::ManagedIdentity(identity))
            }
        }
    }
}
