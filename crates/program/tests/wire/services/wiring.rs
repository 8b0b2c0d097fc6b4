//! `[[sinks]]` tables of services, as `example.toml` shows them.

use std::sync::Arc;

use message_trace_net::http::{Client, ClientOptions, Transport};
use message_trace_program::config::{Environment, PollArgs, Setup, SinkSetup, load, open_sinks};
use tempfile::TempDir;

const HEAD: &str = "tenant-id = \"tenant\"\nclient-id = \"client\"\nledger = \"/tmp/none.db\"\n";

fn setup(sinks: &str) -> Result<Setup, String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("setup.toml");
    std::fs::write(&file, format!("{HEAD}{sinks}")).unwrap();
    let args = PollArgs {
        config: Some(file),
        ..PollArgs::default()
    };
    load(&args, &Environment::default()).map_err(|error| error.to_string())
}

/// The tables that `example.toml` shows behind `#`.
fn shown() -> String {
    let example = include_str!("../../../example.toml");
    let (_, shown) = example.split_once("# Services.").unwrap();
    let tables = shown.lines().filter_map(|line| line.strip_prefix('#'));
    let all = tables
        .filter(|line| !line.starts_with(' '))
        .fold(String::new(), |all, line| all + line + "\n");
    let is_built = |table: &&str| {
        (cfg!(feature = "streams") || !table.contains("\"nats\""))
            && (cfg!(feature = "kafka") || !table.contains("\"kafka\""))
    };
    all.split("[[sinks]]\n")
        .filter(|table| !table.is_empty() && is_built(table))
        .fold(String::new(), |all, table| all + "[[sinks]]\n" + table)
}

#[test]
fn each_table_of_the_example_opens() {
    let setup = setup(&shown()).unwrap();
    let kinds: Vec<&str> = setup
        .sinks
        .iter()
        .map(|sink| match sink {
            SinkSetup::Named { sink, .. } => match &**sink {
                SinkSetup::Service { kind, .. } => *kind,
                other => panic!("{other:?}"),
            },
            SinkSetup::Service { kind, .. } => *kind,
            other => panic!("{other:?}"),
        })
        .collect();
    let mut expected = vec!["elasticsearch", "kafka", "nats", "sekoia", "sentinel", "splunk"];
    expected.retain(|kind| cfg!(feature = "streams") || *kind != "nats");
    expected.retain(|kind| cfg!(feature = "kafka") || *kind != "kafka");
    assert_eq!(kinds, expected);
    let transport: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    let sinks = open_sinks(
        &setup.outward(),
        &|_| Ok(Some("canary-secret".into())),
        &transport,
    )
    .unwrap();
    assert!(sinks.name().starts_with("elastic, "), "{}", sinks.name());
    assert!(!format!("{setup:?}").contains("canary"));
    let missing = open_sinks(&setup.outward(), &|_| Ok(None), &transport)
        .map(|_| ())
        .unwrap_err();
    assert!(missing.to_string().contains("is not set; set it"), "{missing}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (table, expected) in [
        (
            "type = \"kafkaesque\"",
            "expected stdout, file, http, elasticsearch",
        ),
        (
            "type = \"elasticsearch\"\nurl = \"https://es.example.com\"",
            "either data-stream or index",
        ),
        (
            "type = \"elasticsearch\"\nurl = \"http://es.example.com\"\nindex = \"a\"",
            "http is for this machine only",
        ),
        (
            "type = \"elasticsearch\"\nurl = \"https://es.example.com\"\nindex = \"A B\"",
            "in lower case",
        ),
        (
            "type = \"elasticsearch\"\nurl = \"https://es.example.com\"\nindex = \"a\"\napi-key = \"key\"",
            "a secret has no place here",
        ),
        ("type = \"sekoia\"", "sinks.intake-key"),
        (
            "type = \"sentinel\"\nendpoint = \"https://a.example.com\"",
            "sinks.rule-id",
        ),
        (
            "type = \"splunk\"\nurl = \"https://a.example.com\"\ntoken = { variable = \"T\" }\nacknowledge = 1",
            "true or false",
        ),
        (
            "type = \"splunk\"\nurl = \"https://a.example.com\"\ntokn = { variable = \"T\" }",
            "tokn",
        ),
    ] {
        let error = setup(&format!("[[sinks]]\n{table}\n")).map(|_| ()).unwrap_err();
        assert!(error.contains(expected), "{table}: {error}");
    }
}
