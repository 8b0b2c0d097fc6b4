//! A file that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::process;

/// Writes under a hidden name, syncs, and renames. What is there and no file, such as a pipe, is written into.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let hidden = path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), process::id()));
    let written = write_hidden(&hidden, path, bytes);
    if written.is_err() {
        // It may be half a report.
        let _ = fs::remove_file(&hidden);
    }
    written
}

fn write_hidden(hidden: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(hidden)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(hidden, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
