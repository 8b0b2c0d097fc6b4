//! What a person at a terminal is told; `script` of util-linux gives the program one.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use support::program;

/// Runs the program on a terminal and types `keys` once it has said `prompt`. Gives what it said and its exit code.
fn on_a_terminal(arguments: &str, prompt: &str, keys: &str) -> (String, Option<i32>) {
    let command = format!("'{}' {arguments}", program().get_program().to_str().unwrap());
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut said = Vec::new();
    let mut chunk = [0; 4096];
    let mut is_typed = false;
    loop {
        let read = screen.read(&mut chunk).unwrap();
        if read == 0 {
            break;
        }
        said.extend_from_slice(chunk.get(..read).unwrap());
        if !is_typed && String::from_utf8_lossy(&said).contains(prompt) {
            is_typed = true;
            keyboard.write_all(keys.as_bytes()).unwrap();
        }
    }
    drop(keyboard);
    (
        String::from_utf8_lossy(&said).replace('\r', ""),
        child.wait().unwrap().code(),
    )
}

#[test]
fn a_terminal_that_is_read_is_told_so_and_ctrl_c_is_answered() {
    let (said, code) = on_a_terminal("normalize", "until Ctrl-D; to read a file, name it", "\u{3}");
    assert!(said.contains("reading rows from this terminal"), "{said}");
    assert!(said.contains("stopped before the end"), "{said}");
    assert!(said.contains("0 lines, 0 events, 0 rejected"), "{said}");
    assert_eq!(code, Some(130), "{said}");
}

#[test]
fn who_names_no_target_and_looks_at_the_events_is_told_of_the_others() {
    let row = support::repository("fixtures/graph-delivered.in.txt");
    let row = row.display();
    let hint = "--target ecs or --target ocsf gives the others";
    let (said, code) = on_a_terminal(&format!("normalize '{row}'"), hint, "");
    assert!(said.contains(hint) && code == Some(0), "{said}");
    let (said, _) = on_a_terminal(&format!("normalize --target sekoia '{row}'"), "1 event", "");
    assert!(!said.contains(hint), "{said}");
}
