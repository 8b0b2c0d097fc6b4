//! The command `lookalike`.

use clap::Parser;
use message_trace_analytics::{Judged, LookalikeArguments, lookalike};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    arguments: LookalikeArguments,
}

fn run(arguments: &[&str], input: &str) -> Result<(Judged, String), String> {
    let all = ["lookalike", "--protect", "contoso.com"].iter().chain(arguments);
    let cli = Cli::try_parse_from(all).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let found = lookalike(&cli.arguments, input.as_bytes(), &mut out).map_err(|error| error.to_string())?;
    Ok((found, String::from_utf8_lossy(&out).into_owned()))
}

const fn judged(imitations: usize, others: usize, unreadable: usize) -> Judged {
    Judged {
        imitations,
        others,
        unreadable,
    }
}

#[test]
fn arguments_and_stdin_are_judged() {
    let line = "c0ntoso.com\tcontoso.com\thomoglyph\t1\n";
    assert_eq!(
        run(&["c0ntoso.com", "fabrikam.com"], "contsoo.com\n"),
        Ok((judged(1, 1, 0), line.into()))
    );
    assert_eq!(
        run(&[], "fabrikam.com\nceo@c0ntoso.com\n\n"),
        Ok((judged(1, 1, 0), line.replace("ceo@", "")))
    );
    let long = format!("{}\nc0ntoso.com", "a".repeat(10_000));
    assert_eq!(
        run(&["-"], &long),
        Ok((judged(1, 0, 1), line.into())),
        "a line that is too long is passed over, and counted"
    );
}

#[test]
fn addresses_are_taken_out_of_what_they_come_in() {
    let ours = "\"alice@contoso.com\"\nAlice <alice@contoso.com>;\n'contoso.com',\n";
    assert_eq!(run(&[], ours), Ok((judged(0, 3, 0), String::new())));
    let none = "c0ntoso\u{1b}.com\ncon\ttoso.com\nnobody\u{fffd}\n\"\"\n  \n";
    assert_eq!(run(&[], none), Ok((judged(0, 0, 4), String::new())));
}

#[test]
fn what_came_of_it_is_said_in_a_line() {
    assert_eq!(judged(1, 0, 0).to_string(), "1 imitation in 1 domain");
    let said = judged(2, 3, 4).to_string();
    assert_eq!(said, "2 imitations in 5 domains; not a domain: 4");
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
