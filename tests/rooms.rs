//! Where things may stand, and where not: what ARCHITECTURE.md says of it is so.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Spelled so that this file does not hold the word.
const WORD: &str = concat!("un", "safe");

#[test]
fn unsafe_code_is_where_the_architecture_says_and_nowhere_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let (_, table) = text
        .split_once(&format!("| `{WORD}` in | why |\n|---|---|\n"))
        .unwrap();
    let rooms: Vec<&str> = table
        .lines()
        .map_while(|line| line.strip_prefix("| "))
        .flat_map(|line| line.split_once(" | ").unwrap().0.split(", "))
        .map(|room| room.trim_matches('`'))
        .collect();
    let mut unknown = Vec::new();
    let mut used = BTreeSet::new();
    visit(root, &mut |file| {
        let source = fs::read_to_string(file).unwrap();
        if !source.lines().any(is_unsafe) {
            return;
        }
        let path = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        // A room is a folder of the repository, or the end of a file's path.
        match rooms
            .iter()
            .find(|room| path.starts_with(*room) || path.ends_with(*room))
        {
            Some(room) => drop(used.insert(*room)),
            None => unknown.push(path),
        }
    });
    assert!(unknown.is_empty(), "not in ARCHITECTURE.md: {unknown:?}");
    assert_eq!(used, rooms.into_iter().collect());
}

fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|word| word == WORD || word == concat!("un", "safe_code"))
}

/// Calls `see` with every Rust file of the repository that is no build's.
fn visit(folder: &Path, see: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "dist", "node_modules"].contains(&name.as_str()) {
                visit(&path, see);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            see(&path);
        }
    }
}
