//! A store whose errors say what to do, and nothing else: neither the engine nor a log sees what a store answered.

use std::error::Error as _;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

use crate::address::{Address, Vendor};
use crate::fault::StoreFault;

/// How often to list when an answer ends too soon, and how long between.
const LISTINGS: usize = 5;
const BETWEEN: Duration = Duration::from_millis(500);

/// Whether the store went away in the middle.
#[must_use]
pub fn is_cut(error: &object_store::Error) -> bool {
    let fault = error
        .source()
        .and_then(|source| source.downcast_ref::<StoreFault>());
    fault.is_some_and(StoreFault::is_cut)
}

/// Which store it is.
#[derive(Clone, Debug)]
struct Which {
    name: Arc<str>,
    vendor: Vendor,
}

impl Which {
    fn fault(&self, error: object_store::Error) -> object_store::Error {
        StoreFault::wrap(&self.name, self.vendor, error)
    }

    fn stream<T: Send + 'static>(
        &self,
        inner: BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        let which = self.clone();
        inner.map_err(move |error| which.fault(error)).boxed()
    }
}

/// A store, guarded.
pub(crate) struct Guard {
    inner: Arc<dyn ObjectStore>,
    which: Which,
}

impl Guard {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, address: &Address) -> Self {
        let which = Which {
            name: address.name.as_str().into(),
            vendor: address.vendor,
        };
        Self { inner, which }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.which.name)
    }
}

#[async_trait]
impl ObjectStore for Guard {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let done = self.inner.put_opts(at, payload, options).await;
        done.map_err(|error| self.which.fault(error))
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let begun = self.inner.put_multipart_opts(at, options).await;
        let inner = begun.map_err(|error| self.which.fault(error))?;
        let which = self.which.clone();
        Ok(Box::new(GuardedUpload { inner, which }))
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let got = self.inner.get_opts(at, options).await;
        let mut got = got.map_err(|error| self.which.fault(error))?;
        // The rest of an answer may fail as well.
        if let GetResultPayload::Stream(bytes) = got.payload {
            got.payload = GetResultPayload::Stream(self.which.stream(bytes));
        }
        Ok(got)
    }

    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> Result<Vec<bytes::Bytes>> {
        let got = self.inner.get_ranges(at, ranges).await;
        got.map_err(|error| self.which.fault(error))
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.which.stream(self.inner.delete_stream(paths))
    }

    /// The library tries a request again, but no answer that ends too soon.
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (inner, which, prefix) = (Arc::clone(&self.inner), self.which.clone(), prefix.cloned());
        let listed = async move {
            let mut left = LISTINGS;
            loop {
                left -= 1;
                let listed = inner.list(prefix.as_ref()).try_collect::<Vec<_>>().await;
                match listed.map_err(|error| which.fault(error)) {
                    Err(error) if left > 0 && is_cut(&error) => tokio::time::sleep(BETWEEN).await,
                    listed => return listed.map(|objects| stream::iter(objects).map(Ok)),
                }
            }
        };
        stream::once(listed).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let listed = self.inner.list_with_delimiter(prefix).await;
        listed.map_err(|error| self.which.fault(error))
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let copied = self.inner.copy_opts(from, to, options).await;
        copied.map_err(|error| self.which.fault(error))
    }
}

struct GuardedUpload {
    inner: Box<dyn MultipartUpload>,
    which: Which,
}

impl fmt::Debug for GuardedUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.which.name)
    }
}

#[async_trait]
impl MultipartUpload for GuardedUpload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        let which = self.which.clone();
        let part = self.inner.put_part(payload);
        part.map(move |done| done.map_err(|error| which.fault(error)))
            .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let done = self.inner.complete().await;
        done.map_err(|error| self.which.fault(error))
    }

    async fn abort(&mut self) -> Result<()> {
        let done = self.inner.abort().await;
        done.map_err(|error| self.which.fault(error))
    }
}
