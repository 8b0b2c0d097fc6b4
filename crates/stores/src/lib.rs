//! Stores of objects: Amazon S3 and what speaks as it, Azure Blob Storage, Google Cloud Storage.
//!
//! An address names one; the credential comes from the environment or the machine. Every error of a store that is opened here
//! is a [`StoreFault`]: a sentence that says what to do, and nothing of what the store answered.

mod address;
mod fault;
mod guard;

use std::sync::Arc;

use anyhow::Result;
use object_store::ObjectStore;
use object_store::limit::LimitStore;
use object_store::path::Path;

use address::Address;
use fault::Why;
use guard::Guard;

pub use address::is_address;
pub use fault::StoreFault;
pub use guard::is_cut;

/// Requests at a time.
pub const AT_ONCE: usize = 16;

/// A place in a store.
#[derive(Debug)]
pub struct Place {
    /// The store.
    pub objects: Arc<dyn ObjectStore>,
    /// What the names of the place's objects begin with.
    pub prefix: Path,
    /// The address, as it is shown.
    pub name: String,
    /// What is wrong where a listing does not show what the store has confirmed.
    pub unlisted: StoreFault,
}

/// Opens what an address names, with the credential that the environment names. Asks nothing yet.
///
/// # Errors
///
/// An address that cannot be read, or an environment that does not fit it. Shows neither.
pub fn open(address: &str) -> Result<Place> {
    let address = Address::parse(address)?;
    let objects = Guard::new(address.open()?, &address);
    Ok(Place {
        objects: Arc::new(LimitStore::new(objects, AT_ONCE)),
        unlisted: StoreFault::new(&address, Why::Unlisted),
        prefix: address.prefix,
        name: address.name,
    })
}
