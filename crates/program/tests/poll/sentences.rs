//! What goes wrong, each with one sentence, its fix and its exit code.

use std::process::{Command, Stdio};

use chrono::{Duration, Utc};
use message_trace_simulator::ServicePrincipal;

use crate::stand::{Stand, program, text};

fn ends(mut command: Command, code: i32, fix: &str) {
    let output = command.output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    let sentences: Vec<_> = error
        .lines()
        .filter(|line| line.starts_with("message-trace: "))
        .collect();
    assert!(
        matches!(sentences.as_slice(), [sentence] if sentence.contains(fix)),
        "{error}"
    );
}

fn once(stand: &Stand) -> Command {
    let mut command = stand.poll();
    command.arg("--once");
    command
}

#[test]
fn a_wrong_secret() {
    let mut stand = Stand::new(|_| {});
    stand.secret = "wrong~secret".to_owned();
    ends(once(&stand), 78, "the client secret is wrong");
}

#[test]
fn an_expired_secret() {
    let stand = Stand::new(|settings| {
        for application in &mut settings.access.applications {
            for secret in &mut application.secrets {
                secret.expires = Some(Utc::now() - Duration::days(1));
            }
        }
    });
    ends(once(&stand), 78, "the client secret has expired");
}

#[test]
fn a_wrong_tenant() {
    let stand =
        Stand::new(|settings| settings.access.tenant_id = "99999999-0000-4000-8000-000000000000".to_owned());
    ends(once(&stand), 78, "check tenant-id");
}

#[test]
fn a_missing_consent() {
    let stand = Stand::new(|settings| settings.access.permission_granted = false);
    ends(once(&stand), 77, "ExchangeMessageTrace.Read.All");
}

#[test]
fn a_missing_service_principal_as_401_and_as_403() {
    for status in [401, 403] {
        let stand =
            Stand::new(|settings| settings.access.service_principal = ServicePrincipal::Missing(status));
        ends(once(&stand), 77, "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373");
    }
}

#[test]
fn a_full_disk_of_the_sink() {
    let stand = Stand::new(|_| {});
    let mut command = once(&stand);
    command.stdout(Stdio::from(
        std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap(),
    ));
    ends(command, 74, "no space left");
}

#[test]
fn a_folder_that_cannot_be_written() {
    let stand = Stand::new(|_| {});
    std::fs::write(stand.path("state"), "a file in the folder's place").unwrap();
    ends(once(&stand), 74, "check that its folder exists");
}

#[test]
fn an_unknown_key_in_the_configuration() {
    let stand = Stand::new(|_| {});
    std::fs::write(stand.path("poll.toml"), "legder = \"x\"\n").unwrap();
    let mut command = once(&stand);
    command.arg("--config").arg(stand.path("poll.toml"));
    ends(command, 78, "ledger");
}

#[test]
fn a_damaged_ledger_is_refused_and_recovered() {
    let stand = Stand::new(|_| {});
    assert!(stand.poll_once().status.success());
    let mut bytes = std::fs::read(stand.ledger()).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(stand.ledger(), &bytes).unwrap();
    ends(once(&stand), 74, "ledger --recover");
    let recovered = program()
        .args(["ledger", "--recover"])
        .arg(stand.ledger())
        .output()
        .unwrap();
    assert!(recovered.status.success(), "{}", text(&recovered.stderr));
    assert!(stand.poll_once().status.success());
}

#[test]
fn a_second_program_on_one_ledger() {
    let stand = Stand::new(|_| {});
    let mut first = stand
        .poll()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while !stand.ledger().exists() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    ends(once(&stand), 78, "another program has the ledger");
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(
        stand.poll_once().status.success(),
        "a killed program leaves no lock"
    );
}
