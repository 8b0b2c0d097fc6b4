//! Setups: every key in every layer, and one clear sentence for each mistake.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as _, FromArgMatches as _};
use message_trace_program::config::{
    Api, AuthSetup, Backfill, ConfigError, Environment, KEYS, Kind, Place, PollArgs, Setup, SinkSetup, load,
};
use message_trace_remedy::Remedy;
use message_trace_sinks::BodyFormat;
use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../../example.toml");

pub(crate) fn command() -> clap::Command {
    PollArgs::augment_args(clap::Command::new("poll"))
}

pub(crate) fn args<const N: usize>(flags: [&str; N]) -> PollArgs {
    let matches = command()
        .try_get_matches_from(["poll"].into_iter().chain(flags))
        .unwrap();
    PollArgs::from_arg_matches(&matches).unwrap()
}

/// A file's setup, with the least of keys before it.
pub(crate) fn with_file(text: &str) -> Result<Setup, ConfigError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("poll.toml");
    std::fs::write(&path, text).unwrap();
    load(
        &PollArgs {
            config: Some(path),
            ..PollArgs::default()
        },
        &Environment::default(),
    )
}

pub(crate) const LEAST: &str =
    "tenant-id = \"contoso.example.com\"\nclient-id = \"app\"\nledger = \"ledger.db\"\n";

#[test]
fn the_contract_of_other_tools_is_read() {
    let setup = load(
        &args([
            "--tenant-id",
            "contoso.example.com",
            "--client-id",
            "app",
            "--ledger",
            "/tmp/ledger.db",
            "--since",
            "48h",
            "--once",
            "--sink",
            "stdout",
            "--target",
            "ecs",
            "--graph-url",
            "http://127.0.0.1:8080",
            "--login-url",
            "http://127.0.0.1:8080",
        ]),
        &Environment::default(),
    )
    .unwrap();
    assert_eq!(setup.since, Duration::from_hours(48));
    assert_eq!(
        (setup.api, setup.backfill, setup.budget),
        (Api::V1, Backfill::NewestFirst, 90)
    );
    assert!(setup.once && matches!(setup.sinks[..], [SinkSetup::Stdout]));
    assert_eq!(setup.options.target.name(), "ecs");
    assert_eq!(setup.options.tenant_id.as_deref(), Some("contoso.example.com"));
    assert_eq!(setup.service.name(), "http://127.0.0.1:8080");
    assert_eq!(setup.application.scope, "https://graph.microsoft.com/.default");
    assert_eq!(
        setup.dead_letter,
        PathBuf::from("/tmp/ledger.db.dead-letter.ndjson")
    );
}

#[test]
fn the_example_is_a_setup_with_every_key() {
    let setup = with_file(EXAMPLE).unwrap();
    let expected = AuthSetup::Secret {
        file: Some("/etc/message-trace/client-secret".into()),
        is_file_first: false,
    };
    assert_eq!(setup.auth, expected);
    let [
        SinkSetup::File { options: file, .. },
        SinkSetup::Http {
            link,
            options,
            secret_headers,
        },
    ] = &setup.sinks[..]
    else {
        panic!("{:?}", setup.sinks)
    };
    assert_eq!(
        (file.rotate_bytes, file.rotate_age),
        (Some(104_857_600), Some(Duration::from_hours(24)))
    );
    assert_eq!(link.uri().to_string(), "https://collector.example.com/intake");
    assert_eq!(
        (options.format, options.max_events, options.max_bytes),
        (BodyFormat::Ndjson, 1000, 4_194_304)
    );
    assert_eq!(options.headers["x-source"], "message-trace");
    let (name, source) = &secret_headers[0];
    assert_eq!(
        (name.as_str(), source.variable.as_deref()),
        ("authorization", Some("COLLECTOR_TOKEN"))
    );
    for key in KEYS {
        let is_there = EXAMPLE.lines().any(|line| {
            line.trim_start_matches('#')
                .starts_with(&format!("{} = ", key.name))
        });
        assert!(is_there, "{}", key.name);
    }
    // What is commented out is right as well; the services have a test of their own.
    let (settings, _) = EXAMPLE.split_once("# Services.").unwrap();
    let all = settings
        .replace("\n#sinks = ", "\n#")
        .replace("\nauth = \"secret\"", "");
    let mut uncommented = String::new();
    for line in all.lines() {
        let is_key = |rest: &str| {
            KEYS.iter()
                .any(|key| rest.starts_with(&format!("{} = ", key.name)))
        };
        uncommented.push_str(line.strip_prefix('#').filter(|rest| is_key(rest)).unwrap_or(line));
        uncommented.push('\n');
    }
    assert!(matches!(
        with_file(&uncommented).unwrap().auth,
        AuthSetup::Certificate { .. }
    ));
}

#[test]
fn every_key_has_its_flag_and_no_flag_takes_a_secret() {
    let flags: Vec<String> = command()
        .get_arguments()
        .map(|argument| format!("--{}", argument.get_long().unwrap()))
        .collect();
    for key in KEYS {
        assert!(flags.contains(&key.flag()), "{}", key.flag());
    }
    assert_eq!(
        flags.len(),
        KEYS.len() + 2,
        "--config and --check-sinks, and nothing else, are no keys"
    );
    for flag in &flags {
        let names_secret = ["secret", "password", "token", "key"]
            .iter()
            .any(|word| flag.contains(word));
        assert!(!names_secret || flag.ends_with("-file"), "{flag}");
    }
}

#[test]
fn a_flag_counts_before_a_variable_and_a_variable_before_the_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("poll.toml");
    std::fs::write(
        &path,
        format!("{LEAST}since = \"1h\"\nbudget = 10\napi = \"beta\"\nsinks = \"file:a\"\n"),
    )
    .unwrap();
    let environment = Environment::of([
        ("MESSAGE_TRACE_CONFIG", path.to_str().unwrap()),
        ("MESSAGE_TRACE_SINCE", "2h"),
        ("MESSAGE_TRACE_BUDGET", "20"),
        ("MESSAGE_TRACE_ORGANIZATION_DOMAINS", "example.com, example.org"),
        ("MESSAGE_TRACE_ONCE", "true"),
        ("MESSAGE_TRACE_API", ""),
    ]);
    let setup = load(
        &args(["--since", "3h", "--sink", "stdout", "--sink", "file:b"]),
        &environment,
    )
    .unwrap();
    assert_eq!(
        (setup.since, setup.budget, setup.api),
        (Duration::from_hours(3), 20, Api::Beta)
    );
    assert_eq!(setup.options.organization_domains, ["example.com", "example.org"]);
    assert!(setup.once && matches!(setup.sinks[..], [SinkSetup::Stdout, SinkSetup::File { .. }]));
    let setup = load(&PollArgs::default(), &environment).unwrap();
    assert_eq!(setup.since, Duration::from_hours(2));
    // Every key's variable is read: a wrong value is refused under the variable's name.
    for key in KEYS
        .iter()
        .filter(|key| !key.name.ends_with("-file") && key.kind != Kind::Many)
    {
        let free = [
            "client-id",
            "identity-client-id",
            "folder",
            "ledger",
            "component",
            "dead-letter",
        ];
        if !free.contains(&key.name) {
            let variable = key.variable();
            let environment =
                Environment::of([("MESSAGE_TRACE_CONFIG", path.to_str().unwrap()), (&variable, "?")]);
            let error = load(&PollArgs::default(), &environment).unwrap_err();
            assert_eq!(error.place(), &Place::Variable(variable.clone()), "{error}");
            assert!(error.to_string().starts_with(&format!("{variable}: ")), "{error}");
        }
    }
}

#[test]
fn a_folder_has_neither_windows_nor_a_quota() {
    for key in ["since", "backfill", "settling", "budget", "reread"] {
        let value = match key {
            "since" | "settling" => "\"24h\"",
            "backfill" => "\"newest-first\"",
            _ => "10",
        };
        let folder =
            "source = \"folder\"\nfolder = \"traces\"\nledger = \"ledger.db\"\nsinks = [\"stdout\"]\n";
        let error = with_file(&format!("{folder}{key} = {value}")).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(key) && text.contains("a folder is read whole"),
            "{text}"
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list, one mistake a line")]
fn mistakes_of_the_file_are_said_with_their_line_and_the_fix() {
    let sink = |keys: &str| format!("{LEAST}[[sinks]]\n{keys}");
    for (text, line, says) in [
        (
            format!("{LEAST}grap-url = \"x\""),
            4,
            "grap-url: there is no such key (did you mean graph-url?)",
        ),
        (format!("{LEAST}graph_url = \"x\""), 4, "did you mean graph-url?"),
        (format!("{LEAST}tenant = \"x\""), 4, "there is no such key"),
        (
            format!("{LEAST}\n\nclient-secret = \"canary\""),
            6,
            "no secret belongs in this file",
        ),
        (
            format!("{LEAST}password = \"canary\""),
            4,
            "no secret belongs in this file",
        ),
        (format!("{LEAST}since = \"canary"), 4, "not TOML"),
        (
            format!("{LEAST}since = 48"),
            4,
            "since: expected a duration such as 48h or 7d, at most 90d",
        ),
        (format!("{LEAST}since = \"91d\""), 4, "at most 90d"),
        (
            format!("{LEAST}since = [\"canary\"]"),
            4,
            "since: expected one text or number",
        ),
        (
            format!("{LEAST}once = \"yes\""),
            4,
            "once: expected true or false",
        ),
        (
            format!("{LEAST}budget = 101"),
            4,
            "expected a number of requests, 1 to 100",
        ),
        (
            format!("{LEAST}target = \"canary\""),
            4,
            "expected sekoia, ecs or ocsf",
        ),
        (
            format!("{LEAST}settling = \"49h\""),
            4,
            "expected a duration from 1m to 48h",
        ),
        (
            format!("{LEAST}graph-url = \"http://graph.example.com\""),
            4,
            "http is for this machine only",
        ),
        (
            format!("{LEAST}login-url = \"https://canary@login.example.com\""),
            4,
            "no name or password",
        ),
        (
            format!("{LEAST}auth = \"canary\""),
            4,
            "expected secret, certificate, federated or managed-identity",
        ),
        (
            format!("{LEAST}organization-domains = [\"canary@example.com\"]"),
            4,
            "expected a mail domain",
        ),
        (
            format!("{LEAST}sinks = [\"canary\"]"),
            4,
            "expected stdout, file:PATH, archive:DIR or http(s)://HOST/PATH",
        ),
        (
            format!("{LEAST}sinks = \"http://collector.example.com/canary\""),
            4,
            "use https",
        ),
        (
            sink("type = \"canary\""),
            5,
            "expected stdout, file, http, elasticsearch",
        ),
        (sink(""), 4, "sinks.type: expected"),
        (sink("type = \"file\""), 4, "sinks.path: expected the file's path"),
        (
            sink("type = \"file\"\npath = \"a\"\nrotate-sze = \"1MiB\""),
            7,
            "did you mean rotate-size?",
        ),
        (
            sink("type = \"file\"\npath = \"a\"\nrotate-size = \"1MB\""),
            7,
            "expected a size such as 100MiB",
        ),
        (
            sink("type = \"stdout\"\nurl = \"canary\""),
            6,
            "url: there is no such key",
        ),
        (
            sink("type = \"http\"\nurl = \"https://a.example.com\"\nmax-events = 0"),
            7,
            "1 to 100000",
        ),
        (
            sink(
                "type = \"http\"\nurl = \"https://a.example.com\"\nheaders = { Authorization = \"canary\" }",
            ),
            7,
            "secret-headers",
        ),
        (
            sink("type = \"http\"\nurl = \"https://a.example.com\"\nsecret-headers = { X-Key = \"canary\" }"),
            7,
            "{ variable =",
        ),
        (
            LEAST.replace("contoso.example.com", "common"),
            1,
            "a program signs in to one tenant",
        ),
        (
            LEAST.replace("contoso.example.com", "a/b"),
            1,
            "expected the tenant's GUID or domain",
        ),
    ] {
        let error = with_file(&text).unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.contains(&format!("poll.toml:{line}: ")) && shown.contains(says),
            "{text}\n{shown}"
        );
        assert!(!shown.contains("canary"), "{shown}");
        assert_eq!(error.remedy(), Remedy::Configure);
    }
}

#[test]
fn what_is_missing_is_said() {
    for (left_out, says) in [
        ("tenant-id", "GUID or domain"),
        ("client-id", "client's"),
        ("ledger", "remembers"),
    ] {
        let kept: Vec<_> = LEAST.lines().filter(|line| !line.starts_with(left_out)).collect();
        let text = kept.join("\n");
        let shown = with_file(&text).unwrap_err().to_string();
        assert!(
            shown.starts_with(&format!("{left_out}: expected")) && shown.contains(says),
            "{shown}"
        );
    }
    let missing = load(&args(["--config", "/nowhere/poll.toml"]), &Environment::default()).unwrap_err();
    assert!(missing.to_string().contains(
        "/nowhere/poll.toml: the file cannot be read (entity not found); check its name and rights"
    ));
    assert_eq!(
        missing.remedy(),
        Remedy::Storage,
        "a file that cannot be read is 74"
    );
    let flag = load(
        &args(["--graph-url", "http://graph.example.com"]),
        &Environment::default(),
    );
    assert!(flag.is_err());
    assert!(
        with_file(&format!("{LEAST}auth = \"certificate\""))
            .unwrap_err()
            .to_string()
            .contains("certificate-file")
    );
    assert!(
        with_file(&format!("{LEAST}auth = \"federated\""))
            .unwrap_err()
            .to_string()
            .contains("AZURE_FEDERATED_TOKEN_FILE")
    );
    assert!(with_file("auth = \"managed-identity\"\ntenant-id = \"t\"\nledger = \"l\"").is_ok());
}
