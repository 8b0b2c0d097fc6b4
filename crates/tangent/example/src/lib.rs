//! The mapper's exports, and nothing else.

extern crate message_trace_tangent as _;
