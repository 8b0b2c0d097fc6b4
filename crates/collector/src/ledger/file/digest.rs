//! Digests over the tables: what tells a damaged file from a whole one.

use rusqlite::Connection;

use crate::ledger::Known;

/// The digest of a set of rows: how many they are, and the sum of their hashes, so that a row can be added and taken out
/// without the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest([u64; 5]);

impl Digest {
    /// How many rows it is of.
    pub(super) fn rows(self) -> u64 {
        self.0[4]
    }

    pub(super) fn add(&mut self, row: &Self) {
        for (sum, part) in self.0.iter_mut().zip(row.0) {
            *sum = sum.wrapping_add(part);
        }
    }

    pub(super) fn remove(&mut self, row: &Self) {
        for (sum, part) in self.0.iter_mut().zip(row.0) {
            *sum = sum.wrapping_sub(part);
        }
    }

    /// A digest as it was written; `None` if it is of another length.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 40] = bytes.try_into().ok()?;
        let mut digest = Self::default();
        for (part, chunk) in digest.0.iter_mut().zip(bytes.chunks_exact(8)) {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            *part = u64::from_le_bytes(word);
        }
        Some(digest)
    }

    pub(super) fn to_bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        for (chunk, part) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&part.to_le_bytes());
        }
        bytes
    }
}

/// The hash of one row of the table `row`.
pub(super) fn of_row(key: &[u8; 16], known: &Known, received_s: i64) -> Digest {
    let mut bytes = [0_u8; 96];
    bytes[..16].copy_from_slice(key);
    bytes[16..24].copy_from_slice(&known.content.to_le_bytes());
    bytes[24..32].copy_from_slice(&known.sequence.to_le_bytes());
    bytes[32..40].copy_from_slice(&received_s.to_le_bytes());
    let status = known.status.as_bytes();
    bytes[40..48].copy_from_slice(&(status.len() as u64).to_le_bytes());
    let hash = if let Some(room) = bytes[48..].get_mut(..status.len()) {
        room.copy_from_slice(status);
        blake3::hash(&bytes)
    } else {
        blake3::Hasher::new().update(&bytes).update(status).finalize()
    };
    let mut digest = Digest([0, 0, 0, 0, 1]);
    for (part, chunk) in digest.0.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        *part = u64::from_le_bytes(word);
    }
    digest
}

/// The digest of the table `row` as it stands in the file.
pub(super) fn of_rows(connection: &Connection) -> rusqlite::Result<Digest> {
    let mut digest = Digest::default();
    let mut statement = connection.prepare("SELECT content, sequence, status, key, received_s FROM row")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        digest.add(&of_row(
            &row.get::<_, [u8; 16]>(3)?,
            &super::read_known(row)?,
            row.get(4)?,
        ));
    }
    Ok(digest)
}

/// The digest of everything else, the digest of the rows included.
pub(super) fn of_state(connection: &Connection) -> rusqlite::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    for sql in [
        "SELECT owner, salt, epoch, floor_s, paused_until_ms, paused_for_ms, skew_ms, sequence_base, rows_digest FROM ledger",
        "SELECT start_s, end_s, read_s FROM coverage ORDER BY start_s",
        "SELECT start_s, end_s, reason, found_ms FROM gap ORDER BY start_s, end_s, found_ms",
        "SELECT at_ms FROM charge ORDER BY at_ms",
    ] {
        let mut statement = connection.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                feed(&mut hasher, row.get_ref(column)?);
            }
        }
        hasher.update(b"end of table");
    }
    Ok(*hasher.finalize().as_bytes())
}

fn feed(hasher: &mut blake3::Hasher, value: rusqlite::types::ValueRef<'_>) {
    use rusqlite::types::ValueRef as V;
    let (kind, bytes): (u8, &[u8]) = match value {
        V::Null => (0, &[]),
        V::Integer(number) => {
            hasher.update(&[1]).update(&number.to_le_bytes());
            return;
        }
        V::Real(number) => {
            hasher.update(&[2]).update(&number.to_le_bytes());
            return;
        }
        V::Text(text) => (3, text),
        V::Blob(blob) => (4, blob),
    };
    hasher
        .update(&[kind])
        .update(&(bytes.len() as u64).to_le_bytes())
        .update(bytes);
}
