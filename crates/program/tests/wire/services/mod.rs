//! The services, each against a fake that behaves as the real one documents.

mod campaign;
mod elasticsearch;
mod fake;
mod files;
mod sekoia;
mod sentinel;
mod splunk;
mod wiring;
