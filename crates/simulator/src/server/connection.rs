//! One connection: requests off the wire, answers onto it, in the way they travel.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{Method, Request, Version};

use crate::reply::{Reply, Travel};

use super::Shared;

const HEAD_MOST: usize = 128 * 1024;
const BODY_MOST: usize = 1024 * 1024;
const HEADERS_MOST: usize = 64;
/// How long a connection may rest between two requests, and how often it looks whether the server stops.
const IDLE: Duration = Duration::from_secs(75);
const TICK: Duration = Duration::from_millis(100);

pub(super) fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    let mut buffer = Vec::new();
    loop {
        let Some((request, keeps_alive)) = next_request(&mut stream, &mut buffer, shared)? else {
            return Ok(());
        };
        let reply = {
            let mut simulator = shared.simulator();
            simulator.respond(shared.clock.now(), &request)
        };
        wait(reply.delay, shared);
        let goes_on = send(&mut stream, &reply, request.method() == Method::HEAD, shared)?;
        if !goes_on || !keeps_alive {
            return Ok(());
        }
    }
}

/// Reads the next request; `None` when the client is done, or rests too long, or the server stops.
fn next_request(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    shared: &Shared,
) -> io::Result<Option<(Request<Vec<u8>>, bool)>> {
    let mut rested = Duration::ZERO;
    loop {
        if let Some(found) = parse(buffer)? {
            return Ok(Some(found));
        }
        let mut chunk = [0; 16 * 1024];
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(None),
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                rested += TICK;
                if rested >= IDLE || shared.stops.load(Ordering::SeqCst) {
                    return Ok(None);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Takes a whole request out of the buffer, if there is one, and says whether the connection stays open.
fn parse(buffer: &mut Vec<u8>) -> io::Result<Option<(Request<Vec<u8>>, bool)>> {
    let bad = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MOST];
    let mut head = httparse::Request::new(&mut headers);
    let body_at = match head.parse(buffer).map_err(|_| bad("not an HTTP request"))? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial if buffer.len() > HEAD_MOST => return Err(bad("the head is too long")),
        httparse::Status::Partial => return Ok(None),
    };
    let mut request = Request::builder()
        .method(head.method.unwrap_or_default())
        .uri(head.path.unwrap_or_default())
        .version(if head.version == Some(0) {
            Version::HTTP_10
        } else {
            Version::HTTP_11
        });
    let mut length = 0;
    let mut keeps_alive = head.version == Some(1);
    for header in head.headers.iter() {
        let value = String::from_utf8_lossy(header.value);
        if header.name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| bad("the length is no number"))?;
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(bad("chunked requests are not taken"));
        } else if header.name.eq_ignore_ascii_case("connection") {
            keeps_alive = !value.to_ascii_lowercase().contains("close");
        }
        request = request.header(header.name, header.value);
    }
    if length > BODY_MOST {
        return Err(bad("the body is too long"));
    }
    if buffer.len() < body_at + length {
        return Ok(None);
    }
    let body = buffer[body_at..body_at + length].to_vec();
    let request = request.body(body).map_err(|_| bad("not an HTTP request"))?;
    buffer.drain(..body_at + length);
    Ok(Some((request, keeps_alive)))
}

/// Sends an answer, and says whether the connection can go on.
fn send(stream: &mut TcpStream, reply: &Reply, is_head: bool, shared: &Shared) -> io::Result<bool> {
    let body = reply.response.body().as_slice();
    let mut head = format!(
        "HTTP/1.1 {} {}\r\n",
        reply.response.status().as_u16(),
        reply.response.status().canonical_reason().unwrap_or("Unknown")
    )
    .into_bytes();
    for (name, value) in reply.response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    match reply.travel {
        Travel::Whole => {
            if !is_head {
                head.extend_from_slice(body);
            }
            stream.write_all(&head)?;
            Ok(true)
        }
        Travel::ResetBefore => {
            reset(stream)?;
            Ok(false)
        }
        Travel::ResetWithin(bytes) => {
            stream.write_all(&head)?;
            stream.write_all(&body[..bytes.min(body.len())])?;
            stream.flush()?;
            reset(stream)?;
            Ok(false)
        }
        Travel::Truncated(bytes) => {
            stream.write_all(&head)?;
            stream.write_all(&body[..bytes.min(body.len())])?;
            stream.shutdown(Shutdown::Write)?;
            // Closing at once with something unread would reset the connection instead.
            drain(stream, shared);
            Ok(false)
        }
        Travel::Slow(bytes_per_second) => {
            stream.write_all(&head)?;
            let per_tick = usize::try_from(bytes_per_second / 10).unwrap_or(1).max(1);
            for piece in body.chunks(per_tick) {
                stream.write_all(piece)?;
                wait(TICK, shared);
                if shared.stops.load(Ordering::SeqCst) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Travel::Silent => {
            drain(stream, shared);
            Ok(false)
        }
    }
}

/// Ends a connection with RST in place of FIN.
fn reset(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))
}

/// Waits until the client has gone, or rests too long, or the server stops.
fn drain(stream: &mut TcpStream, shared: &Shared) {
    let mut rested = Duration::ZERO;
    let mut chunk = [0; 4 * 1024];
    while rested < IDLE && !shared.stops.load(Ordering::SeqCst) {
        match stream.read(&mut chunk) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                rested += TICK;
            }
            Err(_) => return,
        }
    }
}

/// Sleeps in short steps, so that a server that stops is not waited for.
fn wait(duration: Duration, shared: &Shared) {
    let mut left = duration;
    while !left.is_zero() && !shared.stops.load(Ordering::SeqCst) {
        let step = left.min(TICK);
        std::thread::sleep(step);
        left -= step;
    }
}
