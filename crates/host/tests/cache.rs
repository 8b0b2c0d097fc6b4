//! Machine code is kept in a private folder, and run from nowhere else.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{Permissions, read_dir};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use message_trace::Options;
use message_trace_host::{Cache, Host};

const ROW: &[u8] = br#"{"id":"1","receivedDateTime":"2025-06-13T10:30:00Z"}"#;

fn run(cache: &Cache) {
    let mut transform = Host::embedded(cache)
        .unwrap()
        .transform(&Options::default())
        .unwrap();
    assert!(transform.normalize(ROW).is_ok());
}

fn kept(folder: &Path) -> Vec<PathBuf> {
    let Ok(files) = read_dir(folder) else {
        return Vec::new();
    };
    files.map(|file| file.unwrap().path()).collect()
}

/// Whether the second start compiled anew: it then puts another file in the place of the first.
fn is_replaced(folder: &Path, between: impl FnOnce(&Path)) -> bool {
    let cache = Cache::at(folder.to_owned());
    run(&cache);
    let file = kept(folder).remove(0);
    between(&file);
    let before = file.metadata().unwrap().ino();
    run(&cache);
    assert_eq!(kept(folder).len(), 1, "nothing unfinished is left");
    file.metadata().unwrap().ino() != before
}

#[test]
fn folder_and_file_are_private_and_used_again() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("cache").join("message-trace");
    assert!(!is_replaced(&folder, |file| {
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(file.parent().unwrap().metadata().unwrap().mode() & 0o777, 0o700);
    }));
}

#[test]
fn file_that_others_may_write_is_not_run() {
    let base = tempfile::tempdir().unwrap();
    assert!(is_replaced(&base.path().join("c"), |file| {
        std::fs::set_permissions(file, Permissions::from_mode(0o620)).unwrap();
    }));
}

#[test]
fn folder_that_others_may_write_is_not_used() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("c");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    run(&Cache::at(folder.clone()));
    assert!(kept(&folder).is_empty());
}

#[test]
fn damaged_file_is_not_run() {
    let base = tempfile::tempdir().unwrap();
    assert!(is_replaced(&base.path().join("c"), |file| {
        let mut bytes = std::fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(file, bytes).unwrap();
    }));
    let base = tempfile::tempdir().unwrap();
    assert!(is_replaced(&base.path().join("c"), |file| {
        std::fs::write(file, b"").unwrap();
    }));
}

#[test]
fn link_is_not_followed() {
    let base = tempfile::tempdir().unwrap();
    let elsewhere = base.path().join("elsewhere");
    let folder = base.path().join("c");
    run(&Cache::at(folder.clone()));
    let file = kept(&folder).remove(0);
    std::fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    run(&Cache::at(folder));
    assert!(
        file.symlink_metadata().unwrap().is_file(),
        "the link was replaced by a file of one's own"
    );
}

#[test]
fn no_folder_is_no_obstacle() {
    run(&Cache::none());
    run(&Cache::at(PathBuf::from("/proc/no-such-folder/message-trace")));
}
