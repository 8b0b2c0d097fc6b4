//! `message-trace simulate` as a process: it says where it listens, answers there, and ends when told to.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_message-trace"))
        .arg("simulate")
        .args(["--rows-per-day", "500", "--days", "1"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends a request to a URL's host and gives back the whole answer.
fn ask(url: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn its_settings_open_it_and_sigterm_ends_it_well() {
    let mut child = start(&["--print-env"]);
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .take(5)
        .map(Result::unwrap);
    let settings = lines
        .map(|line| {
            line.split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .unwrap()
        })
        .collect::<HashMap<_, _>>();
    let of = |name: &str| settings[&format!("MESSAGE_TRACE_{name}")].clone();
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https://graph.microsoft.com/.default",
        of("CLIENT_ID"),
        of("CLIENT_SECRET")
    );
    let head = format!(
        "POST /{}/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        of("TENANT_ID"),
        body.len()
    );
    let answer = ask(&of("LOGIN_URL"), &(head + &body));
    let token = answer
        .split("\"access_token\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let list = format!(
        "GET /v1.0/admin/exchange/tracing/messageTraces HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    let answer = ask(&of("GRAPH_URL"), &list);
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("receivedDateTime"),
        "{answer}"
    );

    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_first_line_is_the_url_and_a_taken_port_is_said() {
    let mut child = start(&[]);
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let port = first.trim().strip_prefix("http://127.0.0.1:").unwrap();
    let second = start(&["--port", port]).wait_with_output().unwrap();
    assert_eq!(
        second.status.code(),
        Some(78),
        "a port is a setting, and nothing to report"
    );
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(
        said.contains(&format!(
            "cannot listen on 127.0.0.1:{port}; end what listens there, or take a free port with --port 0"
        )),
        "{said}"
    );
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
}

/// What it prints runs as pasted, from another folder, however the program was called.
#[cfg(unix)]
#[test]
fn the_printed_command_runs_as_pasted() {
    let mut child = start(&[]);
    let mut out = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let pasted: Vec<String> = out
        .by_ref()
        .take_while(|line| !line.starts_with("Ctrl-C"))
        .filter(|line| line.starts_with("  "))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .current_dir(folder.path())
        .args(["-euc", &pasted.join("\n")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !output.stdout.is_empty(),
        "{pasted:?}\n{said}"
    );
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
}
