//! What goes wrong, each with one sentence, its fix and its exit code.

use std::process::{Command, Stdio};

use chrono::{Duration, Utc};
use message_trace_simulator::{CLIENT_ID, ServicePrincipal, TENANT_ID};

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
    std::fs::remove_dir(stand.path("state")).unwrap();
    std::fs::write(stand.path("state"), "a file in the folder's place").unwrap();
    ends(once(&stand), 74, "check that its folder exists");
}

#[test]
fn a_mistyped_path_makes_no_folder_unless_it_is_asked_to() {
    let stand = Stand::new(|_| {});
    let mistyped = stand.path("legder/deep/trace.ledger");
    let poll = |create: bool, sink: &str| {
        let mut command = program();
        command
            .env("MESSAGE_TRACE_CLIENT_SECRET", &stand.secret)
            .args([
                "poll",
                "--once",
                "--since",
                "1h",
                "--tenant-id",
                TENANT_ID,
                "--client-id",
                CLIENT_ID,
            ])
            .args([
                "--graph-url",
                &stand.server.base_url(),
                "--login-url",
                &stand.server.base_url(),
            ])
            .args(create.then_some("--create"))
            .args(["--sink", sink, "--ledger"])
            .arg(&mistyped);
        command
    };
    ends(poll(false, "stdout"), 78, "have it made with --create");
    assert!(!stand.path("legder").exists());
    let sink = format!("file:{}", stand.path("eventz/events.ndjson").display());
    let output = poll(true, &sink).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(mistyped.exists() && stand.path("eventz/events.ndjson").exists());
}

#[test]
fn a_configuration_that_cannot_be_read() {
    let stand = Stand::new(|_| {});
    for name in ["nowhere.toml", "."] {
        let mut command = once(&stand);
        command.arg("--config").arg(stand.path(name));
        ends(command, 74, "the file cannot be read");
    }
}

#[test]
fn files_that_a_setup_names_and_that_cannot_be_read_are_74() {
    let stand = Stand::new(|_| {});
    for flag in [
        "--component",
        "--ca-file",
        "--client-secret-file",
        "--certificate-file",
    ] {
        let mut command = once(&stand);
        command.arg(flag).arg(stand.path("nowhere"));
        ends(command, 74, "nowhere");
    }
}

#[test]
fn bare_poll_names_all_that_is_missing() {
    let mut command = program();
    command.arg("poll");
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    for says in [
        "tenant-id",
        "client-id",
        "ledger",
        "client secret: MESSAGE_TRACE_CLIENT_SECRET",
        "For example:",
    ] {
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn recovery_leaves_alone_what_is_no_ledger_and_what_is_whole() {
    let stand = Stand::new(|_| {});
    let recover = |path: &std::path::Path| {
        let mut command = program();
        command.args(["ledger", "--recover"]).arg(path);
        command
    };
    let settings = stand.path("cc.toml");
    std::fs::write(&settings, "tenant-id = \"x\"\n").unwrap();
    ends(recover(&settings), 78, "is no ledger; nothing was changed");
    let mut command = recover(&settings);
    command.arg("--force");
    ends(command, 78, "is no ledger");
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), "tenant-id = \"x\"\n");
    ends(recover(&stand.path("none.db")), 78, "there is no ledger");
    let mut command = program();
    command.arg("ledger").arg(&settings);
    ends(command, 78, "is no ledger");
    let mut command = program();
    command
        .env("MESSAGE_TRACE_CLIENT_SECRET", &stand.secret)
        .args(["poll", "--tenant-id", "t", "--client-id", "c", "--ledger"])
        .arg(&settings);
    ends(command, 78, "is no ledger");

    assert!(stand.poll_once().status.success());
    let before = std::fs::read(stand.ledger()).unwrap();
    ends(
        recover(&stand.ledger()),
        78,
        "is whole, there is nothing to recover",
    );
    assert_eq!(std::fs::read(stand.ledger()).unwrap(), before);
    let mut command = recover(&stand.ledger());
    let output = command.arg("--force").output().unwrap();
    let said = text(&output.stderr);
    assert!(
        output.status.success() && said.contains("kept: ") && said.contains("lost: "),
        "{said}"
    );
    assert!(text(&output.stdout).contains(".damaged-"));
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
