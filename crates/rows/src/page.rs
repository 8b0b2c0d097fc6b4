//! A response cut into its rows, each byte for byte as it came.

use std::ops::Range;

use message_trace::EventIds;

use super::scan::Scan;
use super::{Key, Keys, Layout};

/// One response that holds rows. Owns the body; rows point into it.
#[derive(Debug)]
pub struct Page {
    body: Vec<u8>,
    /// The rows' event ids, one behind the other.
    ids: String,
    rows: Vec<Row>,
    next_link: Option<String>,
}

/// What polling reads of a row. The rest is the component's business.
#[derive(Clone, Debug)]
pub struct Row {
    place: Range<u32>,
    status: Range<u32>,
    /// Where its event's id stands among the page's; empty if its event has none.
    id: Range<u32>,
    /// When the message was received, in microseconds since 1970-01-01 UTC; `None` if the row does not say.
    pub received_us: Option<i64>,
    /// Which row this is: a hash of tenant, trace id and recipient, as its event's id spells them. A row that does not
    /// say both is known by all of its bytes instead.
    pub key: Key,
    /// A hash of what may change in place: status, size, toIP.
    pub content: u64,
}

impl Row {
    /// The second the row was received in, since 1970-01-01 UTC.
    #[must_use]
    pub fn received_s(&self) -> Option<i64> {
        self.received_us.map(|us| us.div_euclid(1_000_000))
    }
}

impl Page {
    /// Cuts a body into rows. `None` if it is not a whole JSON object with an array of rows: such a body was cut short or
    /// is not the service's.
    #[must_use]
    pub fn parse(body: Vec<u8>, keys: &Keys, layout: &Layout) -> Option<Self> {
        let mut scan = Scan::new(&body);
        let (mut value, mut next_link, envelope) = members(&body, &mut scan, layout)?;
        if !scan.is_at_end() || u32::try_from(body.len()).is_err() {
            return None;
        }
        if let (None, Some(place)) = (&value, envelope) {
            if body[place.start] == b'[' {
                value = Some(place);
            } else {
                (value, next_link, _) = members(&body, &mut Scan::at(&body, place.start), layout)?;
            }
        }
        let next_link = match next_link.map(|place| &body[place]) {
            None | Some(b"null" | b"\"\"") => None,
            Some(text) => Some(serde_json::from_slice::<String>(text).ok()?),
        };
        let mut rows = Vec::new();
        let value = value?;
        let mut reading = Reading {
            body: &body,
            keys,
            layout,
            event_ids: EventIds::default(),
            ids: String::new(),
        };
        Scan::at(&body, value.start).items(|place| rows.push(reading.row(place)))?;
        let ids = reading.ids;
        Some(Self {
            body,
            ids,
            rows,
            next_link,
        })
    }

    /// A page of rows that were cut apart already. `None` if they are more than a page can hold, 4 GiB.
    #[must_use]
    pub fn of_rows(lines: &[Vec<u8>], keys: &Keys) -> Option<Self> {
        let body = lines.concat();
        u32::try_from(body.len()).ok()?;
        let mut reading = Reading {
            body: &body,
            keys,
            layout: &Layout::SAVED,
            event_ids: EventIds::default(),
            ids: String::new(),
        };
        let mut start = 0;
        let mut rows = Vec::with_capacity(lines.len());
        for line in lines {
            rows.push(reading.row(start..start + line.len()));
            start += line.len();
        }
        let ids = reading.ids;
        Some(Self {
            body,
            ids,
            rows,
            next_link: None,
        })
    }

    /// The rows in the order of the response: newest first.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Where the next page is, as the service wrote it. Not checked.
    #[must_use]
    pub fn next_link(&self) -> Option<&str> {
        self.next_link.as_deref()
    }

    /// The bytes of a row, as they came.
    ///
    /// # Panics
    ///
    /// When the row is of another page.
    #[must_use]
    pub fn line(&self, row: &Row) -> &[u8] {
        &self.body[wide(&row.place)]
    }

    /// The row's status word as written; empty if it has none.
    ///
    /// # Panics
    ///
    /// When the row is of another page.
    #[must_use]
    pub fn status(&self, row: &Row) -> String {
        text(&self.body[wide(&row.status)]).unwrap_or_default()
    }

    /// What a sink knows the row's event by: the id that the event itself has. A row that gives no event is named by what
    /// it says of itself in the same order; one that says too little by its line's hash.
    ///
    /// # Panics
    ///
    /// When the row is of another page.
    #[must_use]
    pub fn event_id(&self, row: &Row) -> String {
        let id = &self.ids[wide(&row.id)];
        if id.is_empty() {
            return blake3::hash(self.line(row)).to_hex().to_string();
        }
        id.to_owned()
    }

    /// How many bytes the page holds in memory for its body.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.body.len()
    }
}

/// Where an object has its rows, its next link and the object around both.
type Members = (Option<Range<usize>>, Option<Range<usize>>, Option<Range<usize>>);

fn members(body: &[u8], scan: &mut Scan<'_>, layout: &Layout) -> Option<Members> {
    let (mut rows, mut next, mut envelope) = (None, None, None);
    let is_one_of = |names: &[&str], key: &[u8]| names.iter().any(|name| name.as_bytes() == key);
    scan.members(|key, place| {
        let key = &body[key];
        if is_one_of(layout.rows, key) {
            rows = Some(place);
        } else if is_one_of(layout.next, key) {
            next = Some(place);
        } else if layout.envelope.is_some_and(|name| name.as_bytes() == key) {
            envelope = Some(place);
        }
    })?;
    Some((rows, next, envelope))
}

/// A page whose rows are being read.
struct Reading<'a> {
    body: &'a [u8],
    keys: &'a Keys,
    layout: &'a Layout,
    event_ids: EventIds,
    ids: String,
}

impl Reading<'_> {
    fn row(&mut self, place: Range<usize>) -> Row {
        let line = &self.body[place.clone()];
        let mut places: [Range<usize>; 6] = std::array::from_fn(|_| 0..0);
        // A key that comes twice: the last one counts, as everywhere.
        let is_object = Scan::new(line)
            .members(|key, value| {
                let key = &line[key];
                let names = self.layout.fields.iter();
                let is_named = |names: &&[&str]| names.iter().any(|name| name.as_bytes() == key);
                if let Some(at) = names.into_iter().position(is_named) {
                    places[at] = value;
                }
            })
            .is_some();
        let [id, recipient, received, status, size, to_ip] = places;
        let start = self.ids.len();
        let event_id = self.event_ids.read(line);
        let key = match &event_id {
            Some(event_id) => {
                self.ids.push_str(event_id.as_str());
                match event_id.row().split_once('/') {
                    Some((id, recipient)) if !recipient.is_empty() => self.keys.of_row(id, recipient),
                    _ => self.keys.of_bytes(line),
                }
            }
            // No event comes of it, so that no id can differ: what it says of itself helps whoever finds it in the dead
            // letter.
            None => match (text(&line[id]), text(&line[recipient])) {
                (Some(id), Some(recipient)) if is_object => {
                    let (id, recipient) = (id.to_lowercase(), recipient.to_lowercase());
                    let status = text(&line[status.clone()]).unwrap_or_default().to_lowercase();
                    self.ids.extend([&id, "/", &recipient, "/", &status]);
                    self.keys.of_row(&id, &recipient)
                }
                _ => self.keys.of_bytes(line),
            },
        };
        let received_us = text(&line[received]).and_then(|time| (self.layout.time)(time.as_bytes()));
        let content = (self.layout.content)(self.keys, [&line[status.clone()], &line[size], &line[to_ip]]);
        let shift = |range: &Range<usize>| narrow(&(range.start + place.start..range.end + place.start));
        Row {
            status: shift(&status),
            id: narrow(&(start..self.ids.len())),
            place: narrow(&place),
            received_us,
            key,
            content,
        }
    }
}

/// The text of a JSON string that is not empty; `None` for every other value.
fn text(value: &[u8]) -> Option<String> {
    let [b'"', inner @ .., b'"'] = value else {
        return None;
    };
    if inner.is_empty() {
        return None;
    }
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(str::to_owned);
    }
    serde_json::from_slice(value).ok()
}

/// The parser has checked that a body fits into 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "places are inside a body of checked length"
)]
fn narrow(range: &Range<usize>) -> Range<u32> {
    range.start as u32..range.end as u32
}

fn wide(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn page(body: &str) -> Option<Page> {
        Page::parse(
            body.as_bytes().to_vec(),
            &Keys::new("tenant", [7; 32]),
            &Layout::GRAPH,
        )
    }

    const ROW: &str = r#"{ "id":"4451a062-48cb-e80d-e8c0-196330437ae6", "recipientAddress":"Ada@example.com","receivedDateTime":"2025-06-13T10:30:00.5Z","size":1,"toIP":"","status":"delivered"}"#;

    #[test]
    fn rows_keep_their_bytes() {
        let body = format!(
            "{{\"@odata.context\":\"x\",\"value\":[{ROW} ,\n{ROW}],\"@odata.nextLink\":\"https:\\/\\/a\"}}"
        );
        let page = page(&body).unwrap();
        assert_eq!(page.rows().len(), 2);
        assert_eq!(page.line(&page.rows()[1]), ROW.as_bytes());
        assert_eq!(page.status(&page.rows()[0]), "delivered");
        assert_eq!(page.next_link(), Some("https://a"));
        assert_eq!(page.rows()[0].received_s(), Some(1_749_810_600));
    }

    #[test]
    fn the_key_forgets_the_case_and_the_content_does_not_forget_the_status() {
        let other = ROW.replace("Ada@", "aDA@").replace("4451a062", "4451A062");
        let changed = ROW.replace("delivered", "failed");
        let body = format!("{{\"value\":[{ROW},{other},{changed}]}}");
        let page = page(&body).unwrap();
        let rows = page.rows();
        assert_eq!(rows[0].key, rows[1].key);
        assert_eq!(rows[0].content, rows[1].content);
        assert_eq!(rows[0].key, rows[2].key);
        assert_ne!(rows[0].content, rows[2].content);
    }

    #[test]
    fn the_event_id_has_one_spelling() {
        let page = page(&format!("{{\"value\":[{ROW},null]}}")).unwrap();
        let id = "4451a062-48cb-e80d-e8c0-196330437ae6";
        assert_eq!(
            page.event_id(&page.rows()[0]),
            format!("{id}/ada@example.com/delivered")
        );
        assert_eq!(page.event_id(&page.rows()[1]).len(), 64);
    }

    #[test]
    fn recipients_of_one_message_are_different_rows() {
        let other = ROW.replace("Ada@", "Bob@");
        let page = page(&format!("{{\"value\":[{ROW},{other}]}}")).unwrap();
        assert_ne!(page.rows()[0].key, page.rows()[1].key);
    }

    #[test]
    fn a_malformed_row_does_not_cost_its_page() {
        let body = format!("{{\"value\":[{ROW},null,42,\"text\",{{\"id\":1e}},[1,{{}}],{ROW}]}}");
        let page = page(&body).unwrap();
        assert_eq!(page.rows().len(), 7);
        assert_eq!(page.line(&page.rows()[4]), br#"{"id":1e}"#);
        assert_eq!(page.line(&page.rows()[6]), ROW.as_bytes());
        assert_eq!(page.rows()[1].received_us, None);
        assert_ne!(page.rows()[1].key, page.rows()[2].key);
    }

    #[test]
    fn bad_utf8_in_a_row_does_not_cost_its_page() {
        let mut body = b"{\"value\":[{\"id\":\"\xff\",\"subject\":\"\xc0\\\"]}\"}]}".to_vec();
        body.push(b'\n');
        let page = Page::parse(body, &Keys::new("tenant", [7; 32]), &Layout::GRAPH).unwrap();
        assert_eq!(page.rows().len(), 1);
    }

    #[test]
    fn what_is_cut_short_is_no_page() {
        let body = format!("{{\"value\":[{ROW},{ROW}],\"@odata.nextLink\":\"https://a/b\"}}");
        for end in 0..body.len() {
            assert!(page(&body[..end]).is_none(), "cut at {end}");
        }
        assert!(page(&body).is_some());
        assert!(page(&format!("{body}x")).is_none());
        assert!(page("<html>").is_none());
        assert!(page("[]").is_none());
        assert!(page("{\"error\":{}}").is_none());
    }

    #[test]
    fn an_empty_page_may_have_a_next_link() {
        let page = page("{\"value\":[],\"@odata.nextLink\":\"https://a/b\"}").unwrap();
        assert!(page.rows().is_empty());
        assert_eq!(page.next_link(), Some("https://a/b"));
    }

    /// The three forms in which the Reporting Web Service is known to answer.
    #[test]
    fn a_report_is_read_in_all_its_forms() {
        let row = |received: &str| {
            format!(
                r#"{{"__metadata":{{"id":"x(0)"}},"Organization":"o","MessageId":"<m>","Received":"{received}","SenderAddress":"a@example.com","RecipientAddress":"Ada@example.com","Subject":null,"Status":"Delivered","ToIP":null,"FromIP":"192.0.2.1","Size":1,"MessageTraceId":"4451a062-48cb-e80d-e8c0-196330437ae6","StartDate":"2022-11-27T17:08:26.8492706Z","EndDate":"2022-11-29T17:08:26.8492706Z","Index":0}}"#
            )
        };
        let verbose = row("/Date(1749810600500)/");
        let light = row("2025-06-13T10:30:00.5000001");
        for (body, line) in [
            (
                format!("{{\"d\":{{\"results\":[{verbose}],\"__next\":\"https://a/b\"}}}}"),
                &verbose,
            ),
            (format!("{{\"d\":[{verbose}]}}"), &verbose),
            (
                format!(
                    "{{\"odata.metadata\":\"x\",\"value\":[{light}],\"odata.nextLink\":\"https://a/b\"}}"
                ),
                &light,
            ),
        ] {
            let keys = Keys::new("tenant", [7; 32]);
            let page = Page::parse(body.clone().into_bytes(), &keys, &Layout::REPORTING).unwrap();
            let row = page.rows().first().unwrap();
            assert_eq!(page.line(row), line.as_bytes());
            assert_eq!(row.received_us, Some(1_749_810_600_500_000));
            assert_eq!(page.status(row), "Delivered");
            assert_eq!(
                page.event_id(row),
                "4451a062-48cb-e80d-e8c0-196330437ae6/ada@example.com/delivered"
            );
            assert_eq!(page.next_link().is_some(), body.contains("https://a/b"));
            for end in 0..body.len() {
                assert!(Page::parse(body.as_bytes()[..end].to_vec(), &keys, &Layout::REPORTING).is_none());
            }
        }
    }
}
