//! Finds domains that imitate a protected one.
//!
//! Two ways, one after the other: a set of everything that dnstwist's families make of the protected domains
//! (exact: 100 % of them, found by one look), and a comparison of how a label reads for what no generator lists.
//!
//! ```
//! use message_trace_lookalike::{Family, Lookalikes};
//! let ours = Lookalikes::new(&["contoso.com"]);
//! let hit = ours.find("mail.c0ntoso.com").expect("an o is a zero");
//! assert_eq!((hit.protected, hit.family), ("contoso.com", Family::Homoglyph));
//! assert!(ours.find("news.contoso.com").is_none(), "our own");
//! ```

mod lookalikes;
mod exact;
mod fuzzy;
mod families;
mod glyphs;
mod fold;
mod distance;
mod hash;
mod domain;
mod words;

pub use domain::{to_ascii, to_unicode};
pub use families::{Family, permutations};
pub use lookalikes::{Hit, Lookalikes};
pub use words::{SUFFIXES, WORDS};
