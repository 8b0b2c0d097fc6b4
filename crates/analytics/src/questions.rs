//! The questions: one file of SQL each, compiled in.

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// What `query` calls it.
    pub name: &'static str,
    /// Its SQL; begins with its purpose and its columns.
    pub sql: &'static str,
}

impl Question {
    /// What it answers, in one line.
    #[must_use]
    pub fn purpose(&self) -> &'static str {
        self.sql.lines().next().unwrap_or("").trim_start_matches("-- ")
    }

    /// Whether it needs a first day (`$since`).
    #[must_use]
    pub fn needs_since(&self) -> bool {
        self.sql.contains("$since")
    }
}

macro_rules! questions {
    ($($name:literal)*) => {
        /// Every question, in the order in which they are listed.
        pub const QUESTIONS: &[Question] = &[$(Question { name: $name, sql: include_str!(concat!("../sql/", $name, ".sql")) },)*];
    };
}

questions! {
    "top-senders" "top-recipients" "mail-flow" "direction" "largest" "failures" "baseline-article" "baseline" "fan-out"
    "first-contact" "own-private-address" "large-to-one" "recipient-enumeration" "backscatter" "quarantined-then-delivered"
    "lookalikes" "new-since"
}
