//! Looking through text.

use super::{BLOCK, Block, STRIDE};

/// Whether a byte can stand in a JSON string as it is.
#[inline]
pub(crate) const fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// How many bytes of `bytes[at..]` are plain, up to the first that is not.
pub(crate) fn plain_len(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let mut done = 0;
    while rest.len() - done >= STRIDE {
        // SAFETY: a stride is left behind `done`, as was just checked.
        let blocks = core::array::from_fn(|i| unsafe { Block::load(rest.as_ptr().add(done + i * BLOCK)) });
        let plain = Block::plain_bytes(blocks);
        done += plain;
        if plain < STRIDE {
            return done;
        }
    }
    done + rest[done..].iter().take_while(|&&byte| is_plain(byte)).count()
}

/// The bytes as text.
///
/// # Errors
///
/// The bytes, where they are no UTF-8.
#[cfg(any(test, all(target_family = "wasm", feature = "component")))]
pub(crate) fn into_text(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    if !is_utf8(&bytes) {
        return Err(bytes);
    }
    // SAFETY: it is UTF-8, as was just found.
    Ok(unsafe { String::from_utf8_unchecked(bytes) })
}

/// Whether bytes are UTF-8. Asks the standard library only about stretches that are not ASCII: no character reaches from
/// one of them into what is.
#[cfg(any(test, all(target_family = "wasm", feature = "component")))]
fn is_utf8(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut stretch = None;
    for (i, block) in blocks.iter().enumerate() {
        // SAFETY: sixteen bytes are there.
        if unsafe { Block::load(block.as_ptr()) }.has_non_ascii() {
            stretch = stretch.or(Some(i * BLOCK));
        } else if let Some(start) = stretch.take()
            && core::str::from_utf8(&bytes[start..i * BLOCK]).is_err()
        {
            return false;
        }
    }
    core::str::from_utf8(&bytes[stretch.unwrap_or(bytes.len() - rest.len())..]).is_ok()
}
