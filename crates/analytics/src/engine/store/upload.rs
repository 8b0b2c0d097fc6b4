//! An object that is being written.

use std::sync::Arc;

use anyhow::Result;
use datafusion::arrow::array::RecordBatch;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload};
use parquet::arrow::ArrowWriter;

use crate::engine::batches::SCHEMA;
use crate::engine::files::properties;

/// What is sent in one request, in bytes. Only what is larger is sent in parts of this size: a writer that is killed between
/// two parts leaves them behind, unseen, until the store's own rule takes them away.
const LARGEST_AT_ONCE: usize = 32 << 20;

/// Rows on their way to an object. Nothing is seen of it before [`Upload::finish`] returns.
pub(in crate::engine) struct Upload {
    objects: Arc<dyn ObjectStore>,
    path: Path,
    writer: ArrowWriter<Vec<u8>>,
    parts: Option<Box<dyn MultipartUpload>>,
    largest: usize,
}

impl Upload {
    pub(super) fn new(objects: Arc<dyn ObjectStore>, path: Path) -> Result<Self> {
        Ok(Self {
            objects,
            path,
            writer: ArrowWriter::try_new(Vec::new(), Arc::clone(&SCHEMA), Some(properties()?))?,
            parts: None,
            largest: LARGEST_AT_ONCE,
        })
    }

    /// Takes rows. If that fails, nothing is left of the object.
    pub(in crate::engine) async fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.writer.write(rows)?;
        if self.writer.inner().len() > self.largest {
            let sent = self.send_part().await;
            self.or_abandon(sent).await?;
        }
        Ok(())
    }

    /// Makes it durable and seen, in one step. If that fails, nothing is left of it.
    pub(in crate::engine) async fn finish(&mut self) -> Result<Path> {
        self.writer.finish()?;
        let sent = self.send_rest().await;
        self.or_abandon(sent).await?;
        self.parts = None;
        Ok(self.path.clone())
    }

    async fn send_rest(&mut self) -> Result<()> {
        if self.parts.is_some() {
            self.send_part().await?;
        }
        match &mut self.parts {
            Some(parts) => parts.complete().await?,
            None => {
                let payload = PutPayload::from(std::mem::take(self.writer.inner_mut()));
                self.objects.put(&self.path, payload).await?
            }
        };
        Ok(())
    }

    async fn send_part(&mut self) -> Result<()> {
        let part = PutPayload::from(std::mem::take(self.writer.inner_mut()));
        if self.parts.is_none() {
            self.parts = Some(self.objects.put_multipart(&self.path).await?);
        }
        if let Some(parts) = &mut self.parts {
            parts.put_part(part).await?;
        }
        Ok(())
    }

    async fn or_abandon(&mut self, done: Result<()>) -> Result<()> {
        if done.is_err() {
            self.abandon().await;
        }
        done
    }

    /// Takes back what was sent. A store that does not take it back has a rule for what is left.
    pub(in crate::engine) async fn abandon(&mut self) {
        if let Some(mut parts) = self.parts.take() {
            let _ = parts.abort().await;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use datafusion::arrow::array::{ArrayRef, TimestampMicrosecondArray, new_null_array};
    use datafusion::arrow::array::{Date32Array, Int64Array};
    use datafusion::arrow::datatypes::DataType;
    use object_store::memory::InMemory;
    use object_store::{PutResult, UploadPart};
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    use super::*;
    use crate::engine::runtime;

    /// Rows that tell nothing but their number.
    fn rows(from: i64, count: i64) -> RecordBatch {
        let numbers = || from..from + count;
        let length = usize::try_from(count).unwrap();
        let columns = SCHEMA.fields().iter().map(|field| -> ArrayRef {
            match (field.data_type(), field.name().as_str()) {
                (DataType::Timestamp(..), _) => {
                    Arc::new(TimestampMicrosecondArray::from_iter_values(numbers()))
                }
                (DataType::Date32, _) => Arc::new(Date32Array::from_iter_values(numbers().map(|_| 1))),
                (_, "size") => Arc::new(Int64Array::from_iter_values(numbers())),
                (kind, _) => new_null_array(kind, length),
            }
        });
        RecordBatch::try_new(Arc::clone(&SCHEMA), columns.collect()).unwrap()
    }

    /// Fails, and counts how often it is taken back.
    #[derive(Debug)]
    struct Failing(Arc<AtomicUsize>);

    fn fails<T>() -> object_store::Result<T> {
        Err(object_store::Error::NotSupported {
            source: "not today".into(),
        })
    }

    #[async_trait]
    impl MultipartUpload for Failing {
        fn put_part(&mut self, _: PutPayload) -> UploadPart {
            Box::pin(async { fails() })
        }

        async fn complete(&mut self) -> object_store::Result<PutResult> {
            fails()
        }

        async fn abort(&mut self) -> object_store::Result<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }

    #[test]
    fn an_upload_that_fails_is_taken_back_once() {
        let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let count = Arc::new(AtomicUsize::new(0));
        runtime().unwrap().block_on(async {
            for (largest, written) in [(LARGEST_AT_ONCE, true), (0, false)] {
                let mut upload = Upload::new(Arc::clone(&objects), Path::from("a")).unwrap();
                upload.largest = largest;
                upload.parts = Some(Box::new(Failing(Arc::clone(&count))));
                let more_than_a_group = rows(0, 140_000);
                assert_eq!(upload.write(&more_than_a_group).await.is_ok(), written);
                if written {
                    assert!(upload.finish().await.is_err());
                }
                upload.abandon().await;
            }
        });
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn nothing_is_seen_of_an_object_before_it_is_whole() {
        // Sent at once, and in parts: more rows than one group has.
        for (largest, is_in_parts) in [(LARGEST_AT_ONCE, false), (1_000, true)] {
            for is_finished in [true, false] {
                let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
                let path = Path::from("day=1970-01-02/part.parquet");
                let found = runtime().unwrap().block_on(async {
                    let mut upload = Upload::new(Arc::clone(&objects), path.clone()).unwrap();
                    upload.largest = largest;
                    for from in 0..3 {
                        upload.write(&rows(from * 100_000, 100_000)).await.unwrap();
                    }
                    assert_eq!(upload.parts.is_some(), is_in_parts);
                    assert!(objects.head(&path).await.is_err());
                    if is_finished {
                        upload.finish().await.unwrap();
                    } else {
                        upload.abandon().await;
                    }
                    match objects.get(&path).await {
                        Ok(found) => Some(found.bytes().await.unwrap()),
                        Err(_) => None,
                    }
                });
                let count = found.map(|bytes| {
                    let read = SerializedFileReader::new(bytes).unwrap();
                    read.metadata().file_metadata().num_rows()
                });
                assert_eq!(count, is_finished.then_some(300_000));
            }
        }
    }
}
