//! The normalizer as a mapper of Tangent: rows come as views that are read value by value, events go as lines.
//!
//! No mapping is here. [`line_of`] writes the line of a view anew, [`Mapper`] hands it on; `plugin` is what Tangent
//! calls. Why the line is written anew and not taken from the host, and what that costs, stands in the README.

mod view;
mod mapper;
mod options;
#[cfg(target_family = "wasm")]
mod plugin;

pub use mapper::{Mapper, REVISION_KEY};
pub use options::{OPTION_KEYS, options};
pub use view::{TIME_KEYS, View, ViewValue, line_of};
