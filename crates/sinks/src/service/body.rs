//! Bodies: as many events as a request may hold.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use secrecy::zeroize::Zeroizing;

use super::super::{Batch, RefusedReason, SinkError};
use super::Service;

/// What one request may hold.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most events; at least 1.
    pub max_events: usize,
    /// Most bytes, before compression. An event that is larger by itself has a request of its own.
    pub max_bytes: usize,
    /// Most bytes of one event as it is encoded. A larger one is refused.
    pub max_event_bytes: usize,
}

/// What stands around and between the events of a body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame<'a> {
    /// Before the first.
    pub open: &'a [u8],
    /// Between two.
    pub between: &'a [u8],
    /// After the last.
    pub close: &'a [u8],
}

/// A body, and how many events are in it.
pub(super) struct Filled {
    /// May hold a secret.
    pub(super) body: Zeroizing<Vec<u8>>,
    pub(super) events: usize,
}

/// Writes the first events of a group into a body, as many as fit; never none.
///
/// # Errors
///
/// Why the first of them can never be sent.
pub(super) fn fill(service: &impl Service, batch: &Batch, group: &[usize]) -> Result<Filled, RefusedReason> {
    let Bounds {
        max_events,
        max_bytes,
        max_event_bytes,
    } = service.bounds();
    let Frame { open, between, close } = service.frame();
    let mut body = Zeroizing::new(open.to_vec());
    let mut events = 0;
    for event in group
        .iter()
        .take(max_events.max(1))
        .filter_map(|index| batch.event(*index))
    {
        let end = body.len();
        if events > 0 {
            body.extend_from_slice(between);
        }
        let start = body.len();
        let encoded = service.encode(event, &mut body);
        let is_larger = body.len() - start > max_event_bytes;
        let is_full = events > 0 && body.len() + close.len() > max_bytes;
        let reason = encoded
            .err()
            .or_else(|| (is_larger || is_full).then(|| service.too_large()));
        match reason {
            Some(reason) if events == 0 => return Err(reason),
            // It is the first of the next request.
            Some(_) => {
                body.truncate(end);
                break;
            }
            None => events += 1,
        }
    }
    body.extend_from_slice(close);
    Ok(Filled { body, events })
}

/// A body, compressed with gzip.
///
/// # Errors
///
/// Never in practice: it is written into memory.
pub(crate) fn compressed(plain: &[u8]) -> Result<Vec<u8>, SinkError> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .map_err(|_| SinkError::Internal("compression failed"))
}
