//! The table of causes without what is not asked while it runs: comments, and the columns `name` and `source`.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src/causes.tsv");
    let table = fs::read_to_string("src/causes.tsv")?;
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let short: Vec<String> = lines
        .map(|line| line.split('\t').skip(1).take(4).collect::<Vec<_>>().join("\t"))
        .collect();
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&folder).join("causes.tsv"), short.join("\n"))
}
