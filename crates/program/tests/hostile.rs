//! A component that breaks every rule: the program survives it, says which limit was hit, and goes on with the next line.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::PathBuf;

use message_trace::{Options, Revision};
use message_trace_host::{Cache, Fault, Host, Reason, Transform};
use predicates::prelude::*;
use support::{program, rejects};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Wraps a core module in WAT as a component of the world in `wit/`.
fn component(wat: &str) -> Vec<u8> {
    let mut module = wat::parse_str(wat).unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit"))
        .unwrap();
    let world = resolve.select_world(&[package], Some("message-trace")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap()
}

/// The hostile guest as a file, which each test has for itself.
fn hostile(folder: &tempfile::TempDir) -> PathBuf {
    let file = folder.path().join("hostile.wasm");
    std::fs::write(&file, component(include_str!("guests/hostile.wat"))).unwrap();
    file
}

fn transform(folder: &tempfile::TempDir) -> Box<dyn Transform> {
    Host::file(&hostile(folder), &Cache::none())
        .unwrap()
        .transform(&Options::default())
        .unwrap()
}

fn fault_in_a_batch(lines: &str) -> Fault {
    let folder = tempfile::tempdir().unwrap();
    let batch = transform(&folder).normalize_batch(lines.as_bytes());
    assert_eq!(
        batch.events, b"{}\n{}\n",
        "the lines around the broken one become events"
    );
    assert_eq!(batch.count, 2);
    assert_eq!(batch.refused.len(), 1);
    let refused = batch.refused.first().unwrap();
    assert_eq!(refused.line, 2);
    match refused.reason {
        Reason::Fault(fault) => fault,
        ref other => unreachable!("{other:?}"),
    }
}

#[test]
fn guest_that_spins_is_stopped_at_the_deadline() {
    assert_eq!(fault_in_a_batch("a\n!\nb\n"), Fault::Deadline(500));
}

#[test]
fn guest_that_traps_is_replaced() {
    assert_eq!(fault_in_a_batch("a\n?\nb\n"), Fault::Trap("unreachable"));
}

#[test]
fn guest_that_takes_memory_for_ever_is_stopped_at_the_limit() {
    assert_eq!(fault_in_a_batch("a\nM\nb\n"), Fault::Memory);
}

#[test]
fn guest_that_overflows_its_stack_is_stopped() {
    assert_eq!(fault_in_a_batch("a\nS\nb\n"), Fault::Trap("call stack exhausted"));
}

#[test]
fn guest_that_takes_table_elements_for_ever_is_stopped_at_the_limit() {
    assert_eq!(fault_in_a_batch("a\nT\nb\n"), Fault::Table);
}

#[test]
fn broken_events_are_not_written() {
    assert_eq!(fault_in_a_batch("a\nJ\nb\n"), Fault::Output("JSON objects"));
    assert_eq!(fault_in_a_batch("a\nU\nb\n"), Fault::Output("JSON objects"));
    assert_eq!(
        fault_in_a_batch("a\nL\nb\n"),
        Fault::Output("a line feed after each event")
    );
    assert_eq!(
        fault_in_a_batch("a\nC\nb\n"),
        Fault::Output("as many events as it counts")
    );
    assert_eq!(
        fault_in_a_batch("a\nP\nb\n"),
        Fault::Output("values of the types in wit/")
    );
}

#[test]
fn broken_rejections_are_not_believed() {
    let in_order = Fault::Output("rejections of the batch's lines, in order");
    assert_eq!(fault_in_a_batch("a\nN\nb\n"), in_order);
    let no_field = Fault::Output("the name of a field in a rejection");
    assert_eq!(fault_in_a_batch("a\nF\nb\n"), no_field);
}

#[test]
fn guest_that_answers_with_millions_of_rejections_is_stopped_at_the_limit() {
    assert_eq!(fault_in_a_batch("a\nH\nb\n"), Fault::OutputSize);
}

#[test]
fn single_lines_and_revisions_survive_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut transform = transform(&folder);
    let revision = Revision {
        sequence: 2,
        previous_status: Some("pending"),
        ..Revision::default()
    };
    assert_eq!(transform.normalize(b"a"), Ok("{}".to_owned()));
    assert_eq!(
        transform.normalize(b"?"),
        Err(Reason::Fault(Fault::Trap("unreachable")))
    );
    assert_eq!(
        transform.normalize_revision(b"!", &revision),
        Err(Reason::Fault(Fault::Deadline(500)))
    );
    assert_eq!(
        transform.normalize(b"J"),
        Err(Reason::Fault(Fault::Output("one event on one line")))
    );
    assert_eq!(transform.normalize_revision(b"a", &revision), Ok("{}".to_owned()));
}

#[test]
fn program_says_which_limit_was_hit_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let rejected = folder.path().join("rejects.ndjson");
    program()
        .args(["normalize", "--component"])
        .arg(hostile(&folder))
        .arg("--rejects")
        .arg(&rejected)
        .write_stdin("a\n?\nM\nb\nJ\nc\n")
        .assert()
        .success()
        .stdout("{}\n{}\n{}\n")
        .stderr(predicate::str::contains(
            "-:2: the component failed: trap: unreachable (component-fault)",
        ))
        .stderr(predicate::str::contains(
            "-:3: the component failed: memory limit of 64 MiB (component-fault)",
        ))
        .stderr(predicate::str::contains(
            "-:5: the component failed: broken output: expected JSON objects",
        ))
        .stderr(predicate::str::contains("6 lines, 3 events, 3 rejected"));
    let rejected = rejects(&rejected);
    assert_eq!(rejected.len(), 3);
    assert_eq!(rejected.get(1).unwrap().get("raw").unwrap(), "M");
}

#[test]
fn file_that_is_no_component_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no.wasm");
    for content in ["", "no component", "\0asm\u{1}\0\0\0"] {
        std::fs::write(&file, content).unwrap();
        program()
            .args(["normalize", "--component"])
            .arg(&file)
            .assert()
            .code(74)
            .stderr(predicate::str::contains("cannot load"))
            .stderr(predicate::str::contains("expected a WebAssembly component"))
            .stderr(predicate::function(|text: &str| text.lines().count() == 1));
    }
}
