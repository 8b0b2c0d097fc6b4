//! The README's commands do what it says.

#[test]
fn the_readme_shows_what_happens() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    std::env::set_current_dir(root).unwrap_or_default();
    let cases = trycmd::TestCases::new();
    cases.register_bin(
        "message-trace",
        std::path::Path::new(env!("CARGO_BIN_EXE_message-trace")),
    );
    cases.case("README.md");
}
