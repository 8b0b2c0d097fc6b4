//! Settings that nobody gave: all are named at once.

use std::fmt::Write as _;

use super::layers::Layers;
use super::{AuthSetup, ConfigError, Environment, KEYS, Key, Place};

/// A setting that there must be, and what it is.
type Needed = (&'static str, &'static str);

/// What a first run looks like.
const EXAMPLE: &str = "\
For example:
  export MESSAGE_TRACE_CLIENT_SECRET=...
  message-trace poll --tenant-id TENANT --client-id CLIENT \\
      --ledger ledger.db --sink stdout --target ecs
No tenant at hand? `message-trace simulate` is one. `message-trace poll --help` says more.";

const TENANT: Needed = ("tenant-id", "the tenant's GUID or domain");
const CLIENT: Needed = ("client-id", "the application's (client's) GUID");
const FOLDER: Needed = ("folder", "the folder of saved traces, or a pattern of files");
const LEDGER: Needed = ("ledger", "the file that remembers what was delivered");

/// Checks that what has no default is set.
pub(super) fn check(layers: &Layers, auth: &AuthSetup, environment: &Environment) -> Result<(), ConfigError> {
    let is_federated = matches!(auth, AuthSetup::Federated { .. });
    let has = |name: &str| {
        let azure = match name {
            "tenant-id" => environment.variable("AZURE_TENANT_ID"),
            "client-id" => environment.variable("AZURE_CLIENT_ID"),
            _ => None,
        };
        // An empty text that was given is wrong in its own place.
        layers.setting(name).is_some() || is_federated && azure.is_some()
    };
    let is_folder = layers.text("source") == Some("folder");
    let mut needed = if is_folder { vec![FOLDER] } else { vec![TENANT] };
    if auth.needs_client_id() && !is_folder {
        needed.push(CLIENT);
    }
    needed.push(LEDGER);
    needed.retain(|(name, _)| !has(name));
    match needed.as_slice() {
        [] => Ok(()),
        [(name, what)] => Err(ConfigError::new(
            Place::Missing,
            *name,
            format!("expected {what}; set {}", ways(name)),
        )),
        several => {
            let mut list = String::new();
            for (name, what) in several {
                // Writing to a string cannot fail.
                let _ = write!(list, "\n  {name}: {what}; {}", ways(name));
            }
            if !is_folder
                && matches!(auth, AuthSetup::Secret { file: None, .. })
                && environment.lacks_secret()
            {
                list.push_str(
                    "\n  client secret: MESSAGE_TRACE_CLIENT_SECRET, or --client-secret-file with a private file",
                );
            }
            let names: Vec<_> = several.iter().map(|(name, _)| *name).collect();
            Err(ConfigError::new(
                Place::Missing,
                names.join(", "),
                format!("these settings are missing{list}\n\n{EXAMPLE}"),
            ))
        }
    }
}

/// How a key is set.
fn ways(name: &str) -> String {
    KEYS.iter()
        .find(|key| key.name == name)
        .map(|key: &Key| format!("{} or {}", key.flag(), key.variable()))
        .unwrap_or_default()
}
