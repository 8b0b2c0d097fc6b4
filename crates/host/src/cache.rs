//! Machine code, compiled once a machine and kept in a private folder.
//!
//! Machine code runs with the program's rights, so it is read back only from a file and folder that belong to the user
//! and that nobody else may write; its own hash is inside it. Anything else is compiled anew. Without a folder that can
//! be written nothing is kept.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The variable that names the folder; empty keeps nothing.
const VARIABLE: &str = "MESSAGE_TRACE_CACHE";
/// The longest machine code that is read back, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// The bytes of the hash in front of the machine code.
const HASH_BYTES: usize = 32;

/// Where machine code is kept.
#[derive(Clone, Debug)]
pub struct Cache(Option<PathBuf>);

impl Cache {
    /// The user's own folder: `MESSAGE_TRACE_CACHE`, or else `message-trace` in `XDG_CACHE_HOME` or `~/.cache`.
    #[must_use]
    pub fn of_user() -> Self {
        if let Some(folder) = std::env::var_os(VARIABLE) {
            return Self((!folder.is_empty()).then(|| PathBuf::from(folder)));
        }
        let absolute = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
        Self(base.map(|base| base.join("message-trace")))
    }

    /// A folder of one's own choice.
    #[must_use]
    pub const fn at(folder: PathBuf) -> Self {
        Self(Some(folder))
    }

    /// Keeps nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Loads a component, from kept machine code where there is some that may be run.
    pub(super) fn load(&self, engine: &Engine, bytes: &[u8], sha256: &str) -> Result<Component> {
        let file = self
            .0
            .as_ref()
            .map(|folder| folder.join(file_name(engine, sha256)));
        if let Some(component) = file.as_deref().and_then(|file| read(engine, file)) {
            return Ok(component);
        }
        let component = Component::from_binary(engine, bytes).map_err(|error| anyhow!("{error:#}"))?;
        if let Some(file) = file
            && let Ok(code) = component.serialize()
        {
            // The cache is a gift: a full disk or a folder that cannot be written costs the next start, nothing else.
            let _ = write(&file, &code);
        }
        Ok(component)
    }
}

/// Names what the machine code depends on: wasmtime's version and settings, the processor, the component.
fn file_name(engine: &Engine, sha256: &str) -> String {
    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.update(sha256.as_bytes());
    format!("{}.machine-code", hex(&hasher.0.finalize()))
}

/// The SHA-256 of the bytes, in lower-case hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// SHA-256 where `std` wants a hasher, so that a name is not met by chance.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

fn read(engine: &Engine, file: &Path) -> Option<Component> {
    let bytes = private::open(file).and_then(|mut open| {
        let mut bytes = Vec::new();
        std::io::Read::by_ref(&mut open)
            .take(MAX_BYTES)
            .read_to_end(&mut bytes)
            .ok()?;
        Some(bytes)
    })?;
    let (hash, code) = bytes.split_at_checked(HASH_BYTES)?;
    if Sha256::digest(code).as_slice() != hash {
        return None;
    }
    #[expect(
        unsafe_code,
        reason = "wasmtime runs these bytes: they were written by this user for this engine, and nobody else could"
    )]
    // SAFETY: `private::open` gave the file only because it and its folder belong to this user and are writable by
    // nobody else, `write` below is what fills it with `Component::serialize`, and the hash says that it is whole.
    let component = unsafe { Component::deserialize(engine, code) };
    component.ok()
}

fn write(file: &Path, code: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().ok_or(std::io::ErrorKind::NotFound)?;
    private::create_folder(folder)?;
    let unfinished = folder.join(format!(".{}-{}", std::process::id(), unique()));
    let written = private::create(&unfinished).and_then(|mut open| {
        open.write_all(&Sha256::digest(code))?;
        open.write_all(code)?;
        std::fs::rename(&unfinished, file)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

/// Tells apart two loads of one process.
fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(unix)]
mod private {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io::{Error, ErrorKind, Result};
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    use rustix::fs::OFlags;

    /// Whether only this user can have written it.
    fn is_own(metadata: &Metadata) -> bool {
        metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
    }

    pub(super) fn open(file: &Path) -> Option<File> {
        let folder = std::fs::symlink_metadata(file.parent()?).ok()?;
        if !folder.is_dir() || !is_own(&folder) {
            return None;
        }
        let no_follow = i32::try_from(OFlags::NOFOLLOW.bits()).ok()?;
        let open = OpenOptions::new()
            .read(true)
            .custom_flags(no_follow)
            .open(file)
            .ok()?;
        let metadata = open.metadata().ok()?;
        (metadata.is_file() && is_own(&metadata)).then_some(open)
    }

    pub(super) fn create_folder(folder: &Path) -> Result<()> {
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if is_own(&std::fs::symlink_metadata(folder)?) {
            Ok(())
        } else {
            Err(Error::from(ErrorKind::PermissionDenied))
        }
    }

    pub(super) fn create(file: &Path) -> Result<File> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)
    }
}

#[cfg(not(unix))]
mod private {
    use std::fs::File;
    use std::io::{ErrorKind, Result};
    use std::path::Path;

    // Who may write a file is not known here, so nothing is kept and nothing is run.
    pub(super) fn open(_file: &Path) -> Option<File> {
        None
    }

    pub(super) fn create_folder(_folder: &Path) -> Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(super) fn create(_file: &Path) -> Result<File> {
        Err(ErrorKind::Unsupported.into())
    }
}
