//! The command `lookalike`.

use clap::Parser;
use message_trace_analytics::{LookalikeArguments, lookalike};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    arguments: LookalikeArguments,
}

fn run(arguments: &[&str], input: &str) -> Result<(usize, String), String> {
    let all = ["lookalike", "--protect", "contoso.com"].iter().chain(arguments);
    let cli = Cli::try_parse_from(all).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let found = lookalike(&cli.arguments, input.as_bytes(), &mut out).map_err(|error| error.to_string())?;
    Ok((found, String::from_utf8_lossy(&out).into_owned()))
}

#[test]
fn arguments_and_stdin_are_judged() {
    let line = "c0ntoso.com\tcontoso.com\thomoglyph\t1\n";
    assert_eq!(
        run(&["c0ntoso.com", "fabrikam.com"], "contsoo.com\n"),
        Ok((1, line.into()))
    );
    assert_eq!(
        run(&[], "fabrikam.com\nceo@c0ntoso.com\n\n"),
        Ok((1, line.replace("ceo@", "")))
    );
    let long = format!("{}\nc0ntoso.com", "a".repeat(10_000));
    assert_eq!(
        run(&["-"], &long),
        Ok((1, line.into())),
        "a line that is too long is passed over"
    );
}

#[test]
fn json_is_one_object_a_line() {
    let Ok((_, out)) = run(&["--json", "c0ntoso.com"], "") else {
        unreachable!("it is a domain")
    };
    let object: serde_json::Value = serde_json::from_str(out.trim_end()).unwrap_or_default();
    let wanted = serde_json::json!({
        "domain": "c0ntoso.com", "unicode": "c0ntoso.com", "protected": "contoso.com",
        "family": "homoglyph", "distance": 1,
    });
    assert_eq!((out.lines().count(), object), (1, wanted));
}

#[test]
fn what_is_no_domain_cannot_be_protected() {
    assert!(run(&["--protect", "co.uk"], "").is_err_and(|error| error.contains("public suffix")));
}
