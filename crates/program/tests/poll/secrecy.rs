//! No secret, no address and no subject outside of the events.

use std::fs;

use message_trace_simulator::{Endpoint, Fault, Injection, When};

use crate::stand::{Stand, text};

const CANARY: &str = "canary~secret.0123456789_abcdefghijklmno";

#[test]
fn neither_secret_nor_address_nor_subject_shows_up_outside_of_the_events() {
    let mut stand = Stand::new(|settings| {
        for application in &mut settings.access.applications {
            *application =
                message_trace_simulator::Application::new(&application.client_id).with_secret(CANARY);
        }
    });
    CANARY.clone_into(&mut stand.secret);
    stand.server.with(|simulator| {
        for (nth, fault) in [
            (1, Fault::TokenExpired),
            (2, Fault::HtmlPage),
            (3, Fault::WrongShape),
        ] {
            simulator.inject(Injection {
                endpoint: Endpoint::List,
                when: When::Nth(nth),
                fault,
            });
        }
    });
    let mut child = stand
        .poll()
        .args(["--log", "debug"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .arg("--once")
        .spawn()
        .unwrap();
    // Its command line, while it runs.
    // A process that has only just begun still has its parent's.
    let look = || fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    let is_begun = |arguments: &[u8]| memchr::memmem::find(arguments, b"--tenant-id").is_some();
    let arguments = (0..100)
        .find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            Some(look()).filter(|arguments| is_begun(arguments))
        })
        .unwrap_or_else(look);
    assert!(
        memchr::memmem::find(&arguments, b"--tenant-id").is_some(),
        "the command line was looked at"
    );
    let output = {
        let mut events = Vec::new();
        std::io::Read::read_to_end(&mut child.stdout.take().unwrap(), &mut events).unwrap();
        let rest = child.wait_with_output().unwrap();
        (events, rest)
    };
    let (events, rest) = output;
    assert!(rest.status.success(), "{}", text(&rest.stderr));
    let mut places = vec![
        ("the log".to_owned(), rest.stderr),
        ("the command line".to_owned(), arguments),
    ];
    for entry in fs::read_dir(stand.path("state")).unwrap() {
        let path = entry.unwrap().path();
        places.push((path.display().to_string(), fs::read(&path).unwrap()));
    }
    assert!(places.len() >= 4, "log, command line, ledger and lock");
    let mut needles = vec![CANARY.to_owned()];
    for line in events
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let event: serde_json::Value = serde_json::from_slice(line).unwrap();
        for address in ["from", "to"] {
            if let Some(address) = event["email"][address]["address"][0].as_str() {
                needles.push(address.to_owned());
            }
        }
        if let Some(subject) = event["email"]["subject"]
            .as_str()
            .filter(|subject| subject.len() > 8)
        {
            needles.push(subject.to_owned());
        }
    }
    needles.sort_unstable();
    needles.dedup();
    assert!(needles.len() > 100);
    for (place, bytes) in &places {
        for needle in &needles {
            assert!(
                memchr::memmem::find(bytes, needle.as_bytes()).is_none(),
                "{place} holds {needle}"
            );
        }
    }
}
