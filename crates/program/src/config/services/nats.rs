//! `type = "nats"`: `JetStream`.

use std::sync::Arc;

use super::{Kind, ServiceSetup};
use crate::config::ConfigError;
use crate::config::table::Table;

pub(super) const KIND: Kind = Kind {
    name: "nats",
    keys: &["url", "user", "password", "credentials-file"],
    read,
};

#[cfg(not(feature = "streams"))]
fn read(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let what = "this program was built without streams; build one with ./build.sh program --features streams";
    Err(table.missing("type", what))
}

#[cfg(feature = "streams")]
fn read(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let what = "the subject's address, such as nats://nats.example.com/events";
    let url = table
        .text("url")?
        .ok_or_else(|| table.missing("url", &format!("expected {what}")))?;
    let address = url
        .parse()
        .map_err(|error: message_trace_streams::AddressError| table.missing("url", &error.to_string()))?;
    let setup = with_streams::Setup {
        address,
        user: table.text("user")?,
        password: table.secret("password")?,
        credentials: table.text("credentials-file")?.map(Into::into),
    };
    if setup.user.is_some() != setup.password.is_some() {
        return Err(table.missing("user", "a user and a password belong together"));
    }
    Ok(Arc::new(setup))
}

#[cfg(feature = "streams")]
mod with_streams {
    use std::path::PathBuf;

    use message_trace_sinks::Sink;
    use message_trace_streams::{Address, JetStreamSink, Login};

    use super::super::{Opening, value};
    use super::ServiceSetup;
    use crate::config::{OpenError, SecretSource};

    #[derive(Clone, Debug)]
    pub(super) struct Setup {
        pub(super) address: Address,
        pub(super) user: Option<String>,
        pub(super) password: Option<SecretSource>,
        pub(super) credentials: Option<PathBuf>,
    }

    impl ServiceSetup for Setup {
        fn place(&self) -> String {
            self.address.to_string()
        }

        fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>, OpenError> {
            let password = self
                .password
                .as_ref()
                .map(|password| value("password", password, opening.secrets))
                .transpose()?;
            let login = Login {
                credentials: self.credentials.clone(),
                user: self.user.clone(),
                password,
                ca_file: opening.setup.client.ca_file.clone(),
            };
            let sink = JetStreamSink::new(self.address.clone(), login);
            Ok(Box::new(sink.map_err(|error| OpenError::Sink(error.into()))?))
        }
    }
}
