//! Which row is which: hashes, so that the ledger holds no address.

/// A row's identity: 128 bits of a keyed hash of tenant, trace id and recipient in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub [u8; 16]);

/// Makes the keys of one ledger.
#[derive(Clone)]
pub struct Keys {
    key: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Keys for a tenant under a salt. The salt is made with the ledger: without it, nobody can look for an address.
    #[must_use]
    pub fn new(tenant: &str, salt: [u8; 32]) -> Self {
        let tenant = tenant.to_lowercase();
        Self {
            key: *blake3::keyed_hash(&salt, tenant.as_bytes()).as_bytes(),
        }
    }

    /// The key of a row, whose trace id and recipient are spelled as in its event's id.
    #[must_use]
    pub fn of_row(&self, trace_id: &str, recipient: &str) -> Key {
        let mut text = Vec::with_capacity(trace_id.len() + recipient.len() + 16);
        feed(&mut text, trace_id.as_bytes());
        feed(&mut text, recipient.as_bytes());
        self.hash(&text)
    }

    /// The key of a row that does not say its trace id or recipient: all of its bytes.
    #[must_use]
    pub fn of_bytes(&self, line: &[u8]) -> Key {
        self.hash(line)
    }

    /// The hash of what may change in a row, given as it is written. `null`, `""` and nothing are the same.
    #[must_use]
    pub fn content(&self, values: [&[u8]; 3]) -> u64 {
        let mut text = Vec::with_capacity(64);
        for value in values {
            feed(
                &mut text,
                if matches!(value, b"null" | b"\"\"") {
                    b""
                } else {
                    value
                },
            );
        }
        let Key(hash) = self.hash(&text);
        let mut low = [0; 8];
        low.copy_from_slice(&hash[..8]);
        u64::from_le_bytes(low)
    }

    /// What a saved row says beside its status, in two halves: its size and the receiving server's address. A half is 0
    /// where the row does not say it. A number and its text are the same, and so are two spellings of an address.
    #[must_use]
    pub fn parts(&self, [_status, size, to_ip]: [&[u8]; 3]) -> u64 {
        let bare = |value: &[u8]| -> Vec<u8> {
            let inner = value
                .strip_prefix(b"\"")
                .and_then(|rest| rest.strip_suffix(b"\""))
                .unwrap_or(value);
            let inner = inner.trim_ascii();
            if inner == b"null" {
                Vec::new()
            } else {
                inner.to_ascii_lowercase()
            }
        };
        let size = bare(size);
        let digits = size.iter().skip_while(|&&byte| byte == b'0').copied().collect();
        let size: Vec<u8> = if size.is_empty() || size.iter().any(|byte| !byte.is_ascii_digit()) {
            size
        } else if size.iter().all(|&byte| byte == b'0') {
            b"0".to_vec()
        } else {
            digits
        };
        let to_ip = bare(to_ip);
        let address = std::str::from_utf8(&to_ip)
            .ok()
            .and_then(|text| text.parse::<std::net::IpAddr>().ok());
        let to_ip = address.map_or(to_ip, |address| address.to_canonical().to_string().into_bytes());
        let half = |value: &[u8]| -> u32 {
            if value.is_empty() {
                return 0;
            }
            let Key(hash) = self.hash(value);
            u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]).max(1)
        };
        u64::from(half(&size)) << 32 | u64::from(half(&to_ip))
    }

    /// The key under which a saved row is known by all that may change in it, so that what it said before is known too.
    #[must_use]
    pub fn of_variant(&self, key: Key, status: &str, parts: u64) -> Key {
        let mut text = Vec::with_capacity(64);
        feed(&mut text, b"variant");
        feed(&mut text, &key.0);
        feed(&mut text, status.to_lowercase().as_bytes());
        feed(&mut text, &parts.to_le_bytes());
        self.hash(&text)
    }

    fn hash(&self, text: &[u8]) -> Key {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::keyed_hash(&self.key, text).as_bytes()[..16]);
        Key(key)
    }
}

/// Appends a text with its length in front, so that no two lists of texts give the same bytes.
fn feed(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text);
}
