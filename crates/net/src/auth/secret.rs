//! Secrets from the environment and from private files.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use message_trace_remedy::Remedy;

/// The largest secret that is read, in bytes; a PFX with a chain has about 10 KB.
const MAX_SECRET_BYTES: u64 = 256 * 1024;

/// Why a secret cannot be read. Holds no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// The file does not exist, or this user may not read it.
    Unreadable(PathBuf),
    /// Other users can read the file.
    Public(PathBuf),
    /// The file is empty, longer than 256 KiB, or not text where text is needed.
    Malformed(PathBuf),
    /// An environment variable is set, but empty or not text.
    Variable(String),
}

impl SecretError {
    /// What has to be done.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::Unreadable(_) => Remedy::Storage,
            Self::Public(_) | Self::Malformed(_) | Self::Variable(_) => Remedy::Configure,
        }
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path) => write!(
                f,
                "{}: cannot be read; check its name and its rights",
                path.display()
            ),
            Self::Public(path) => {
                let path = path.display();
                write!(
                    f,
                    "{path}: other users can read this secret; run: chmod 600 '{path}'"
                )
            }
            Self::Malformed(path) => write!(f, "{}: expected a secret as text, not empty", path.display()),
            Self::Variable(name) => write!(f, "{name}: expected a secret as text, not empty"),
        }
    }
}

impl Error for SecretError {}

/// Takes a secret out of the environment. `None` if the variable is not set.
///
/// The variable is removed where that is sound: on Linux while the process has one thread. Elsewhere it stays;
/// [`protect_process`] keeps others from reading it.
///
/// # Errors
///
/// If it is empty or not UTF-8.
pub fn take_variable(name: &str) -> Result<Option<SecretString>, SecretError> {
    let Some(value) = std::env::var_os(name) else {
        return Ok(None);
    };
    if has_one_thread() {
        // SAFETY: no other thread exists that could read the environment meanwhile.
        #[expect(
            unsafe_code,
            reason = "removing a variable is sound with one thread, which was just checked"
        )]
        unsafe {
            std::env::remove_var(name);
        }
    }
    match value.into_string() {
        Ok(text) if !text.is_empty() => Ok(Some(text.into())),
        _ => Err(SecretError::Variable(name.to_owned())),
    }
}

fn has_one_thread() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() == 1)
}

/// Keeps other processes of this user from reading this one's memory and first environment, and the system from writing
/// it to a core dump. Linux only; elsewhere it does nothing.
pub fn protect_process() {
    #[cfg(target_os = "linux")]
    if rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).is_err() {
        log::warn!("this process could not be made undumpable");
    }
}

/// Reads a secret text from a file that this user alone can read. One line feed at its end is not part of it.
///
/// # Errors
///
/// If it cannot be read, others can read it, or it is no secret.
pub fn read_secret_file(path: &Path) -> Result<SecretString, SecretError> {
    let bytes = read_private(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::Malformed(path.to_owned()))?;
    let text = text
        .strip_suffix('\n')
        .map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(SecretError::Malformed(path.to_owned()));
    }
    Ok(text.to_owned().into())
}

/// Reads a file that this user alone can read. The check is on the opened file: it cannot be swapped in between.
pub(super) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let unreadable = || SecretError::Unreadable(path.to_owned());
    let file = File::open(path).map_err(|_| unreadable())?;
    let metadata = file.metadata().map_err(|_| unreadable())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
            return Err(SecretError::Public(path.to_owned()));
        }
    }
    if metadata.is_dir() {
        return Err(unreadable());
    }
    read_bounded(path, file)
}

/// Reads a file up to the limit, into memory that is wiped.
pub(super) fn read_bounded(path: &Path, file: File) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let capacity = file
        .metadata()
        .map_or(0, |metadata| metadata.len())
        .min(MAX_SECRET_BYTES)
        + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(capacity).unwrap_or(0)));
    let read = file.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|_| SecretError::Unreadable(path.to_owned()))?;
    if bytes.is_empty() || bytes.len() as u64 > MAX_SECRET_BYTES {
        return Err(SecretError::Malformed(path.to_owned()));
    }
    Ok(bytes)
}
