//! Cuts raw input into rows and says which row is which: a page of a service, a row's hash, its times.
//!
//! Nothing here does I/O, and no row is judged here: a malformed one is cut out whole, for the normalizer to refuse.

mod key;
mod layout;
mod page;
mod scan;
mod time;

pub use key::{Key, Keys};
pub use layout::Layout;
pub use page::{Page, Row};
pub use time::{parse_report_time_us, parse_time_us, utc, write_time};
