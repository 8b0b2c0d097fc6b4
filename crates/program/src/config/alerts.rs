//! The sinks of alerts: those of a setup for polling, or of a file of their own, without what polling alone needs.

use std::path::Path;

use log::LevelFilter;
use message_trace::Target;

use super::layers::Layers;
use super::{
    AuthSetup, ConfigError, Environment, Outward, Place, PollArgs, SinkSetup, mistyped, setup, sink,
};
use message_trace_net::auth::Application;
use message_trace_net::http::ClientOptions;

/// Where alerts go. Holds no secret.
#[derive(Clone, Debug)]
pub struct AlertSetup {
    /// At least one.
    pub sinks: Vec<SinkSetup>,
    /// Who signs in, for a sink that signs in as polling does.
    pub application: Application,
    /// How.
    pub auth: AuthSetup,
    /// How to connect.
    pub client: ClientOptions,
    /// What to log.
    pub log: LevelFilter,
}

impl AlertSetup {
    /// What opening the sinks takes.
    #[must_use]
    pub fn outward(&self) -> Outward<'_> {
        Outward {
            sinks: &self.sinks,
            target: Target::Ecs,
            application: &self.application,
            auth: &self.auth,
            ca_file: self.client.ca_file.as_deref(),
        }
    }
}

/// Reads where alerts go, from flags, the environment and the file that they name.
///
/// # Errors
///
/// The first thing that is wrong: where, which key, and the fix. A sink that takes no alerts is wrong too.
pub fn load_alerts(
    config: Option<&Path>,
    sinks: &[String],
    environment: &Environment,
) -> Result<AlertSetup, ConfigError> {
    mistyped::check(environment)?;
    let args = PollArgs {
        config: config.map(Into::into),
        sinks: sinks.to_vec(),
        ..PollArgs::default()
    };
    let layers = Layers::read(&args, environment)?;
    if layers.setting("sinks").is_none() && layers.sinks.is_empty() {
        let what = "expected where alerts go: a [[sinks]] table of the file, or --sink";
        return Err(ConfigError::new(Place::Missing, "sinks", what));
    }
    check_shape(&layers)?;
    let sinks = sink::read(&layers)?;
    check_kinds(&layers, &sinks)?;
    let auth = AuthSetup::read(&layers, environment)?;
    let is_federated = matches!(auth, AuthSetup::Federated { .. });
    let is_tenant_known = layers.setting("tenant-id").is_some()
        || is_federated && environment.variable("AZURE_TENANT_ID").is_some();
    let (_, _, application) = if is_tenant_known {
        setup::tenant(&layers, &auth, environment)?
    } else {
        setup::nobody(&layers)?
    };
    let client = ClientOptions {
        ca_file: layers.text("ca-file").map(Into::into),
        ..ClientOptions::default()
    };
    Ok(AlertSetup {
        sinks,
        application,
        auth,
        client: client.with_proxy_of(|name| environment.variable(name)),
        log: setup::log_level(&layers)?,
    })
}

/// Sinks of a file that are set up for events of another shape would refuse alerts, or mistake them for rows.
fn check_shape(layers: &Layers) -> Result<(), ConfigError> {
    if matches!(layers.place("sinks"), Place::Flag(_)) {
        return Ok(());
    }
    let own = "give alerts sinks of their own, with --sink or in another file";
    if layers
        .text("target")
        .is_some_and(|target| target != Target::Ecs.name())
    {
        let what = format!("alerts are events of target ecs, and these sinks expect another one; {own}");
        return Err(ConfigError::new(layers.place("target"), "target", what));
    }
    if layers.text("raw") == Some("true") {
        let what = format!("these sinks expect raw rows, and alerts are events; {own}");
        return Err(ConfigError::new(layers.place("raw"), "raw", what));
    }
    Ok(())
}

/// Refuses sinks for which an alert is nothing that they could read.
fn check_kinds(layers: &Layers, sinks: &[SinkSetup]) -> Result<(), ConfigError> {
    let kind = |sink: &SinkSetup| match sink {
        SinkSetup::Service { kind, .. } => Some(*kind),
        _ => None,
    };
    for sink in sinks {
        let kind = match sink {
            SinkSetup::Named { sink, .. } => kind(sink),
            sink => kind(sink),
        };
        let what = match kind {
            Some("sekoia") => {
                "an intake of type sekoia reads rows of message traces, and no alert; give alerts sinks of their own, with \
                 --sink or in another file, and let Sekoia run the rules of integrations/sigma"
            }
            Some("archive") => {
                "an archive keeps messages, and would count an alert as one; give alerts sinks of their own, with --sink or \
                 in another file"
            }
            _ => continue,
        };
        return Err(ConfigError::new(layers.place("sinks"), "sinks", what));
    }
    Ok(())
}
