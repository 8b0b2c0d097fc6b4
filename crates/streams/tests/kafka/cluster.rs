//! A cluster for a test, and what a test asks of it.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use message_trace_streams::Address;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{Offset, TopicPartitionList};

const WAIT: Duration = Duration::from_secs(30);
const BROKERS: i32 = 3;

/// A message of a topic.
pub(crate) struct Stored {
    pub(crate) key: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) partition: i32,
    headers: Vec<(String, String)>,
}

impl Stored {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(key, _)| key == name)?;
        Some(found.1.clone())
    }
}

/// Three brokers on loopback.
pub(crate) struct Cluster {
    mock: MockCluster<'static, DefaultProducerContext>,
    topics: Vec<(String, i32)>,
}

impl Cluster {
    /// A cluster with topics, each with its number of partitions.
    pub(crate) fn start(topics: &[(&str, i32)]) -> Self {
        let mock = MockCluster::new(BROKERS).unwrap();
        for (topic, partitions) in topics {
            mock.create_topic(topic, *partitions, 3).unwrap();
        }
        let topics = topics
            .iter()
            .map(|(topic, partitions)| ((*topic).to_owned(), *partitions));
        Self {
            mock,
            topics: topics.collect(),
        }
    }

    pub(crate) fn address(&self, topic: &str) -> Address {
        format!("kafka://{}/{topic}", self.mock.bootstrap_servers())
            .parse()
            .unwrap()
    }

    /// The next answers to requests of a kind.
    pub(crate) fn fail(&self, request: RDKafkaApiKey, answers: &[RDKafkaRespErr]) {
        self.mock.clear_request_errors(request);
        self.mock.request_errors(request, answers);
    }

    pub(crate) fn topic_error(&self, topic: &str, answer: RDKafkaRespErr) {
        self.mock.topic_error(topic, answer).unwrap();
    }

    pub(crate) fn down(&self) {
        for broker in 1..=BROKERS {
            self.mock.broker_down(broker).unwrap();
        }
    }

    pub(crate) fn up(&self) {
        for broker in 1..=BROKERS {
            self.mock.broker_up(broker).unwrap();
        }
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.mock.bootstrap_servers());
        config
    }

    pub(crate) fn publish(&self, topic: &str, messages: &[(String, Vec<(&str, &str)>)]) {
        let producer: BaseProducer = self.client().create().unwrap();
        for (payload, pairs) in messages {
            let mut headers = OwnedHeaders::new();
            for (key, value) in pairs {
                headers = headers.insert(Header {
                    key,
                    value: Some(*value),
                });
            }
            producer
                .send(
                    BaseRecord::to(topic)
                        .key(payload)
                        .payload(payload)
                        .headers(headers),
                )
                .map_err(|(error, _)| error)
                .unwrap();
        }
        producer.flush(WAIT).unwrap();
    }

    /// How many messages a topic has.
    pub(crate) fn count(&self, topic: &str) -> i64 {
        let consumer: BaseConsumer = self.client().create().unwrap();
        let ends = (0..self.partitions(topic))
            .map(|partition| consumer.fetch_watermarks(topic, partition, WAIT).unwrap().1);
        ends.sum()
    }

    fn partitions(&self, topic: &str) -> i32 {
        self.topics.iter().find(|(name, _)| name == topic).unwrap().1
    }

    /// All messages of a topic, in the order of each partition.
    pub(crate) fn messages(&self, topic: &str) -> Vec<Stored> {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "reads-all")
            .set("enable.partition.eof", "true")
            .create()
            .unwrap();
        let partitions = self.partitions(topic);
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition, Offset::Beginning)
                .unwrap();
        }
        consumer.assign(&list).unwrap();
        let (mut stored, mut ended) = (Vec::new(), 0);
        while ended < partitions {
            match consumer.poll(WAIT).unwrap() {
                Err(KafkaError::PartitionEOF(_)) => ended += 1,
                message => {
                    let message = message.unwrap();
                    let headers = message.headers().map_or_else(Vec::new, |headers| {
                        let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
                        headers
                            .iter()
                            .map(|header| (header.key.to_owned(), text(header.value)))
                            .collect()
                    });
                    stored.push(Stored {
                        key: message.key().unwrap().to_vec(),
                        payload: message.payload().unwrap().to_vec(),
                        partition: message.partition(),
                        headers,
                    });
                }
            }
        }
        stored
    }
}

/// A worker as a process of its own: this test program, with one test.
pub(crate) fn worker(cluster: &Cluster) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker_process"])
        .env("STREAMS_TEST_WORKER", cluster.mock.bootstrap_servers())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
