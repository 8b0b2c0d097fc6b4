//! Where in a store an archive is, and the way there.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use message_trace_net::http::Origin;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use crate::fault::{StoreFault, Why};

/// How often a request that failed is sent again, with pauses of 0.2 s to 5 s between: for up to 20 s.
const RETRIES: usize = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// No request is sent again after this.
const RETRIES_END: Duration = Duration::from_mins(1);
/// A request with its answer. The largest is an upload of 32 MiB.
const REQUEST: Duration = Duration::from_mins(2);
/// Until a connection is there.
const CONNECT: Duration = Duration::from_secs(5);

/// What an address begins with.
const SCHEMES: [&str; 5] = ["s3", "az", "abfs", "abfss", "gs"];

/// Where Azure's emulator is.
const EMULATOR: &str = "http://127.0.0.1:10000";

/// Whose store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vendor {
    Amazon,
    Azure,
    Google,
}

impl Vendor {
    pub(crate) const fn bucket(self) -> &'static str {
        match self {
            Self::Amazon | Self::Google => "bucket",
            Self::Azure => "container",
        }
    }

    /// Where a credential comes from.
    pub(crate) const fn variables(self) -> &'static str {
        match self {
            Self::Amazon => "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
            Self::Azure => "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
            Self::Google => "GOOGLE_APPLICATION_CREDENTIALS",
        }
    }

    pub(crate) const fn rights(self) -> &'static str {
        match self {
            Self::Amazon => {
                "s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on its objects"
            }
            Self::Azure => "the role Storage Blob Data Contributor on the container",
            Self::Google => "the role Storage Object User on the bucket",
        }
    }

    pub(crate) const fn region(self) -> &'static str {
        match self {
            Self::Amazon => "AWS_REGION",
            Self::Azure | Self::Google => self.endpoint(),
        }
    }

    pub(crate) const fn endpoint(self) -> &'static str {
        match self {
            Self::Amazon => "AWS_ENDPOINT_URL",
            Self::Azure => "AZURE_STORAGE_ENDPOINT",
            Self::Google => "GOOGLE_BASE_URL",
        }
    }
}

/// Whether a text names a store and not a folder. One that is mistyped (`s3:/bucket`) is an address too, which then cannot be
/// read: nobody wants a folder of that name.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    text.contains("://") || SCHEMES.contains(&scheme)
}

/// A place in a store.
#[derive(Debug)]
pub(crate) struct Address {
    /// As it is shown.
    pub(crate) name: String,
    pub(crate) vendor: Vendor,
    pub(crate) prefix: Path,
    /// Scheme and bucket, for the library.
    root: String,
}

const EXPECTED: &str = "expected s3://BUCKET/PREFIX, az://CONTAINER/PREFIX, abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX or \
     gs://BUCKET/PREFIX, of letters, digits and . _ - =";

impl Address {
    /// Reads an address. No error shows any of it: somebody may have put a key there.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let vendor = match scheme {
            "s3" => Vendor::Amazon,
            "az" | "abfs" | "abfss" => Vendor::Azure,
            "gs" => Vendor::Google,
            _ => bail!("an archive is a folder or in a store; {EXPECTED}"),
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let is_plain = |text: &str| {
            let byte = |byte: u8| byte.is_ascii_alphanumeric() || b"._-=".contains(&byte);
            !text.is_empty() && text.bytes().all(byte) && text.bytes().any(|byte| byte != b'.')
        };
        let is_bucket = match bucket.split_once('@') {
            Some((container, account)) => {
                scheme.starts_with("abfs") && is_plain(container) && is_plain(account)
            }
            None => is_plain(bucket),
        };
        if !is_bucket || !(prefix.is_empty() || prefix.split('/').all(is_plain)) {
            bail!(
                "the archive's address cannot be read; {EXPECTED}; a key or a token goes into the environment, never into \
                 the address"
            );
        }
        let root = format!("{scheme}://{bucket}");
        let slash = if prefix.is_empty() { "" } else { "/" };
        Ok(Self {
            name: format!("{root}{slash}{prefix}"),
            vendor,
            prefix: Path::parse(prefix)?,
            root,
        })
    }

    /// The store, with what the environment says of it.
    pub(crate) fn open(&self) -> Result<Arc<dyn ObjectStore>> {
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: FIRST_PAUSE,
                max_backoff: LONGEST_PAUSE,
                base: 2.,
            },
            max_retries: RETRIES,
            retry_timeout: RETRIES_END,
        };
        // Whatever the library would say may show a value.
        let setup = |_| StoreFault::new(self, Why::Setup);
        Ok(match self.vendor {
            Vendor::Amazon => {
                let builder = AmazonS3Builder::from_env().with_url(&self.root).with_retry(retry);
                let endpoint = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint]
                    .iter()
                    .find_map(|key| builder.get_config_value(key));
                let options = self.options(endpoint.as_deref())?;
                Arc::new(builder.with_client_options(options).build().map_err(setup)?)
            }
            Vendor::Azure => {
                let mut builder = MicrosoftAzureBuilder::from_env();
                // The names of Azure's own command line.
                for (key, variable) in [
                    (AzureConfigKey::AccountName, "AZURE_STORAGE_ACCOUNT"),
                    (AzureConfigKey::AccessKey, "AZURE_STORAGE_KEY"),
                ] {
                    if let (None, Ok(value)) = (builder.get_config_value(&key), std::env::var(variable)) {
                        builder = builder.with_config(key, value);
                    }
                }
                let builder = builder.with_url(&self.root).with_retry(retry);
                let is_emulator = builder.get_config_value(&AzureConfigKey::UseEmulator);
                let endpoint = match is_emulator.as_deref() {
                    None | Some("false") => builder.get_config_value(&AzureConfigKey::Endpoint),
                    Some(_) => Some(
                        std::env::var("AZURITE_BLOB_STORAGE_URL").unwrap_or_else(|_| EMULATOR.to_owned()),
                    ),
                };
                let options = self.options(endpoint.as_deref())?;
                Arc::new(builder.with_client_options(options).build().map_err(setup)?)
            }
            Vendor::Google => {
                let builder = GoogleCloudStorageBuilder::from_env()
                    .with_url(&self.root)
                    .with_retry(retry);
                let endpoint = builder.get_config_value(&GoogleConfigKey::BaseUrl);
                let options = self.options(endpoint.as_deref())?;
                Arc::new(builder.with_client_options(options).build().map_err(setup)?)
            }
        })
    }

    /// How requests are made. Nothing of it is taken from the environment: no variable makes `http` or a wrong certificate
    /// right. Only an endpoint on this machine is spoken to without TLS, and then never through a proxy.
    fn options(&self, endpoint: Option<&str>) -> Result<ClientOptions> {
        let options = ClientOptions::new()
            .with_timeout(REQUEST)
            .with_connect_timeout(CONNECT);
        let Some(endpoint) = endpoint else {
            return Ok(options);
        };
        if let Err(error) = Origin::parse(endpoint) {
            bail!("{}: {error}", self.vendor.endpoint());
        }
        let is_plain = endpoint
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
        Ok(if is_plain {
            // The library has no other way to say that a proxy of the environment does not count.
            options
                .with_allow_http(true)
                .with_proxy_url("http://127.0.0.1")
                .with_proxy_excludes("*,0.0.0.0/0,::/0")
        } else {
            options
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn an_address_is_read_and_a_key_in_it_is_never_shown() {
        for (text, name, prefix) in [
            ("s3://bucket/a/b=1/", "s3://bucket/a/b=1", "a/b=1"),
            ("gs://bucket", "gs://bucket", ""),
            ("az://container/a", "az://container/a", "a"),
            (
                "abfss://c@account.dfs.core.windows.net/a",
                "abfss://c@account.dfs.core.windows.net/a",
                "a",
            ),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.name.as_str(), address.prefix.as_ref()), (name, prefix));
        }
        for text in [
            "ftp://host/secret",
            "s3:/secret",
            "gs:secret",
            "s3://",
            "s3://key:secret@bucket/a",
            "abfss://c:secret@account/a",
            "az://container/a?sig=secret",
            "s3://bucket/a//secret",
            "s3://bucket/../secret",
            "s3://bucket/a b/secret",
        ] {
            assert!(is_address(text), "{text}");
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains("expected s3://BUCKET/PREFIX"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_folder_is_no_address() {
        for folder in [
            "archive",
            "s3",
            "/srv/s3/archive",
            "./s3:archive",
            "C:\\archive",
            "",
        ] {
            assert!(!is_address(folder), "{folder}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        let address = Address::parse("s3://bucket").unwrap();
        assert!(address.options(Some("http://127.0.0.1:9000")).is_ok());
        assert!(address.options(Some("https://minio.example.com")).is_ok());
        for endpoint in [
            "http://minio.example.com",
            "https://user:secret@minio.example.com",
            "minio",
        ] {
            let error = address.options(Some(endpoint)).unwrap_err().to_string();
            assert!(error.starts_with("AWS_ENDPOINT_URL: "), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
