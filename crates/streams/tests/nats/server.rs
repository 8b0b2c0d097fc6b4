//! A server for a test, and what a test asks of it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream::{self, consumer, stream};
use futures_util::StreamExt as _;
use message_trace_streams::Address;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A message of a stream.
pub(crate) struct Stored {
    pub(crate) subject: String,
    pub(crate) payload: Vec<u8>,
    headers: async_nats::HeaderMap,
}

impl Stored {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.as_str().to_owned())
    }
}

/// A `nats-server` with JetStream, ended with the test.
pub(crate) struct Nats {
    pub(crate) server: Option<(Child, TempDir, Vec<String>)>,
    pub(crate) port: u16,
    runtime: Runtime,
}

impl Nats {
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let Some((child, port)) = spawn(folder.path(), -1, &options) else {
            eprintln!("there is no nats-server; on Debian, apt-get install nats-server");
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI installs one");
            return None;
        };
        let mut nats = Self::at(port);
        nats.server = Some((child, folder, options));
        Some(nats)
    }

    pub(crate) fn at(port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            server: None,
            port,
            runtime,
        }
    }

    /// As after a power cut: the process is killed, its files stay.
    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        std::thread::sleep(Duration::from_secs(2));
        self.restart();
    }

    pub(crate) fn kill(&mut self) {
        let (child, ..) = self.server.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// On the same port, with the same files.
    pub(crate) fn restart(&mut self) {
        let (_, folder, options) = self.server.take().unwrap();
        let (child, port) = spawn(folder.path(), self.port.into(), &options).unwrap();
        assert_eq!(port, self.port);
        self.server = Some((child, folder, options));
    }

    pub(crate) fn address(&self, name: &str) -> Address {
        format!("nats://127.0.0.1:{}/{name}", self.port).parse().unwrap()
    }

    fn with<T>(&self, ask: impl AsyncFnOnce(jetstream::Context) -> T) -> T {
        self.runtime.block_on(async {
            let client = async_nats::connect(format!("127.0.0.1:{}", self.port))
                .await
                .unwrap();
            ask(jetstream::new(client)).await
        })
    }

    pub(crate) fn stream(&self, name: &str, subjects: &[&str]) {
        let config = stream::Config {
            name: name.to_owned(),
            subjects: subjects.iter().map(|&subject| subject.to_owned()).collect(),
            ..stream::Config::default()
        };
        self.with(async |context| context.create_stream(config).await.unwrap());
    }

    pub(crate) fn publish(&self, subject: &str, messages: &[(String, Vec<(&str, &str)>)]) {
        self.with(async |context| {
            // A publisher may have some thousands under way.
            for part in messages.chunks(1_000) {
                let mut waiting = Vec::new();
                for (payload, headers) in part {
                    let mut map = async_nats::HeaderMap::new();
                    for (name, value) in headers {
                        map.insert(*name, *value);
                    }
                    let payload = payload.clone().into();
                    waiting.push(
                        context
                            .publish_with_headers(subject.to_owned(), map, payload)
                            .await
                            .unwrap(),
                    );
                }
                for ack in waiting {
                    ack.await.unwrap();
                }
            }
        });
    }

    pub(crate) fn count(&self, stream: &str) -> u64 {
        self.with(async |context| {
            let stream = context.get_stream(stream).await.unwrap();
            stream.get_info().await.unwrap().state.messages
        })
    }

    /// The ids of all messages of a stream, each once.
    pub(crate) fn ids(&self, stream: &str) -> std::collections::HashSet<String> {
        let count = usize::try_from(self.count(stream)).unwrap();
        self.with(async |context| {
            let stream = context.get_stream(stream).await.unwrap();
            let config = consumer::pull::OrderedConfig {
                headers_only: true,
                ..consumer::pull::OrderedConfig::default()
            };
            let consumer = stream.create_consumer(config).await.unwrap();
            let messages = consumer.messages().await.unwrap().take(count);
            let ids = messages.map(|message| {
                let message = message.unwrap();
                let headers = message.headers.as_ref().unwrap();
                headers.get("Nats-Msg-Id").unwrap().as_str().to_owned()
            });
            ids.collect().await
        })
    }

    /// All messages of a stream, in its order.
    pub(crate) fn messages(&self, stream: &str) -> Vec<Stored> {
        let count = usize::try_from(self.count(stream)).unwrap();
        self.with(async |context| {
            let stream = context.get_stream(stream).await.unwrap();
            let config = consumer::pull::OrderedConfig::default();
            let messages = stream
                .create_consumer(config)
                .await
                .unwrap()
                .messages()
                .await
                .unwrap();
            let stored = messages.take(count).map(|message| {
                let message = message.unwrap();
                Stored {
                    subject: message.subject.to_string(),
                    payload: message.payload.to_vec(),
                    headers: message.headers.clone().unwrap_or_default(),
                }
            });
            stored.collect().await
        })
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if let Some((child, ..)) = &mut self.server {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts a server on a port, or with -1 on a free one, and waits until it listens.
fn spawn(folder: &Path, port: i32, options: &[String]) -> Option<(Child, u16)> {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "ports") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let child = Command::new("nats-server")
        .args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--jetstream"])
        .arg("--store_dir")
        .arg(folder)
        .arg("--ports_file_dir")
        .arg(folder)
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let file = folder.join(format!("nats-server_{}.ports", child.id()));
    for _ in 0..500 {
        std::thread::sleep(Duration::from_millis(20));
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        let Ok(ports) = serde_json::from_str::<serde_json::Value>(&text) else {
            continue;
        };
        let url = ports["nats"][0].as_str().unwrap();
        let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
        return Some((child, port));
    }
    unreachable!("nats-server does not listen");
}

/// A worker as a process of its own: this test program, with one test.
pub(crate) fn worker(nats: &Nats, input: &str, output: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker_process"])
        .env("STREAMS_TEST_WORKER", format!("{} {input} {output}", nats.port))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
