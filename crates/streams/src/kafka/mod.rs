//! Kafka, and what speaks its protocol: Redpanda, Azure Event Hubs.
//!
//! | rule | source |
//! |---|---|
//! | a message counts when all replicas in sync have it; a retry of the client is stored once | Kafka, "Producer Configs": `acks=all`, `enable.idempotence` |
//! | messages of one key are in one partition, and stay in order | Kafka, "Message Delivery Semantics" |
//! | offsets in a transaction count if its messages do; a worker that lost its partitions cannot commit | KIP-98, KIP-447 |
//! | a worker that is silent for its session's time loses its partitions | Kafka, "Consumer Configs": `session.timeout.ms`, 6 seconds at least |
//! | the largest message is 1,000,000 bytes; a broker takes 1,048,588 with the batch's head, Event Hubs 1 MB | librdkafka `message.max.bytes`; "Topic Configs": `max.message.bytes`; Event Hubs quotas |
//! | Event Hubs: port 9093, user `$ConnectionString`, the connection string as the password, `PLAIN` | "Azure Event Hubs for Apache Kafka" |

mod context;
mod publish;
mod sink;
mod transform;

pub use sink::KafkaSink;
pub(crate) use transform::transform;

use std::time::{Duration, Instant};

use message_trace_remedy::Remedy;
use rdkafka::ClientConfig;
use rdkafka::client::Client;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use secrecy::ExposeSecret as _;

use crate::{Address, Login, StreamError};
use context::Context;

/// The largest message, its key and headers included.
const LARGEST: usize = 1_000_000;
/// How long to wait for a cluster to say what it has.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a message may wait for its acknowledgement.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one question may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How often to look meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// What every client of a cluster is set to. Everywhere but on this machine the connection is encrypted.
fn config(address: &Address, login: &Login) -> ClientConfig {
    let mut config = ClientConfig::new();
    let is_signed_in = login.user.is_some() && login.password.is_some();
    let protocol = match (address.is_loopback(), is_signed_in) {
        (true, false) => "plaintext",
        (true, true) => "sasl_plaintext",
        (false, false) => "ssl",
        (false, true) => "sasl_ssl",
    };
    config
        .set("bootstrap.servers", address.servers())
        .set("client.id", "message-trace")
        .set("security.protocol", protocol)
        .set("socket.connection.setup.timeout.ms", "10000");
    if let (Some(user), Some(password)) = (&login.user, &login.password) {
        config
            .set("sasl.mechanisms", login.mechanism.name())
            .set("sasl.username", user)
            .set("sasl.password", password.expose_secret());
    }
    if let Some(file) = &login.ca_file {
        config.set("ssl.ca.location", file.to_string_lossy());
    }
    config
}

/// What a producer is set to beside.
fn producing(mut config: ClientConfig) -> ClientConfig {
    config
        .set("enable.idempotence", "true")
        .set("message.max.bytes", LARGEST.to_string())
        .set("message.timeout.ms", MESSAGE_TIMEOUT.as_millis().to_string())
        .set("linger.ms", "5");
    config
}

/// Waits until the cluster says that it has the topic, and in how many partitions.
///
/// `serve` handles what the client has to say meanwhile.
fn find_topic(client: &Client<Context>, topic: &str, serve: impl Fn()) -> Result<Vec<i32>, StreamError> {
    let began = Instant::now();
    loop {
        let found = client.fetch_metadata(Some(topic), Duration::from_secs(1));
        serve();
        let error = match found {
            Ok(metadata) => match metadata.topics().first() {
                Some(topic) => match topic.error() {
                    None => {
                        return Ok(topic
                            .partitions()
                            .iter()
                            .map(rdkafka::metadata::MetadataPartition::id)
                            .collect());
                    }
                    Some(error) => Code::from(error),
                },
                None => Code::UnknownTopicOrPartition,
            },
            Err(error) => client.context().trouble().unwrap_or_else(|| code(&error)),
        };
        let error = refused(error);
        // A leader that is chosen meanwhile, and a server that is about to start, are there in seconds.
        if error.remedy() != Remedy::Retry || client.context().is_away() || began.elapsed() > CONNECT_TIMEOUT
        {
            return Err(error);
        }
        std::thread::sleep(LOOK);
    }
}

/// A client that cannot be made: a setting is wrong.
fn misset(_: KafkaError) -> StreamError {
    StreamError::new(
        Remedy::Configure,
        "Kafka: the client cannot be set up; check ca-file, the user and the mechanism",
    )
}

fn code(error: &KafkaError) -> Code {
    error.rdkafka_error_code().unwrap_or(Code::Unknown)
}

fn failed(error: &KafkaError) -> StreamError {
    refused(code(error))
}

/// What an error means, in a sentence that holds nothing of a message.
fn refused(code: Code) -> StreamError {
    let (remedy, sentence) = match code {
        Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism => (
            Remedy::Configure,
            "Kafka refuses the credential; check the user, the password and the mechanism",
        ),
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => (
            Remedy::Configure,
            "Kafka does not allow this user to; give it the rights on the topic and the group",
        ),
        Code::SSL => (
            Remedy::Configure,
            "Kafka: no encrypted connection; check that the server has TLS, its certificate and ca-file",
        ),
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition | Code::InvalidTopic => (
            Remedy::Configure,
            "Kafka has no such topic; create it, and for a worker the one with .rejects, or check the name",
        ),
        Code::InvalidSessionTimeout => (
            Remedy::Configure,
            "Kafka does not allow this time for a silent worker; change --ack-wait",
        ),
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge => (
            Remedy::Configure,
            "the topic takes smaller messages than 1,000,000 bytes; raise its max.message.bytes",
        ),
        Code::Resolve => (
            Remedy::Retry,
            "Kafka: the host's name cannot be resolved; check it and the DNS",
        ),
        Code::BrokerTransportFailure | Code::AllBrokersDown => (
            Remedy::Retry,
            "Kafka: no connection to the host; check that it runs and that a firewall lets it through",
        ),
        Code::MessageTimedOut
        | Code::OperationTimedOut
        | Code::RequestTimedOut
        | Code::PurgeQueue
        | Code::PurgeInflight => (
            Remedy::Retry,
            "Kafka has not acknowledged in time; nothing is lost",
        ),
        _ => {
            log::debug!(code:? = code; "Kafka's own name of an error");
            (
                Remedy::Retry,
                "Kafka fails for now; nothing is lost; check the cluster",
            )
        }
    };
    StreamError::new(remedy, sentence)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::{Address, Code, Login, Remedy, config, refused};

    #[test]
    fn a_connection_leaves_this_machine_encrypted_only() {
        let with = |address: &str, user: Option<&str>| {
            let address: Address = address.parse().unwrap();
            let login = Login {
                user: user.map(str::to_owned),
                password: user.map(|_| "secret".to_owned().into()),
                ..Login::default()
            };
            config(&address, &login)
                .get("security.protocol")
                .unwrap()
                .to_owned()
        };
        assert_eq!(with("kafka://127.0.0.1/t", None), "plaintext");
        assert_eq!(with("kafka://127.0.0.1/t", Some("u")), "sasl_plaintext");
        assert_eq!(with("kafka://a.example/t", None), "ssl");
        assert_eq!(with("kafka://a.example/t", Some("u")), "sasl_ssl");
        assert_eq!(with("kafka://127.0.0.1,a.example/t", None), "ssl");
    }

    #[test]
    fn what_no_time_mends_is_a_matter_of_settings() {
        for code in [
            Code::Authentication,
            Code::SSL,
            Code::UnknownTopicOrPartition,
            Code::TopicAuthorizationFailed,
            Code::InvalidSessionTimeout,
        ] {
            assert_eq!(refused(code).remedy(), Remedy::Configure, "{code:?}");
        }
        for code in [
            Code::MessageTimedOut,
            Code::NotEnoughReplicas,
            Code::IllegalGeneration,
            Code::CoordinatorNotAvailable,
            Code::LeaderNotAvailable,
            Code::Unknown,
        ] {
            assert_eq!(refused(code).remedy(), Remedy::Retry, "{code:?}");
        }
    }
}
