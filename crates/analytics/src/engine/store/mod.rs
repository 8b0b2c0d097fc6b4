//! An archive in a store of objects: Amazon S3 and what speaks as it, Azure Blob Storage, Google Cloud Storage.
//!
//! | promise of a folder | how a store keeps it |
//! |---|---|
//! | a file is whole or not there | an upload is one request, or parts that the last request makes one; nothing is seen before |
//! | its name is its own | the moment, the process and a random number; an upload that is sent again writes the same bytes |
//! | it is deleted only after another holds all of it | the new one is looked for in a listing first |
//! | a writer that fails leaves nothing | parts that were sent are taken back; those of one that was killed the store ends by a rule |

mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::prelude::SessionContext;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload, UpdateVersion};

use super::files::{Day, ENDING, LISTINGS, day_of, folder};
pub use message_trace_stores::StoreFault;
pub(super) use message_trace_stores::is_address;
pub(super) use upload::Upload;

/// How often to look whether a listing shows a new object, and how long between; 6 s in all.
const LOOKS: usize = 30;
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// How often to delete an object when an answer ends too soon.
const DELETIONS: usize = 5;
/// What the engine calls the store.
const ENGINE: &str = "archive://store";

/// A place in a store.
#[derive(Clone)]
pub(super) struct Store {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    name: Arc<str>,
    unlisted: StoreFault,
}

/// What a client would show could be a secret.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.name).finish()
    }
}

impl Store {
    /// Opens what an address names, with the credential that the environment names. Asks nothing yet.
    pub(super) fn open(address: &str) -> Result<Self> {
        let place = message_trace_stores::open(address)?;
        Ok(Self {
            objects: place.objects,
            prefix: place.prefix,
            name: place.name.into(),
            unlisted: place.unlisted,
        })
    }

    /// Its address.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Asks whether it is there and may be listed.
    pub(super) async fn check(&self) -> Result<()> {
        self.objects.list(Some(&self.prefix)).next().await.transpose()?;
        Ok(())
    }

    /// Every day with its objects. Taken again until two listings agree, for a listing of many pages is not one moment.
    pub(super) async fn days(&self) -> Result<BTreeMap<NaiveDate, Day>> {
        self.list(std::slice::from_ref(&self.prefix)).await
    }

    /// The same for some days.
    pub(super) async fn days_of(&self, dates: BTreeSet<NaiveDate>) -> Result<BTreeMap<NaiveDate, Day>> {
        let folders = dates
            .into_iter()
            .map(|date| self.prefix.clone().join(folder(date)));
        self.list(&folders.collect::<Vec<_>>()).await
    }

    async fn list(&self, folders: &[Path]) -> Result<BTreeMap<NaiveDate, Day>> {
        let mut found = self.list_once(folders).await?;
        for _ in 0..LISTINGS {
            let again = self.list_once(folders).await?;
            if again == found {
                return Ok(found);
            }
            found = again;
        }
        Ok(found)
    }

    async fn list_once(&self, folders: &[Path]) -> Result<BTreeMap<NaiveDate, Day>> {
        let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
        for folder in folders {
            let mut objects = self.objects.list(Some(folder));
            while let Some(ObjectMeta { location, .. }) = objects.try_next().await? {
                if let Some(date) = self.date_of(&location) {
                    let path = PathBuf::from(location.as_ref());
                    days.entry(date).or_default().files.push(path);
                }
            }
        }
        for day in days.values_mut() {
            day.files.sort();
        }
        Ok(days)
    }

    /// The day of an object, if it is one of the archive: `PREFIX/day=DATE/NAME.parquet`.
    fn date_of(&self, location: &Path) -> Option<NaiveDate> {
        let mut parts = location.prefix_match(&self.prefix)?;
        let (folder, name) = (parts.next()?, parts.next()?);
        let is_ours = parts.next().is_none()
            && !name.as_ref().starts_with('.')
            && name
                .as_ref()
                .rsplit_once('.')
                .is_some_and(|(_, end)| end == ENDING);
        day_of(folder.as_ref()).filter(|_| is_ours)
    }

    /// Begins an object of a day.
    pub(super) fn create(&self, folder: &str, name: &str) -> Result<Upload> {
        let path = self.prefix.clone().join(folder).join(name);
        Upload::new(Arc::clone(&self.objects), path)
    }

    /// Waits until a listing shows an object, which it may do late.
    pub(super) async fn until_listed(&self, file: &FilePath) -> Result<()> {
        let path = key(file)?;
        let folder = file.parent().map(key).transpose()?;
        for _ in 0..LOOKS {
            let mut listed = self.objects.list(folder.as_ref());
            while let Some(object) = listed.try_next().await? {
                if object.location == path {
                    return Ok(());
                }
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Err(self.unlisted.clone().into())
    }

    /// Takes away objects that another one stands for. One that is gone already is no fault.
    pub(super) async fn remove(&self, files: &[PathBuf]) -> Result<()> {
        for file in files {
            let path = key(file)?;
            let mut left = DELETIONS;
            loop {
                left -= 1;
                match self.objects.delete(&path).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => break,
                    // It may be gone, and the answer lost.
                    Err(error) if left > 0 && message_trace_stores::is_cut(&error) => {
                        tokio::time::sleep(BETWEEN_LOOKS).await;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Asks for each object whether it is there.
    pub(super) async fn still_there(&self, files: &[PathBuf]) -> Result<()> {
        let keys = files.iter().map(|file| key(file)).collect::<Result<Vec<_>>>()?;
        stream::iter(keys)
            .map(|key| async move { self.objects.head(&key).await })
            .buffer_unordered(message_trace_stores::AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        Ok(())
    }

    /// Tells an engine of the store.
    pub(super) fn register(&self, context: &SessionContext) -> Result<()> {
        let url = ObjectStoreUrl::parse(ENGINE)?;
        let objects = Arc::clone(&self.objects);
        context.runtime_env().register_object_store(url.as_ref(), objects);
        Ok(())
    }

    /// What the engine calls an object.
    pub(super) fn url(file: &FilePath) -> String {
        format!("{ENGINE}/{}", file.to_string_lossy())
    }

    /// A small object beside the days, and which version of it that is. `None` if there is none.
    pub(super) async fn read(&self, name: &str) -> Result<Option<(Vec<u8>, UpdateVersion)>> {
        let found = match self.objects.get(&self.prefix.clone().join(name)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            found => found?,
        };
        let version = UpdateVersion {
            e_tag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
        };
        Ok(Some((found.bytes().await?.to_vec(), version)))
    }

    /// Writes a small object beside the days. Gives its version.
    ///
    /// # Errors
    ///
    /// If somebody wrote it since `version` was read, too.
    pub(super) async fn write(
        &self,
        name: &str,
        bytes: &[u8],
        version: Option<UpdateVersion>,
    ) -> Result<UpdateVersion> {
        let path = self.prefix.clone().join(name);
        let mode = version.map_or(PutMode::Create, PutMode::Update);
        let payload = PutPayload::from(bytes.to_vec());
        match self.objects.put_opts(&path, payload, mode.into()).await {
            Ok(put) => Ok(UpdateVersion {
                e_tag: put.e_tag,
                version: put.version,
            }),
            Err(
                error
                @ (object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }),
            ) => match self.read(name).await? {
                // The answer was lost on its way, and the request sent again.
                Some((found, version)) if found == bytes => Ok(version),
                _ => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }
}

fn key(file: &FilePath) -> Result<Path> {
    let text = file.to_str().context("an object's name is no text")?;
    Ok(Path::parse(text)?)
}
