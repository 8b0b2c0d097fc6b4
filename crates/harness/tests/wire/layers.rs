//! Setups whose layers disagree, and what a sink's answer has to be.

use clap::FromArgMatches as _;
use message_trace_harness::config::{AuthSetup, Environment, PollArgs, SinkSetup, load};
use tempfile::TempDir;

use crate::config::{LEAST, command, with_file};

#[test]
fn the_nearest_layer_says_how_to_sign_in() {
    let kind = |file: &str, flags: &[&str]| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("poll.toml");
        std::fs::write(&path, format!("{LEAST}{file}")).unwrap();
        let all = ["poll", "--config", path.to_str().unwrap()];
        let all = all.into_iter().chain(flags.iter().copied());
        let matches = command().try_get_matches_from(all).unwrap();
        let args = PollArgs::from_arg_matches(&matches).unwrap();
        match load(&args, &Environment::default()).unwrap().auth {
            AuthSetup::Secret { .. } => "secret",
            AuthSetup::Certificate { .. } => "certificate",
            AuthSetup::Federated { .. } => "federated",
            AuthSetup::ManagedIdentity { .. } => "managed-identity",
        }
    };
    let certificate = "certificate-file = \"a.pem\"\n";
    assert_eq!(kind(certificate, &[]), "certificate");
    assert_eq!(kind(certificate, &["--client-secret-file", "s"]), "secret");
    let chosen = format!("auth = \"certificate\"\n{certificate}");
    assert_eq!(kind(&chosen, &["--client-secret-file", "s"]), "secret");
    assert_eq!(kind(&chosen, &["--token-file", "t"]), "federated");
    assert_eq!(
        kind("client-secret-file = \"s\"\n", &["--certificate-file", "c"]),
        "certificate"
    );
    // Within one layer, what is said outright counts.
    assert_eq!(kind(&format!("auth = \"secret\"\n{certificate}"), &[]), "secret");
    assert_eq!(
        kind(
            certificate,
            &["--auth", "managed-identity", "--client-secret-file", "s"]
        ),
        "managed-identity"
    );
}

#[test]
fn what_acknowledges_can_be_set() {
    let sink = |keys: &str| {
        let text = format!("{LEAST}[[sinks]]\ntype = \"http\"\nurl = \"https://a.example.com\"\n{keys}");
        with_file(&text).map(|setup| match &setup.sinks[..] {
            [SinkSetup::Http { options, .. }] => (options.expect_status.clone(), options.accept_html),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(sink("").unwrap(), (vec![], false));
    assert_eq!(sink("expect-status = 202").unwrap(), (vec![202], false));
    assert_eq!(
        sink("expect-status = [200, 207]\naccept-html = true").unwrap(),
        (vec![200, 207], true)
    );
    for wrong in ["[]", "404", "\"202\"", "[200, 302]", "true"] {
        let error = sink(&format!("expect-status = {wrong}")).unwrap_err().to_string();
        assert!(
            error.contains(":7: sinks.expect-status: expected a status from 200 to 299"),
            "{error}"
        );
    }
}
