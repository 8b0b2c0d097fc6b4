//! `type = "archive"`: Parquet in a folder or a store, for the commands `query`, `detect` and `report`.

use std::sync::Arc;

use super::{Kind, ServiceSetup};
use crate::config::ConfigError;
use crate::config::table::Table;

pub(super) const KIND: Kind = Kind {
    name: "archive",
    keys: &["path"],
    read,
};

fn read(table: &Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError> {
    let path = table.text("path")?.filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| {
        table.missing(
            "path",
            "expected the archive's folder, or s3://, az://, abfss:// or gs://BUCKET/PREFIX",
        )
    })?;
    of_folder(&path).map_err(|what| table.missing("type", what))
}

/// The sink of a folder.
#[cfg(not(feature = "engine"))]
pub(super) fn of_folder(_folder: &str) -> Result<Arc<dyn ServiceSetup>, &'static str> {
    Err("this program was built without an archive; build one with ./build.sh program --features engine")
}

/// The sink of a folder.
#[cfg(feature = "engine")]
#[expect(clippy::unnecessary_wraps, reason = "a program without the engine refuses")]
pub(super) fn of_folder(folder: &str) -> Result<Arc<dyn ServiceSetup>, &'static str> {
    Ok(Arc::new(with_engine::Setup(folder.into())))
}

#[cfg(feature = "engine")]
mod with_engine {
    use std::borrow::Cow;
    use std::path::{Path, PathBuf};

    use message_trace::Target;
    use message_trace_analytics::{Keeper, Refused as NotKept, StoreFault};
    use message_trace_remedy::Remedy;
    use message_trace_sinks::{Batch, Check, Delivery, Refused, RefusedReason, Sink, SinkError};

    use super::super::Opening;
    use super::ServiceSetup;
    use crate::config::OpenError;

    #[derive(Clone, Debug)]
    pub(super) struct Setup(pub(super) PathBuf);

    impl ServiceSetup for Setup {
        fn place(&self) -> String {
            self.0.display().to_string()
        }

        fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>, OpenError> {
            if opening.outward.target == Target::Sekoia {
                let what = "an archive takes events of the targets ecs and ocsf; set target to one of them";
                return Err(SinkError::Misset(what).into());
            }
            let keeper = Keeper::open(&self.0).map_err(|error| match of_archive(&self.0, &error) {
                // No sink has a name yet.
                SinkError::Stream { remedy, .. } => SinkError::Stream {
                    sentence: error.to_string(),
                    remedy,
                },
                // An address that cannot be read, or variables that do not fit it.
                SinkError::Internal(_) => SinkError::Stream {
                    sentence: format!("{error:#}"),
                    remedy: Remedy::Configure,
                },
                known => known,
            })?;
            Ok(Box::new(ArchiveSink {
                name: format!("archive:{}", self.0.display()),
                archive: self.0.clone(),
                keeper,
                is_untidy: false,
            }))
        }
    }

    /// Events as Parquet, on disk before they are acknowledged.
    #[derive(Debug)]
    struct ArchiveSink {
        name: String,
        archive: PathBuf,
        keeper: Keeper,
        /// Whether it was said that files cannot be made one.
        is_untidy: bool,
    }

    impl Sink for ArchiveSink {
        fn name(&self) -> &str {
            &self.name
        }

        fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
            if batch.is_empty() {
                return Ok(Delivery::default());
            }
            let refused = self
                .keeper
                .add(batch.ndjson())
                .map_err(|error| of_archive(&self.archive, &error))?;
            if let Err(error) = self.keeper.tidy() {
                // The events are there; queries read more files.
                if !self.is_untidy {
                    log::warn!("{error:#}; the archive is complete, with many small files");
                }
                self.is_untidy = true;
            }
            let refused = refused.into_iter().map(|(index, why)| Refused {
                index,
                reason: RefusedReason::Code(Cow::Borrowed(match why {
                    NotKept::NoTime => "no time",
                    _ => "no event",
                })),
            });
            Ok(Delivery {
                refused: refused.collect(),
            })
        }

        fn check(&mut self) -> Result<Check, SinkError> {
            self.keeper
                .check()
                .map_err(|error| of_archive(&self.archive, &error))?;
            Ok(Check::Authorized)
        }
    }

    /// What the store or the system said, if it is behind an error.
    fn of_archive(archive: &Path, error: &anyhow::Error) -> SinkError {
        if let Some(fault) = error.downcast_ref::<StoreFault>() {
            return SinkError::Stream {
                sentence: fault.sentence(),
                remedy: fault.remedy(),
            };
        }
        let of_system = error
            .chain()
            .find_map(|cause| cause.downcast_ref::<std::io::Error>());
        match of_system {
            Some(of_system) => SinkError::storage(archive, of_system),
            None => SinkError::Internal("the archive's columns do not match its events"),
        }
    }
}
