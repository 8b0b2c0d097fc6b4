//! Settings that are missing, mistyped, or stand for several.

use message_trace_program::config::{Environment, PollArgs, load};

use crate::config::{LEAST, args, with_file};

#[test]
fn all_that_is_missing_is_said_at_once_with_an_example() {
    let shown = load(&PollArgs::default(), &Environment::default())
        .unwrap_err()
        .to_string();
    assert!(
        shown.starts_with("tenant-id, client-id, ledger: these settings are missing\n"),
        "{shown}"
    );
    for says in [
        "tenant-id: the tenant's GUID or domain; --tenant-id or MESSAGE_TRACE_TENANT_ID",
        "client-id: ",
        "--ledger or MESSAGE_TRACE_LEDGER",
        "message-trace poll --tenant-id TENANT",
        "message-trace simulate",
    ] {
        assert!(shown.contains(says), "{says}: {shown}");
    }
    let managed = args(["--auth", "managed-identity"]);
    let shown = load(&managed, &Environment::default()).unwrap_err().to_string();
    assert!(shown.starts_with("tenant-id, ledger: "), "{shown}");
}

#[test]
fn a_cloud_decides_where_graph_and_the_sign_in_are() {
    for (cloud, graph, login) in [
        (
            "global",
            "https://graph.microsoft.com",
            "https://login.microsoftonline.com",
        ),
        (
            "us-gov",
            "https://graph.microsoft.us",
            "https://login.microsoftonline.us",
        ),
        (
            "us-dod",
            "https://dod-graph.microsoft.us",
            "https://login.microsoftonline.us",
        ),
        (
            "china",
            "https://microsoftgraph.chinacloudapi.cn",
            "https://login.partner.microsoftonline.cn",
        ),
    ] {
        let setup = with_file(&format!("{LEAST}cloud = \"{cloud}\"")).unwrap();
        let application = &setup.application;
        assert_eq!(
            (setup.service.name(), application.login.name()),
            (graph.to_owned(), login.to_owned())
        );
        assert_eq!(application.scope, format!("{graph}/.default"));
    }
    let nearer = with_file(&format!(
        "{LEAST}cloud = \"us-gov\"\ngraph-url = \"http://127.0.0.1:1\""
    ))
    .unwrap();
    assert_eq!(nearer.service.name(), "http://127.0.0.1:1");
    assert_eq!(
        nearer.application.login.name(),
        "https://login.microsoftonline.us"
    );
    let error = with_file(&format!("{LEAST}cloud = \"mars\""))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("poll.toml:4: cloud: expected global, us-gov, us-dod or china"),
        "{error}"
    );
}

#[test]
fn a_mistyped_variable_is_caught_as_in_the_file() {
    let environment = Environment::of([("MESSAGE_TRACE_LEGER", "ledger.db")]);
    let error = load(&PollArgs::default(), &environment).unwrap_err();
    assert_eq!(
        error.to_string(),
        "MESSAGE_TRACE_LEGER: there is no such setting (did you mean MESSAGE_TRACE_LEDGER?)"
    );
}
