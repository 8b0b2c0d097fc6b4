//! A setup, read and checked.

use std::path::PathBuf;
use std::time::Duration;

use log::LevelFilter;
use message_trace::{Options, Target};

use super::layers::Layers;
use super::{
    AuthSetup, Cloud, ConfigError, Environment, FolderSetup, PollArgs, SinkSetup, Statuses, duration,
    missing, mistyped, sink,
};
use message_trace_collector::ledger::FileLedger;
use message_trace_net::auth::{Application, scope_of};
use message_trace_net::http::{ClientOptions, Origin};
use message_trace_sources::{ALL as ALL_SOURCES, Source, named as source_named};

/// The version of Graph's API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// v1.0.
    #[default]
    V1,
    /// beta.
    Beta,
}

impl Api {
    /// As it is written in Graph's path.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// Where the first run begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backfill {
    /// At the newest rows: what happens now is seen first.
    #[default]
    NewestFirst,
    /// At the oldest: before Graph forgets them.
    OldestFirst,
}

/// Everything that `poll` needs to know. Holds no secret.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Who signs in, where, and to what.
    pub application: Application,
    /// How it signs in.
    pub auth: AuthSetup,
    /// The service that is polled.
    pub source: &'static dyn Source,
    /// Where it is.
    pub service: Origin,
    /// The folder that is polled in the place of a service.
    pub folder: Option<FolderSetup>,
    /// The version of its API.
    pub api: Api,
    /// The file that remembers what was delivered.
    pub ledger: PathBuf,
    /// Whether folders that are missing are made.
    pub create: bool,
    /// How far back to begin; at most 90 days.
    pub since: Duration,
    /// Whether to end once the span up to the start is covered.
    pub once: bool,
    /// Where the first run begins.
    pub backfill: Backfill,
    /// How long a row may still appear or change.
    pub settling: Duration,
    /// Requests in 5 minutes, 1 to 100.
    pub budget: u32,
    /// How many of them may read again what may still change.
    pub reread: u32,
    /// The rows that are asked about.
    pub details: Statuses,
    /// Whether rows are delivered as they came.
    pub raw: bool,
    /// How lines become events.
    pub options: Options,
    /// A component in place of the program's own.
    pub component: Option<PathBuf>,
    /// Where events go; at least one.
    pub sinks: Vec<SinkSetup>,
    /// The file for events that a sink refuses for good.
    pub dead_letter: PathBuf,
    /// How to connect.
    pub client: ClientOptions,
    /// What to log.
    pub log: LevelFilter,
    /// How often the log says how far polling is.
    pub log_interval: Duration,
}

/// Reads a setup from flags, the environment and the file that they name.
///
/// # Errors
///
/// The first thing that is wrong: where, which key, and the fix.
pub fn load(args: &PollArgs, environment: &Environment) -> Result<Setup, ConfigError> {
    mistyped::check(environment)?;
    let layers = Layers::read(args, environment)?;
    let auth = AuthSetup::read(&layers, environment)?;
    missing::check(&layers, &auth, environment)?;
    let folder = super::folder::read(&layers)?;
    let (source, service, application) = match &folder {
        Some(_) => nobody(&layers)?,
        None => tenant(&layers, &auth, environment)?,
    };
    let ledger: PathBuf = layers
        .text("ledger")
        .filter(|path| !path.is_empty())
        .ok_or_else(|| {
            ConfigError::new(
                layers.place("ledger"),
                "ledger",
                "expected the file that remembers what was delivered",
            )
        })?
        .into();
    let dead_letter = layers
        .text("dead-letter")
        .map_or_else(|| beside(&ledger), PathBuf::from);
    let hours = |hours: u64| Duration::from_hours(hours);
    let client = ClientOptions {
        ca_file: layers.text("ca-file").map(PathBuf::from),
        ..ClientOptions::default()
    };
    let budget = layers.read_or("budget", 90, "a number of requests, 1 to 100", |text| {
        text.parse().ok().filter(|budget| (1..=100).contains(budget))
    })?;
    let tenant_id = Some(application.tenant_id.clone()).filter(|id| !id.is_empty());
    let raw = switch(&layers, "raw", false)?;
    let sinks = sink::read(&layers)?;
    check_raw(&layers, raw, &sinks)?;
    let details = super::details::read(&layers, raw, folder.is_some(), &sinks)?;
    Ok(Setup {
        application,
        auth,
        source,
        service,
        folder,
        api: layers.read_or("api", Api::V1, "v1.0 or beta", |text| match text {
            "v1.0" => Some(Api::V1),
            "beta" => Some(Api::Beta),
            _ => None,
        })?,
        ledger,
        create: switch(&layers, "create", false)?,
        since: since(&layers, source)?,
        once: switch(&layers, "once", false)?,
        backfill: layers.read_or(
            "backfill",
            Backfill::NewestFirst,
            "newest-first or oldest-first",
            |text| match text {
                "newest-first" => Some(Backfill::NewestFirst),
                "oldest-first" => Some(Backfill::OldestFirst),
                _ => None,
            },
        )?,
        settling: layers.read_or("settling", hours(48), "a duration from 1m to 48h", |text| {
            duration(text).filter(|settling| (Duration::from_mins(1)..=hours(48)).contains(settling))
        })?,
        budget,
        reread: layers.read_or(
            "reread",
            (budget / 2).max(1),
            "a number of requests, 1 to 100",
            |text| text.parse().ok().filter(|reread| (1..=100).contains(reread)),
        )?,
        details,
        options: Options {
            target: layers.read_or("target", Target::default(), Target::LISTED, Target::from_name)?,
            organization_domains: domains(&layers)?,
            tenant_id,
            keep_original: switch(&layers, "keep-original", true)?,
            ..Options::default()
        },
        component: layers.text("component").map(PathBuf::from),
        raw,
        sinks,
        dead_letter,
        client: client.with_proxy_of(|name| environment.variable(name)),
        log: log_level(&layers)?,
        log_interval: layers.read_or(
            "log-interval",
            Duration::from_mins(5),
            "a duration from 1s to 24h",
            |text| duration(text).filter(|interval| *interval <= hours(24)),
        )?,
    })
}

/// What to log.
pub(super) fn log_level(layers: &Layers) -> Result<LevelFilter, ConfigError> {
    let expected = "error, warn, info, debug or off";
    layers.read_or("log", LevelFilter::Info, expected, |text| match text {
        "trace" => None,
        text => text.parse().ok(),
    })
}

/// Where the dead letter of a setup is, for those who want to know nothing else of it: as it is set, as the ledger notes it,
/// or beside the ledger.
///
/// # Errors
///
/// If neither it nor the ledger is set, or the file cannot be read.
pub fn dead_letter_path(args: &PollArgs, environment: &Environment) -> Result<PathBuf, ConfigError> {
    let layers = Layers::read(args, environment)?;
    if let Some(path) = layers.text("dead-letter") {
        return Ok(path.into());
    }
    let ledger: PathBuf = layers
        .text("ledger")
        .filter(|path| !path.is_empty())
        .ok_or_else(|| {
            let what =
                "expected the ledger's file, or the dead letter's with --dead-letter, or both with --config";
            ConfigError::new(layers.place("ledger"), "ledger", what)
        })?
        .into();
    let noted = FileLedger::notes_of(&ledger)
        .ok()
        .and_then(|notes| notes.dead_letter);
    Ok(noted.unwrap_or_else(|| beside(&ledger)))
}

/// Who signs in: with federation also from what the webhook of workload identity sets, where nothing nearer is set.
fn application(
    layers: &Layers,
    auth: &AuthSetup,
    environment: &Environment,
    cloud: Cloud,
    scope: String,
) -> Result<Application, ConfigError> {
    let is_federated = matches!(auth, AuthSetup::Federated { .. });
    let azure = |name: &str| is_federated.then(|| environment.variable(name)).flatten();
    let tenant_id = id(
        layers,
        "tenant-id",
        azure("AZURE_TENANT_ID"),
        "expected the tenant's GUID or domain",
    )?;
    if ["common", "organizations", "consumers"].contains(&tenant_id.as_str()) {
        let what = "a program signs in to one tenant; expected its GUID or domain";
        return Err(ConfigError::new(layers.place("tenant-id"), "tenant-id", what));
    }
    let client_id = if auth.needs_client_id() {
        id(
            layers,
            "client-id",
            azure("AZURE_CLIENT_ID"),
            "expected the application's (client's) GUID",
        )?
    } else {
        layers.text("client-id").unwrap_or_default().to_owned()
    };
    // A cloud that was named is nearer than what the webhook sets.
    let authority = azure("AZURE_AUTHORITY_HOST").filter(|_| layers.setting("cloud").is_none());
    let login = origin(layers, "login-url", authority, cloud.login())?;
    Ok(Application {
        tenant_id,
        client_id,
        login,
        scope,
    })
}

/// What is polled, where, and who signs in.
pub(super) fn tenant(
    layers: &Layers,
    auth: &AuthSetup,
    environment: &Environment,
) -> Result<(&'static dyn Source, Origin, Application), ConfigError> {
    let cloud = layers.read_or(
        "cloud",
        Cloud::default(),
        "global, us-gov, us-dod or china",
        Cloud::from_name,
    )?;
    let source = layers.read_or(
        "source",
        ALL_SOURCES[0],
        "graph, reporting or folder",
        source_named,
    )?;
    let service = service(layers, source, cloud)?;
    let scope = match source.name() {
        "graph" => scope_of(&service),
        _ => cloud.exchange_scope().to_owned(),
    };
    let application = application(layers, auth, environment, cloud, scope)?;
    Ok((source, service, application))
}

/// Nobody signs in for a folder. A tenant that is named is written into events.
pub(super) fn nobody(layers: &Layers) -> Result<(&'static dyn Source, Origin, Application), ConfigError> {
    let tenant_id = match layers.setting("tenant-id") {
        Some(_) => id(layers, "tenant-id", None, "expected the tenant's GUID or domain")?,
        None => String::new(),
    };
    let cloud = Cloud::default();
    let service = origin(layers, "graph-url", None, cloud.graph())?;
    let application = Application {
        tenant_id,
        client_id: String::new(),
        login: origin(layers, "login-url", None, cloud.login())?,
        scope: String::new(),
    };
    Ok((ALL_SOURCES[0], service, application))
}

/// Raw rows are for workers: a service that takes events would refuse every one.
fn check_raw(layers: &Layers, raw: bool, sinks: &[SinkSetup]) -> Result<(), ConfigError> {
    let takes_events = |sink: &SinkSetup| match sink {
        SinkSetup::Service { kind, .. } => !matches!(*kind, "nats" | "kafka"),
        _ => false,
    };
    let bare = sinks.iter().map(|sink| match sink {
        SinkSetup::Named { sink, .. } => &**sink,
        sink => sink,
    });
    if raw && bare.into_iter().any(takes_events) {
        let what =
            "raw rows go to sinks of type nats, kafka, http or file, or to stdout; a sink here takes events";
        return Err(ConfigError::new(layers.place("raw"), "raw", what));
    }
    Ok(())
}

/// How far back to begin: as far as the service goes.
fn since(layers: &Layers, source: &dyn Source) -> Result<Duration, ConfigError> {
    let most = Duration::from_secs(u64::try_from(source.retention_s()).unwrap_or(u64::MAX));
    let days = most.as_secs() / 86_400;
    let expected = format!("a duration such as 48h or 7d, at most {days}d");
    layers.read_or("since", Duration::from_hours(48), &expected, |text| {
        duration(text).filter(|since| *since <= most)
    })
}

/// Where the service is.
fn service(layers: &Layers, source: &dyn Source, cloud: Cloud) -> Result<Origin, ConfigError> {
    // A wrong address is said also where another service is polled.
    for setting in ALL_SOURCES.map(Source::url_setting) {
        if layers.setting(setting).is_some() {
            origin(layers, setting, None, "")?;
        }
    }
    let setting = source.url_setting();
    let default = match source.name() {
        "graph" => Some(cloud.graph()),
        _ => cloud.reporting(),
    };
    if default.is_none() && layers.setting(setting).is_none() {
        let what = "its address in this cloud is not known; set it";
        return Err(ConfigError::new(layers.place(setting), setting, what));
    }
    origin(layers, setting, None, default.unwrap_or_default())
}

fn switch(layers: &Layers, name: &str, default: bool) -> Result<bool, ConfigError> {
    layers.read_or(name, default, "true or false", |text| text.parse().ok())
}

/// An id that can stand in an address.
fn id(layers: &Layers, name: &str, fallback: Option<String>, expected: &str) -> Result<String, ConfigError> {
    let is_id = |text: &String| {
        (1..=253).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    };
    let text = layers.text(name).map(str::to_owned).or(fallback);
    text.filter(is_id)
        .ok_or_else(|| ConfigError::new(layers.place(name), name, expected))
}

fn origin(
    layers: &Layers,
    name: &str,
    fallback: Option<String>,
    default: &str,
) -> Result<Origin, ConfigError> {
    let text = layers
        .text(name)
        .map(str::to_owned)
        .or(fallback)
        .unwrap_or_else(|| default.to_owned());
    Origin::parse(&text).map_err(|error| ConfigError::new(layers.place(name), name, error.to_string()))
}

fn domains(layers: &Layers) -> Result<Vec<String>, ConfigError> {
    let Some(setting) = layers.setting("organization-domains") else {
        return Ok(Vec::new());
    };
    let read = |text: &String| {
        message_trace_normalize::mail_domain(text)
            .map_err(|what| ConfigError::new(setting.place.clone(), "organization-domains", what))
    };
    setting.texts.iter().map(read).collect()
}

/// The dead letter's place where none is set.
pub(crate) fn beside(ledger: &std::path::Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".dead-letter.ndjson");
    name.into()
}
