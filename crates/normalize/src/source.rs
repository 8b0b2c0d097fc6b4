//! Where lines come from: files and stdin, unpacked and decoded.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use encoding_rs::{UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;

use message_trace_remedy::{Code, Failure};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UTF8_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
/// How many folders deep the files of a folder are looked for.
pub(super) const MAX_FOLDER_DEPTH: u32 = 16;

/// One thing to read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// How rejections and errors call it: the path as it was given, or `-`.
    pub(super) name: Arc<str>,
    /// None is stdin.
    pub(super) path: Option<PathBuf>,
    /// Whether it is a folder that holds nothing to read.
    is_empty_folder: bool,
}

impl Source {
    /// The sources of a command line; none is stdin.
    pub(super) fn all(files: &[PathBuf]) -> Vec<Self> {
        let stdin = || Self {
            name: "-".into(),
            path: None,
            is_empty_folder: false,
        };
        if files.is_empty() {
            return vec![stdin()];
        }
        let mut sources = Vec::new();
        for file in files {
            if file.to_str() == Some("-") {
                sources.push(stdin());
            } else if file.is_dir() {
                let before = sources.len();
                Self::of_folder(file, MAX_FOLDER_DEPTH, &mut sources);
                if sources.len() == before {
                    sources.push(Self {
                        is_empty_folder: true,
                        ..Self::of_file(file)
                    });
                }
            } else {
                sources.push(Self::of_file(file));
            }
        }
        sources
    }

    pub(super) fn of_file(file: &Path) -> Self {
        Self {
            name: file.to_string_lossy().into(),
            path: Some(file.to_owned()),
            is_empty_folder: false,
        }
    }

    /// The files of a folder and of those in it, by name. Hidden ones are left out, and links to folders are not
    /// followed. What cannot be listed is a source that cannot be read.
    pub(super) fn of_folder(folder: &Path, depth: u32, sources: &mut Vec<Self>) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            sources.push(Self::of_file(folder));
            return;
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let is_hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            let is_link = path
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.is_symlink());
            if is_hidden {
                continue;
            }
            if path.is_file() {
                sources.push(Self::of_file(&path));
            } else if path.is_dir() && !is_link && depth > 0 {
                Self::of_folder(&path, depth - 1, sources);
            }
        }
    }

    /// Opens the source: what comes out is UTF-8 without a byte order mark, or bytes as they are.
    ///
    /// `read_bytes` counts what was read of the source itself.
    pub(super) fn open(&self, read_bytes: &Arc<AtomicU64>) -> Result<Peeked, Failure> {
        if self.is_empty_folder {
            let sentence = format!("cannot read {}: the folder holds no files", self.name);
            return Err(Failure::say(Code::IO, sentence));
        }
        let raw: Box<dyn Read + Send> = match &self.path {
            Some(path) => Box::new(open_file(path)?),
            None => {
                if io::stdin().is_terminal() {
                    // Nobody is told when stderr is closed: there is no other place to tell.
                    let _ = writeln!(
                        io::stderr(),
                        "message-trace: reading rows from this terminal until Ctrl-D; to read a file, name it"
                    );
                }
                Box::new(io::stdin())
            }
        };
        let counted = Counted {
            inner: raw,
            count: Arc::clone(read_bytes),
        };
        decode(Box::new(counted)).map_err(|error| self.cannot_read(error))
    }

    /// Says that this source cannot be read.
    pub(super) fn cannot_read(&self, error: io::Error) -> Failure {
        Failure::new(
            Code::IO,
            anyhow::Error::new(error).context(format!("cannot read {}", self.name)),
        )
    }

    /// The size of a regular file, in bytes.
    pub(super) fn size(&self) -> Option<u64> {
        let metadata = std::fs::metadata(self.path.as_ref()?).ok()?;
        metadata.is_file().then_some(metadata.len())
    }
}

pub(super) fn open_file(path: &Path) -> Result<File, Failure> {
    let open = || -> anyhow::Result<File> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        Ok(file)
    };
    open()
        .with_context(|| format!("cannot read {}", path.display()))
        .map_err(|error| Failure::new(Code::IO, error))
}

/// Unpacks gzip, drops the mark of UTF-8, and turns UTF-16 into UTF-8.
pub(super) fn decode(raw: Box<dyn Read + Send>) -> io::Result<Peeked> {
    let mut peeked = Peeked::new(raw);
    if peeked
        .peek(|bytes| bytes.len() >= GZIP_MAGIC.len())?
        .starts_with(&GZIP_MAGIC)
    {
        peeked = Peeked::new(Box::new(MultiGzDecoder::new(peeked)));
    }
    let first = peeked.peek(|bytes| bytes.len() >= 4)?;
    let encoding = match first {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        // The admin center leaves the mark out; the first characters of JSON and of headers are ASCII.
        [low, 0, _, 0, ..] if *low != 0 => Some(UTF_16LE),
        _ => None,
    };
    if let Some(encoding) = encoding {
        let decoder = DecodeReaderBytesBuilder::new()
            .encoding(Some(encoding))
            .bom_override(true)
            .build(peeked);
        return Ok(Peeked::new(Box::new(decoder)));
    }
    if first.starts_with(&UTF8_MARK) {
        peeked.skip(UTF8_MARK.len());
    }
    Ok(peeked)
}

/// A reader whose first bytes can be looked at.
pub(super) struct Peeked {
    first: Vec<u8>,
    at: usize,
    inner: Box<dyn Read + Send>,
}

impl Peeked {
    fn new(inner: Box<dyn Read + Send>) -> Self {
        Self {
            first: Vec::new(),
            at: 0,
            inner,
        }
    }

    /// The first bytes: as many as satisfy `enough`, fewer only at the end of the source.
    pub(super) fn peek(&mut self, enough: impl Fn(&[u8]) -> bool) -> io::Result<&[u8]> {
        let mut chunk = [0; 16 * 1024];
        while !enough(self.first.get(self.at..).unwrap_or_default()) {
            match self.inner.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => self
                    .first
                    .extend_from_slice(chunk.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.first.get(self.at..).unwrap_or_default())
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }
}

impl Read for Peeked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at < self.first.len() {
            let read = self.first.get(self.at..).unwrap_or_default().read(buffer)?;
            self.at += read;
            return Ok(read);
        }
        if !self.first.is_empty() {
            self.first = Vec::new();
            self.at = 0;
        }
        self.inner.read(buffer)
    }
}

struct Counted {
    inner: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Whether a person sits in front of stderr.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}
