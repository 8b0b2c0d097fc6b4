//! Sources: where rows come from. One module for each service; nothing outside it knows the service's query syntax.

pub mod graph;
