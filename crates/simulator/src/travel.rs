//! The last steps of an answer: the headers all answers carry, packing, and what breaks on the way.

use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue, header};

use crate::call::Call;
use crate::faults::{self, Fault};
use crate::reply::{Reply, RequestIds, Travel};

/// Puts on what every answer carries, and packs the body for a client that asked for it.
pub(crate) fn finish(reply: &mut Reply, now: DateTime<Utc>, call: &Call, ids: &RequestIds) {
    let gzip = call.takes_gzip && reply.response.body().len() > 1_024;
    if gzip && let Some(packed) = pack(reply.response.body()) {
        *reply.response.body_mut() = packed;
        reply
            .response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let headers = reply.response.headers_mut();
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put(header::DATE, &faults::http_date(now));
    put(header::CACHE_CONTROL, "no-cache");
    put(header::VARY, "Accept-Encoding");
    put(HeaderName::from_static("request-id"), &ids.request);
    put(HeaderName::from_static("client-request-id"), &ids.client);
    put(
        HeaderName::from_static("x-ms-ags-diagnostic"),
        "{\"ServerInfo\":{\"DataCenter\":\"West Europe\",\"Slice\":\"E\",\"Ring\":\"5\",\"ScaleUnit\":\"001\",\
         \"RoleInstance\":\"SIM0000000001\"}}",
    );
}

fn pack(body: &[u8]) -> Option<Vec<u8>> {
    use std::io::Write as _;
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// Lets a fault of the connection do its harm.
pub(crate) fn cut(reply: &mut Reply, fault: &Fault) {
    let length = reply.response.body().len();
    let share = |per_mille: u32| {
        let bytes = length as u64 * u64::from(per_mille.min(1_000)) / 1_000;
        // The last byte never arrives, else nothing would be wrong.
        usize::try_from(bytes)
            .unwrap_or(length)
            .min(length.saturating_sub(1))
    };
    reply.travel = match fault {
        Fault::ResetBefore => Travel::ResetBefore,
        Fault::ResetWithin(per_mille) => Travel::ResetWithin(share(*per_mille)),
        Fault::Truncated(per_mille) => Travel::Truncated(share(*per_mille)),
        Fault::Slow(bytes) => Travel::Slow((*bytes).max(1)),
        Fault::Silent => Travel::Silent,
        _ => return,
    };
}
