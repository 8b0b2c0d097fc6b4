//! Rows from a seed: the same seed gives the same rows, on every machine.

use core::fmt::Write as _;

/// How the rows look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Rows as a tenant has them. All become events.
    Realistic,
    /// Rows with everything that is allowed and much that is not.
    Nasty,
}

/// A source of rows.
#[derive(Clone, Debug)]
pub struct Generator {
    state: u64,
    style: Style,
}

const LOCAL: [&str; 8] = [
    "alice",
    "bob.builder",
    "carol+news",
    "dan.o'connor",
    "eve_1",
    "no-reply",
    "postmaster",
    "f.g.h",
];
const DOMAINS: [&str; 6] = [
    "example.com",
    "example.net",
    "example.org",
    "mail.example.com",
    "EXAMPLE.com",
    "sub.example.net",
];
const WORDS: [&str; 12] = [
    "Quarterly",
    "report",
    "Re:",
    "invoice",
    "meeting",
    "notes",
    "Überweisung",
    "見積書",
    "🎉",
    "today",
    "déjà",
    "vu",
];
const STATUSES: [&str; 11] = [
    "delivered",
    "delivered",
    "delivered",
    "failed",
    "pending",
    "gettingStatus",
    "expanded",
    "quarantined",
    "filteredAsSpam",
    "recalled",
    "unknownFutureValue",
];
const NASTY_TEXTS: [&str; 30] = [
    "\"low low \\udc00\\udc01\\ud83d\"",
    "\"4451a062x48cbx480dx8196x330437ae6000\"",
    "\"<>\"",
    "\"\"",
    "null",
    "\"a\\\"b@c\\\"@Example.ORG\"",
    "\"\\u0041lice\\u0040example.com\"",
    "\"\\ud83d\\ude00 pair\"",
    "\"\\ud83d lone\"",
    "\"low \\ude00\"",
    "\"\\ud83d\\ud83d\\ude00\"",
    "\"tab\\tnew\\nline\\r\\b\\f\\/\\\\\"",
    "\"\\u0000\\u001f\\u007f\\u2028\"",
    "\"@example.com\"",
    "\"user@\"",
    "\"no at sign\"",
    "\"ÄÖÜ@BÜCHER.EXAMPLE\"",
    "\"ΌΔΟΣ@example.com\"",
    "\"İ@example.com\"",
    "42",
    "-1.5e+300",
    "1e99999",
    "true",
    "{\"a\":[1,{\"b\":null}]}",
    "[]",
    "[\"x\",[[]]]",
    "\"  spaces  \"",
    "\"\u{7f}\u{80}\u{feff}\u{202e}\"",
    "\"{11111111-AAAA-4111-8111-111111111111}\"",
    "\"(11111111AAAA41118111111111111111)\"",
];
const NASTY_SIZES: [&str; 14] = [
    "0",
    "-1",
    "-0",
    "1.5",
    "1e3",
    "\"123\"",
    "\"007\"",
    "\"+5\"",
    "\" 5\"",
    "9223372036854775807",
    "9223372036854775808",
    "\"99999999999999999999999\"",
    "null",
    "[1]",
];
const NASTY_IPS: [&str; 22] = [
    "\"192.0.2.1\"",
    "\"2001:db8::1\"",
    "\"2001:DB8:0:0:1:0:0:1\"",
    "\"[2001:db8::1]\"",
    "\"[2001:db8::1%eth0]\"",
    "\"[2001:db8::1]%eth0\"",
    "\"fe80::1%2\"",
    "\"fe80::1%\"",
    "\"::ffff:192.0.2.1\"",
    "\"::FFFF:C000:0201\"",
    "\"[::ffff:192.0.2.1]\"",
    "\"::192.0.2.1\"",
    "\"::\"",
    "\"1:2:3:4:5:6:7:8:9\"",
    "\"01.2.3.4\"",
    "\"1.2.3\"",
    "\"256.1.1.1\"",
    "\"[192.0.2.1]\"",
    "\"192.0.2.1%eth0\"",
    "\" 192.0.2.1\"",
    "\"unknown\"",
    "7",
];
const NASTY_TIMES: [&str; 35] = [
    "\"2025-06-13T10:30:59.0000000001Z\"",
    "\"2025-06-13T10:30:00Z\"",
    "\"2025-06-13T10:30:00\"",
    "\"2025-06-13t10:30:00z\"",
    "\"2025-06-13 10:30:00.1Z\"",
    "\"2025-06-13T10:30:00.123456789+05:30\"",
    "\"2025-06-13T10:30:00.1234567890Z\"",
    "\"2025-06-13T10:30:00.Z\"",
    "\"2025-06-13T10:30:00.0000009Z\"",
    "\"2025-06-13T24:00:00Z\"",
    "\"2016-12-31T23:59:60Z\"",
    "\"2016-12-31T23:59:61Z\"",
    "\"2024-02-29T00:00:00-23:59\"",
    "\"2023-02-29T00:00:00Z\"",
    "\"1900-02-29T00:00:00Z\"",
    "\"2000-02-29T00:00:00+24:00\"",
    "\"0000-12-31T23:59:59-01:00\"",
    "\"0001-01-01T00:00:00+00:01\"",
    "\"9999-12-31T23:59:59-00:01\"",
    "\"9999-12-31T23:59:59.999999999Z\"",
    "\"2025-6-13T10:30:00Z\"",
    "\"2025-06-13\"",
    "\"2025-06-13T10:30Z\"",
    "\"2025-06-13T10:30:00+0100\"",
    "\"/Date(0)/\"",
    "\"\\/Date(1658751973240)\\/\"",
    "\"/Date(-1)/\"",
    "\"/Date(-62135596800000)/\"",
    "\"/Date(-62135596800001)/\"",
    "\"/Date(253402300799999+0200)/\"",
    "\"/Date(253402300800000)/\"",
    "\"/Date()/\"",
    "\"/Date(12x)/\"",
    "1658751973240",
    "null",
];

impl Generator {
    /// Starts at a seed.
    #[must_use]
    pub const fn new(seed: u64, style: Style) -> Self {
        Self { state: seed, style }
    }

    /// The next row, without a line feed: Graph and reporting in turn by chance.
    pub fn row(&mut self) -> String {
        let members = if self.chance(2) {
            self.graph()
        } else {
            self.reporting()
        };
        self.object(members)
    }

    /// The next number (splitmix64).
    pub const fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is above zero.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.number() % limit as u64).unwrap_or_default()
    }

    /// One of them.
    pub fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// True once in so many times.
    pub fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn graph(&mut self) -> Vec<(&'static str, String)> {
        let mut members = Vec::new();
        if self.chance(4) {
            members.push((
                "@odata.type",
                "\"#microsoft.graph.exchangeMessageTrace\"".to_owned(),
            ));
        }
        members.push(("id", self.guid()));
        members.push(("senderAddress", self.address()));
        members.push(("recipientAddress", self.address()));
        members.push(("messageId", self.message_id()));
        members.push(("receivedDateTime", self.time(true)));
        members.push(("subject", self.subject()));
        members.push(("size", self.size()));
        members.push(("fromIP", self.ip()));
        members.push(("toIP", self.ip()));
        members.push(("status", self.status(false)));
        members
    }

    fn reporting(&mut self) -> Vec<(&'static str, String)> {
        let mut members = Vec::new();
        if self.chance(2) {
            let metadata = "{\"id\":\"https://reports.example.com/MessageTrace(0)\",\"type\":\"TenantReporting.MessageTrace\"}";
            members.push(("__metadata", metadata.to_owned()));
        }
        members.push(("Organization", self.text_or_nasty("example.onmicrosoft.com")));
        members.push(("MessageId", self.message_id()));
        members.push(("Received", self.time(false)));
        members.push(("SenderAddress", self.address()));
        members.push(("RecipientAddress", self.address()));
        members.push(("Subject", self.subject()));
        members.push(("Status", self.status(true)));
        members.push(("ToIP", self.ip()));
        members.push(("FromIP", self.ip()));
        members.push(("Size", self.size()));
        members.push(("MessageTraceId", self.guid()));
        members.push(("StartDate", "\"/Date(1658579297628)/\"".to_owned()));
        members.push(("EndDate", "\"/Date(1658752097628)/\"".to_owned()));
        members.push(("Index", self.below(2000).to_string()));
        if self.is_nasty(4) {
            members.push(("custom_data", self.text_or_nasty("S:SFA=SUM|DT=12;S:A=b")));
            members.push(("original_client_ip", self.ip()));
            members.push(("directionality", self.text_or_nasty("Incoming")));
            members.push(("connector_id", self.text_or_nasty("To partners")));
            members.push(("delivery_priority", self.text_or_nasty("Normal")));
        }
        members
    }

    fn object(&mut self, mut members: Vec<(&'static str, String)>) -> String {
        if self.is_nasty(3) {
            for index in (1..members.len()).rev() {
                members.swap(index, self.below(index + 1));
            }
        }
        if self.is_nasty(4) {
            members.remove(self.below(members.len()));
        }
        if self.is_nasty(4) {
            let (key, _) = members[self.below(members.len())];
            let value = self.pick(&NASTY_TEXTS).to_owned();
            members.push((key, value));
        }
        if self.is_nasty(20) {
            members.clear();
        }
        let [comma, colon] = match self.below(3) {
            0 => [", ", ": "],
            1 if self.is_nasty(2) => ["\t, ", " :\r"],
            _ => [",", ":"],
        };
        let mut row = String::from("{");
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                row.push_str(comma);
            }
            if self.is_nasty(40) {
                let first = key.chars().next().map(u32::from).unwrap_or_default();
                // Writing to a String cannot fail.
                let _ = write!(row, "\"\\u{first:04x}{}\"", &key[1..]);
            } else {
                let _ = write!(row, "\"{key}\"");
            }
            row.push_str(colon);
            row.push_str(value);
        }
        row.push('}');
        row
    }

    fn is_nasty(&mut self, of: usize) -> bool {
        self.style == Style::Nasty && self.chance(of)
    }

    fn text_or_nasty(&mut self, text: &str) -> String {
        if self.is_nasty(4) {
            self.pick(&NASTY_TEXTS).to_owned()
        } else {
            format!("\"{text}\"")
        }
    }

    fn address(&mut self) -> String {
        let address = format!("{}@{}", self.pick(&LOCAL), self.pick(&DOMAINS));
        self.text_or_nasty(&address)
    }

    fn message_id(&mut self) -> String {
        let id = format!(
            "{:016x}.{:x}@mail.example.net",
            self.number(),
            self.below(1 << 20)
        );
        match self.below(8) {
            0 => format!("\"\\u003c{id}\\u003e\""),
            1 => format!("\"{id}\""),
            2 => "null".to_owned(),
            _ => self.text_or_nasty(&format!("<{id}>")),
        }
    }

    fn guid(&mut self) -> String {
        let (high, low) = (self.number(), self.number());
        let hex = format!("{high:016x}{low:016x}");
        let dashed = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        let spelled = match self.below(8) {
            0 => hex,
            1 => dashed.to_uppercase(),
            _ => dashed,
        };
        self.text_or_nasty(&spelled)
    }

    fn subject(&mut self) -> String {
        if self.chance(12) {
            return self
                .pick(&["null", "\"\"", "\"\\u0026 \\\"quoted\\\" \\u003cb\\u003e\""])
                .to_owned();
        }
        let count = self.below(10) + 1;
        let words: Vec<&str> = (0..count).map(|_| self.pick(&WORDS)).collect();
        self.text_or_nasty(&words.join(" "))
    }

    fn size(&mut self) -> String {
        if self.is_nasty(3) {
            return self.pick(&NASTY_SIZES).to_owned();
        }
        self.below(30_000_000).to_string()
    }

    fn ip(&mut self) -> String {
        if self.is_nasty(2) {
            return self.pick(&NASTY_IPS).to_owned();
        }
        match self.below(4) {
            0 => self.pick(&["null", "\"\""]).to_owned(),
            1 => format!("\"2001:db8:{:x}::{:x}\"", self.below(65_536), self.below(65_536)),
            _ => format!(
                "\"{}.{}\"",
                self.pick(&["192.0.2", "198.51.100", "203.0.113"]),
                self.below(256)
            ),
        }
    }

    fn status(&mut self, pascal: bool) -> String {
        let word = self.pick(&STATUSES);
        let word = if pascal {
            format!("{}{}", word[..1].to_uppercase(), &word[1..])
        } else {
            word.to_owned()
        };
        if self.is_nasty(12) {
            return self
                .pick(&[
                    "\"DeferredByPolicy\"",
                    "\"ÉtatInconnu\"",
                    "\"ΣΑΣ\"",
                    "\"DELIVERED\"",
                    "3",
                ])
                .to_owned();
        }
        self.text_or_nasty(&word)
    }

    fn time(&mut self, graph: bool) -> String {
        if self.is_nasty(3) {
            return self.pick(&NASTY_TIMES).to_owned();
        }
        let date = format!(
            "20{:02}-{:02}-{:02}T{:02}:{:02}:{:02}",
            self.below(30),
            self.below(12) + 1,
            self.below(28) + 1,
            self.below(24),
            self.below(60),
            self.below(60)
        );
        let fraction = match self.below(10) {
            0 => String::new(),
            digits => format!(".{:09}", self.below(1_000_000_000))[..=digits].to_owned(),
        };
        if graph {
            let zone = if self.chance(8) {
                self.pick(&["+02:00", "-08:00", "+05:30", "+00:00"])
            } else {
                "Z"
            };
            return format!("\"{date}{fraction}{zone}\"");
        }
        let milliseconds = 1_600_000_000_000 + self.below(200_000_000_000);
        match self.below(5) {
            0 => format!("\"{date}{fraction}\""),
            1 => format!("\"{date}{fraction}Z\""),
            2 => format!("\"\\/Date({milliseconds})\\/\""),
            3 => format!("\"/Date({milliseconds}+0200)/\""),
            _ => format!("\"/Date({milliseconds})/\""),
        }
    }
}
