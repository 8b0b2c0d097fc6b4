//! The command `lookalike`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assert_cmd::Command;

fn lookalike(words: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_message-trace"));
    let done = command
        .arg("lookalike")
        .args(words)
        .write_stdin(input)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn imitations_are_told_from_strangers_and_from_ours() {
    let (code, out, said) = lookalike(
        &["--protect", "contoso.com", "-"],
        "alice@contoso.com\nbob@c0ntoso.com\n<x@fabrikam.com>\ncontosso.com\nc0n\u{1b}toso.com\n",
    );
    assert_eq!(
        (code, said.as_str()),
        (
            Some(0),
            "message-trace: 2 imitations in 4 domains; not a domain: 1\n"
        )
    );
    let domains: Vec<_> = out.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(domains, ["c0ntoso.com", "contosso.com"]);
}

#[test]
fn what_cannot_be_protected_is_said() {
    let (code, out, said) = lookalike(&["--protect", "co.uk", "example.com"], "");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        said.contains("--protect takes domains such as contoso.com"),
        "{said}"
    );
}
