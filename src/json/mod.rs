//! JSON, read strictly (RFC 8259) and without building a tree.

mod reader;
mod text;

pub(crate) use reader::{Reader, Scalar, StringSpan, Trail, Value};
pub(crate) use text::{decode_into, escape_len};
