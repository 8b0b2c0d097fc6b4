//! What a running program says in its log.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::stand::Stand;

/// The first catch-up is said once, and how far it is once an interval after it.
#[test]
fn a_running_program_says_that_it_has_caught_up_and_then_how_far_it_is() {
    let stand = Stand::new(|settings| settings.rows_per_day = 300);
    let mut child = stand
        .poll()
        .args(["--log-interval", "1s"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (mut caught_up, mut polling) = (0, Vec::new());
    for line in lines.map(Result::unwrap) {
        caught_up += usize::from(line.contains("caught up; polling goes on"));
        if line.contains(" INFO  polling delivered=") {
            polling.push(line);
        }
        if polling.len() == 2 {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(caught_up, 1);
    for word in [
        "delivered=",
        "changed=0",
        "lag_s=",
        "missing_s=",
        "oldest_reading_s=",
        "budget=",
        "gaps=0",
        "dead_letters=0",
    ] {
        assert!(
            polling.iter().all(|line| line.contains(word)),
            "{word}: {polling:?}"
        );
    }
}
