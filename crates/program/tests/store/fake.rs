//! A store of objects that speaks as S3 does, on this machine, and fails as it is told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

pub(crate) const BUCKET: &str = "mail";
pub(crate) const KEY_ID: &str = "AKIACANARYCANARY";
pub(crate) const SECRET: &str = "canary~secret/0123456789abcdefghijklmnopq";

/// A request, as far as a test may look at it.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Below the bucket.
    pub(crate) key: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    /// What became of it so far.
    pub(crate) nth: usize,
}

impl Request {
    pub(crate) fn is_list(&self) -> bool {
        self.query.contains_key("list-type")
    }

    /// A listing of everything below this prefix.
    pub(crate) fn is_list_of(&self, prefix: &str) -> bool {
        self.is_list() && self.query.get("prefix").is_some_and(|listed| listed == prefix)
    }

    /// Rows on their way into the store.
    pub(crate) fn is_upload(&self) -> bool {
        self.method == "PUT" && self.key.rsplit_once('.').is_some_and(|(_, end)| end == "parquet")
    }
}

/// What goes wrong with a request.
pub(crate) enum Fault {
    /// An answer with a status and a code; its text repeats what signed the request, as S3 does.
    Answer(u16, &'static str),
    /// The connection ends while the request is read.
    CutRequest,
    /// The request is carried out, and the connection ends within the answer.
    CutAnswer,
    /// It takes its time.
    Slow(Duration),
}

type Plan = Box<dyn Fn(&Request) -> Option<Fault> + Send + Sync>;

#[derive(Clone)]
struct Object {
    bytes: Arc<Vec<u8>>,
    tag: String,
}

#[derive(Default)]
struct Content {
    objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, BTreeMap<usize, Vec<u8>>>,
    /// Each key with what listings show of it only from a moment on: its length, or that it is gone.
    changes: Vec<(Instant, String, Option<usize>)>,
    listed: BTreeMap<String, usize>,
    requests: usize,
    /// Requests that are being answered, and how many there were at most.
    busy: (usize, usize),
    tags: usize,
}

pub(crate) struct Store {
    port: u16,
    content: Arc<Mutex<Content>>,
}

/// How the store behaves.
pub(crate) struct Manner {
    /// Objects of one page of a listing.
    pub(crate) page: usize,
    /// How late a listing shows a change.
    pub(crate) lag: Duration,
    pub(crate) plan: Plan,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            page: 1_000,
            lag: Duration::ZERO,
            plan: Box::new(|_| None),
        }
    }
}

impl Store {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let content = Arc::new(Mutex::new(Content::default()));
        let shared = (Arc::new(manner), Arc::clone(&content));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (manner, content) = shared.clone();
                std::thread::spawn(move || {
                    let _ = connection(&manner, &content, stream);
                });
            }
        });
        Self { port, content }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What there is, by key.
    pub(crate) fn keys(&self) -> Vec<String> {
        lock(&self.content).objects.keys().cloned().collect()
    }

    pub(crate) fn requests(&self) -> usize {
        lock(&self.content).requests
    }

    /// How many requests were there at a time, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        lock(&self.content).busy.1
    }

    /// Uploads that were neither completed nor taken back.
    pub(crate) fn uploads(&self) -> usize {
        lock(&self.content).uploads.len()
    }
}

fn lock(content: &Mutex<Content>) -> MutexGuard<'_, Content> {
    content.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let code = (byte == b'%').then(|| rest.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        if code.is_some() {
            rest = &rest[2..];
        }
        bytes.push(code.unwrap_or(byte));
    }
    String::from_utf8(bytes).unwrap()
}

/// Requests one after the other, until the peer has no more.
fn connection(manner: &Manner, content: &Mutex<Content>, stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        let mut request = Request {
            method: method.to_owned(),
            key: String::new(),
            query: query.collect(),
            headers: BTreeMap::new(),
            nth: 0,
        };
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(':') else {
                break;
            };
            request
                .headers
                .insert(name.to_lowercase(), value.trim().to_owned());
        }
        let path = decoded(path);
        let (bucket, key) = path
            .trim_start_matches('/')
            .split_once('/')
            .unwrap_or((path.trim_start_matches('/'), ""));
        key.clone_into(&mut request.key);
        {
            let mut content = lock(content);
            request.nth = content.requests;
            content.requests += 1;
            let (busy, most) = content.busy;
            content.busy = (busy + 1, most.max(busy + 1));
        }
        let fault = (manner.plan)(&request);
        let length = request
            .headers
            .get("content-length")
            .map_or(0, |text| text.parse().unwrap());
        if let Some(Fault::CutRequest) = fault {
            lock(content).busy.0 -= 1;
            reader.by_ref().take(length / 2).read_to_end(&mut Vec::new())?;
            return Ok(());
        }
        let mut body = Vec::new();
        reader.by_ref().take(length).read_to_end(&mut body)?;
        if let Some(Fault::Slow(pause)) = fault {
            std::thread::sleep(pause);
        }
        let authorization = request.headers.get("authorization").map_or("", String::as_str);
        let answer = match &fault {
            Some(Fault::Answer(status, code)) => error(*status, code, authorization),
            _ if !authorization.contains(&format!("Credential={KEY_ID}/")) => {
                error(403, "InvalidAccessKeyId", authorization)
            }
            _ if bucket != BUCKET => error(404, "NoSuchBucket", authorization),
            _ => answer(manner, &mut lock(content), &request, body),
        };
        lock(content).busy.0 -= 1;
        let is_head = request.method == "HEAD";
        let head = format!(
            "HTTP/1.1 {} X\r\nContent-Length: {}\r\nLast-Modified: Thu, 26 Nov 2026 10:00:00 GMT\r\n{}\r\n",
            answer.status,
            answer.body.len(),
            answer.headers
        );
        let start = head.len();
        let whole = [head.into_bytes(), if is_head { Vec::new() } else { answer.body }].concat();
        if let Some(Fault::CutAnswer) = fault {
            let body = whole.len() - start;
            return stream.write_all(&whole[..if body == 0 { start / 2 } else { start + body / 2 }]);
        }
        stream.write_all(&whole)?;
    }
}

struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: String::new(),
            body: body.into(),
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        write!(self.headers, "{name}: {value}\r\n").unwrap();
        self
    }
}

fn error(status: u16, code: &str, authorization: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{SECRET}</Message>\
         <StringToSign>{authorization}</StringToSign></Error>"
    );
    Answer::new(status, body)
}

fn answer(manner: &Manner, content: &mut Content, request: &Request, body: Vec<u8>) -> Answer {
    let Request { key, query, .. } = request;
    let upload = query.get("uploadId");
    match request.method.as_str() {
        "GET" if request.is_list() => list(manner, content, query),
        "GET" | "HEAD" => read(content, request),
        "PUT" => match upload {
            Some(upload) => {
                let Some(parts) = content.uploads.get_mut(upload) else {
                    return error(404, "NoSuchUpload", "");
                };
                parts.insert(query["partNumber"].parse().unwrap(), body);
                Answer::new(200, "").with("ETag", "\"part\"")
            }
            None => {
                let tag = content.objects.get(key).map(|object| object.tag.clone());
                let may = |name: &str, fits: &dyn Fn(&str) -> bool| {
                    request.headers.get(name).is_none_or(|wanted| fits(wanted))
                };
                let is_new = may("if-none-match", &|_| tag.is_none());
                if !is_new || !may("if-match", &|wanted| tag.as_deref() == Some(wanted)) {
                    return error(412, "PreconditionFailed", "");
                }
                put(manner, content, key, body)
            }
        },
        "POST" if query.contains_key("uploads") => {
            let id = format!("upload-{}", request.nth);
            content.uploads.insert(id.clone(), BTreeMap::new());
            Answer::new(
                200,
                format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                ),
            )
        }
        "POST" if query.contains_key("delete") => {
            let text = String::from_utf8(body).unwrap();
            let mut done = String::from("<DeleteResult>");
            for part in text.split("<Key>").skip(1) {
                let key = part.split_once("</Key>").unwrap().0;
                delete(manner, content, key);
                write!(done, "<Deleted><Key>{key}</Key></Deleted>").unwrap();
            }
            Answer::new(200, done + "</DeleteResult>")
        }
        "POST" => match upload.and_then(|upload| content.uploads.remove(upload)) {
            None => error(404, "NoSuchUpload", ""),
            Some(parts) => {
                put(manner, content, key, parts.into_values().flatten().collect());
                Answer::new(
                    200,
                    "<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>",
                )
            }
        },
        "DELETE" => {
            match upload {
                Some(upload) => drop(content.uploads.remove(upload)),
                None => delete(manner, content, key),
            }
            Answer::new(204, "")
        }
        _ => error(405, "MethodNotAllowed", ""),
    }
}

fn put(manner: &Manner, content: &mut Content, key: &str, bytes: Vec<u8>) -> Answer {
    content.tags += 1;
    let tag = format!("\"{}\"", content.tags);
    let shown = (Instant::now() + manner.lag, key.to_owned(), Some(bytes.len()));
    content.changes.push(shown);
    let object = Object {
        bytes: Arc::new(bytes),
        tag: tag.clone(),
    };
    content.objects.insert(key.to_owned(), object);
    Answer::new(200, "").with("ETag", &tag)
}

fn delete(manner: &Manner, content: &mut Content, key: &str) {
    content.objects.remove(key);
    content
        .changes
        .push((Instant::now() + manner.lag, key.to_owned(), None));
}

fn read(content: &Content, request: &Request) -> Answer {
    let Some(Object { bytes, tag }) = content.objects.get(&request.key) else {
        return error(404, "NoSuchKey", "");
    };
    let range = request
        .headers
        .get("range")
        .and_then(|range| range.strip_prefix("bytes="));
    let answer = match range.and_then(|range| range.split_once('-')) {
        None => Answer::new(200, bytes.to_vec()),
        Some((from, to)) => {
            let (from, to) = match (from.parse::<usize>(), to.parse::<usize>()) {
                (Ok(from), Ok(to)) => (from, (to + 1).min(bytes.len())),
                (Ok(from), Err(_)) => (from, bytes.len()),
                (Err(_), Ok(last)) => (bytes.len().saturating_sub(last), bytes.len()),
                _ => return error(416, "InvalidRange", ""),
            };
            let place = format!("bytes {from}-{}/{}", to - 1, bytes.len());
            Answer::new(206, &bytes[from..to]).with("Content-Range", &place)
        }
    };
    answer.with("ETag", tag)
}

fn list(manner: &Manner, content: &mut Content, query: &BTreeMap<String, String>) -> Answer {
    let now = Instant::now();
    let (seen, later) = std::mem::take(&mut content.changes)
        .into_iter()
        .partition(|(from, ..)| *from <= now);
    content.changes = later;
    let seen: Vec<(Instant, String, Option<usize>)> = seen;
    for (_, key, length) in seen {
        match length {
            Some(length) => drop(content.listed.insert(key, length)),
            None => drop(content.listed.remove(&key)),
        }
    }
    let prefix = query.get("prefix").map_or("", String::as_str);
    let after = query.get("continuation-token").map_or("", String::as_str);
    let mut page = content
        .listed
        .iter()
        .filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
    let mut body = String::from("<ListBucketResult>");
    let mut last = "";
    for (key, length) in page.by_ref().take(manner.page) {
        last = key;
        write!(
            body,
            "<Contents><Key>{key}</Key><LastModified>2026-11-26T10:00:00.000Z</LastModified>\
             <ETag>\"x\"</ETag><Size>{length}</Size></Contents>"
        )
        .unwrap();
    }
    let more = page.next().is_some();
    if more {
        write!(body, "<NextContinuationToken>{last}</NextContinuationToken>").unwrap();
    }
    write!(body, "<IsTruncated>{more}</IsTruncated></ListBucketResult>").unwrap();
    Answer::new(200, body)
}
