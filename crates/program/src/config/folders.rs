//! The folders that a setup writes into. A mistyped path must not make folders, and a ledger that begins anew in one.

use std::path::{Path, PathBuf};

use super::{ConfigError, Place, Setup, SinkSetup};

/// Checks that every file of a setup has its folder, or makes the folders if the setup says so (`create`).
///
/// # Errors
///
/// The first folder that is missing, with the way out.
pub fn check_folders(setup: &Setup) -> Result<(), ConfigError> {
    let mut files: Vec<(&str, &PathBuf)> =
        vec![("ledger", &setup.ledger), ("dead-letter", &setup.dead_letter)];
    for sink in &setup.sinks {
        if let SinkSetup::File { path, .. } = sink {
            files.push(("sinks", path));
        }
    }
    for (key, file) in files {
        let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
            continue;
        };
        // What is there and no folder, or may not be looked at, is for the one who opens the file to say.
        if !matches!(folder.try_exists(), Ok(false)) {
            continue;
        }
        if !setup.create {
            let what = format!(
                "there is no folder {}; check the path, make the folder, or have it made with --create",
                folder.display()
            );
            return Err(ConfigError::new(Place::Missing, key, what));
        }
        make(folder).map_err(|error| {
            ConfigError::storage(
                key,
                format!("cannot make the folder {} ({})", folder.display(), error.kind()),
            )
        })?;
    }
    Ok(())
}

/// Makes a folder for this user alone.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
