//! `type = "nats"` and `type = "kafka"`: a stream between polling and the SIEM.

use std::sync::Arc;

use super::{Kind, ServiceSetup};
use crate::config::ConfigError;
use crate::config::table::Table;

pub(super) const NATS: Kind = Kind {
    name: "nats",
    keys: &["url", "user", "password", "credentials-file"],
    read: nats,
};

pub(super) const KAFKA: Kind = Kind {
    name: "kafka",
    keys: &["url", "user", "password", "mechanism"],
    read: kafka,
};

#[cfg(not(feature = "streams"))]
fn nats(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let what = "this program was built without streams; build one with ./build.sh program --features streams";
    Err(table.missing("type", what))
}

#[cfg(not(feature = "kafka"))]
fn kafka(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let what = "this program was built without Kafka; build one with ./build.sh program --features kafka";
    Err(table.missing("type", what))
}

#[cfg(feature = "streams")]
fn nats(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let what = "the subject's address, such as nats://nats.example.com/events";
    with_streams::read(table, message_trace_streams::Service::Nats, what)
}

#[cfg(feature = "kafka")]
fn kafka(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let what = "the topic's address, such as kafka://a.example.com,b.example.com/events";
    with_streams::read(table, message_trace_streams::Service::Kafka, what)
}

#[cfg(feature = "streams")]
mod with_streams {
    use std::path::PathBuf;
    use std::sync::Arc;

    use message_trace_sinks::Sink;
    use message_trace_streams::{Address, JetStreamSink, Login, Mechanism, Service};

    use super::super::{Opening, value};
    use super::{ConfigError, ServiceSetup, Table};
    use crate::config::{OpenError, SecretSource};

    #[derive(Clone, Debug)]
    struct Setup {
        address: Address,
        user: Option<String>,
        password: Option<SecretSource>,
        mechanism: Mechanism,
        credentials: Option<PathBuf>,
    }

    pub(super) fn read(
        table: &Table<'_, '_>,
        service: Service,
        what: &str,
    ) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
        let expected = || table.missing("url", &format!("expected {what}"));
        let url = table.text("url")?.ok_or_else(expected)?;
        let address: Address = url
            .parse()
            .map_err(|error: message_trace_streams::AddressError| table.missing("url", &error.to_string()))?;
        if address.service() != service {
            return Err(expected());
        }
        let mechanism = table.text("mechanism")?.map(|text| text.parse()).transpose();
        let setup = Setup {
            address,
            user: table.text("user")?,
            password: table.secret("password")?,
            mechanism: mechanism
                .map_err(|what: String| table.missing("mechanism", &what))?
                .unwrap_or_default(),
            credentials: table.text("credentials-file")?.map(Into::into),
        };
        if setup.user.is_some() != setup.password.is_some() {
            return Err(table.missing("user", "a user and a password belong together"));
        }
        Ok(Arc::new(setup))
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
                mechanism: self.mechanism,
                ca_file: opening.outward.ca_file.map(Into::into),
            };
            match self.address.service() {
                Service::Nats => {
                    let sink = JetStreamSink::new(self.address.clone(), login);
                    Ok(Box::new(sink.map_err(|error| OpenError::Sink(error.into()))?))
                }
                #[cfg(feature = "kafka")]
                Service::Kafka => Ok(Box::new(message_trace_streams::KafkaSink::new(
                    self.address.clone(),
                    login,
                ))),
                #[cfg(not(feature = "kafka"))]
                Service::Kafka => Err(OpenError::Secret("Kafka is not in this program".to_owned())),
            }
        }
    }
}
