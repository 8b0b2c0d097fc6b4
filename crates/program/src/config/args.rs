//! The flags of `poll`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use clap::builder::StyledStr;
use message_trace::Target;

/// Polls a tenant's message traces and delivers them as events.
///
/// Every flag can also be a variable (--graph-url: MESSAGE_TRACE_GRAPH_URL) or a key of the file; flags count first, then
/// variables. The client secret is read from MESSAGE_TRACE_CLIENT_SECRET or from a private file, never from a flag.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = EXAMPLES)]
#[expect(
    clippy::doc_markdown,
    reason = "the doc comments are the help texts, which show no Markdown"
)]
pub struct PollArgs {
    /// TOML file with the settings that are not flags or variables
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The tenant: its GUID or one of its domains
    #[arg(long, value_name = "ID")]
    pub tenant_id: Option<String>,
    /// The application (client) that signs in
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// How it signs in: secret, certificate, federated or managed-identity [default: by what is set]
    #[arg(long, value_name = "KIND", help_heading = "Signing in")]
    pub auth: Option<String>,
    /// File with the client secret, private to this user
    #[arg(long, value_name = "FILE", help_heading = "Signing in")]
    pub client_secret_file: Option<String>,
    /// File with the certificate and its key: PEM, or PKCS#12 (PFX); private to this user
    #[arg(long, value_name = "FILE", help_heading = "Signing in")]
    pub certificate_file: Option<String>,
    /// File with the certificate's key, if it is another; PEM, private to this user
    #[arg(long, value_name = "FILE", help_heading = "Signing in")]
    pub key_file: Option<String>,
    /// File with the password of the PKCS#12 file, private to this user
    #[arg(long, value_name = "FILE", help_heading = "Signing in")]
    pub certificate_password_file: Option<String>,
    /// File with the federated token [default: AZURE_FEDERATED_TOKEN_FILE]
    #[arg(long, value_name = "FILE", help_heading = "Signing in")]
    pub token_file: Option<String>,
    /// The user-assigned managed identity [default: the system-assigned one]
    #[arg(long, value_name = "ID", help_heading = "Signing in")]
    pub identity_client_id: Option<String>,

    /// Where rows come from: graph, reporting (the older Reporting Web Service, 30 days back) or folder [default: graph]
    #[arg(long, value_name = "SERVICE", help_heading = "Source")]
    pub source: Option<String>,
    /// With --source folder: a folder of saved traces, or a pattern with *, ?, [...] and ** (in quotes)
    #[arg(long, value_name = "GLOB", help_heading = "Source")]
    pub folder: Option<String>,
    /// How often the folder is looked at, 1s to 24h [default: 10s]
    #[arg(long, value_name = "DURATION", help_heading = "Source")]
    pub folder_interval: Option<String>,
    /// How long a file must not have changed before it is read, 1s to 1h [default: 2s]
    #[arg(long, value_name = "DURATION", help_heading = "Source")]
    pub folder_rest: Option<String>,
    /// How long a row is remembered after it was read last, 1d to 3650d [default: 400d]
    #[arg(long, value_name = "DURATION", help_heading = "Source")]
    pub folder_remember: Option<String>,
    /// Whether 05/06/2026 in a CSV report is 5 June (dmy) or May 6 (mdy) [default: as another row proves]
    #[arg(long, value_name = "ORDER", help_heading = "Source")]
    pub folder_dates: Option<String>,
    /// Microsoft's cloud: global (GCC too), us-gov (GCC High), us-dod or china [default: global]
    #[arg(long, value_name = "CLOUD", help_heading = "Source")]
    pub cloud: Option<String>,
    /// Graph [default: the cloud's]
    #[arg(long, value_name = "URL", help_heading = "Source")]
    pub graph_url: Option<String>,
    /// The Reporting Web Service [default: the cloud's]
    #[arg(long, value_name = "URL", help_heading = "Source")]
    pub reporting_url: Option<String>,
    /// The sign-in service [default: the cloud's]
    #[arg(long, value_name = "URL", help_heading = "Source")]
    pub login_url: Option<String>,
    /// v1.0 or beta [default: v1.0]
    #[arg(long, value_name = "VERSION", help_heading = "Source")]
    pub api: Option<String>,
    /// File that remembers what was delivered; its folder must exist
    #[arg(long, value_name = "FILE", help_heading = "Source")]
    pub ledger: Option<String>,
    /// Make the folders of the ledger and of file sinks where they are missing
    #[arg(long, help_heading = "Source")]
    pub create: bool,
    /// How far back to begin, up to 90d [default: 48h]
    #[arg(long, value_name = "DURATION", help_heading = "Source")]
    pub since: Option<String>,
    /// Catch up with the time of the start, then end
    #[arg(long, help_heading = "Source")]
    pub once: bool,
    /// newest-first or oldest-first [default: newest-first]
    #[arg(long, value_name = "ORDER", help_heading = "Source")]
    pub backfill: Option<String>,
    /// How long a row may still appear or change, before it is final, up to 48h [default: 48h]
    #[arg(long, value_name = "DURATION", help_heading = "Source")]
    pub settling: Option<String>,
    /// Requests in 5 minutes, 1 to 100; Graph allows a tenant 100 [default: 90]
    #[arg(long, value_name = "REQUESTS", help_heading = "Source")]
    pub budget: Option<String>,
    /// How many of these requests may read again what may still change [default: half of the budget]
    #[arg(long, value_name = "REQUESTS", help_heading = "Source")]
    pub reread: Option<String>,
    /// Ask why messages of these statuses were not delivered: failed,quarantined,filtered-as-spam,pending, or all; in the
    /// same budget, half of it at the most [default: none]
    #[arg(long, value_name = "STATUSES", help_heading = "Source")]
    pub details: Option<String>,

    /// Deliver rows as they came, for workers of `transform`, to sinks of type nats, kafka, http or file, or to stdout
    #[arg(long, help_heading = "Events")]
    pub raw: bool,
    /// The shape of the events
    #[arg(long, value_name = "TARGET", help = target_help(), help_heading = "Events")]
    pub target: Option<String>,
    /// A mail domain of the organization; repeat it for more
    #[arg(long = "organization-domain", value_name = "DOMAIN", help_heading = "Events")]
    pub organization_domains: Vec<String>,
    /// Whether events keep the raw line: true or false [default: true]
    #[arg(long, value_name = "BOOL", help_heading = "Events")]
    pub keep_original: Option<String>,
    /// Component to run in place of the one inside the program
    #[arg(long, value_name = "FILE", help_heading = "Events")]
    pub component: Option<String>,

    /// Where events go: stdout, file:PATH, archive:DIR or `archive:s3://BUCKET/PREFIX` (Parquet, for `query`;
    /// a program of `./build.sh all`) or http(s)://HOST/PATH; repeat it for more [default: stdout]
    #[arg(long = "sink", value_name = "SINK", help_heading = "Sink")]
    pub sinks: Vec<String>,
    /// Send nothing; ask each sink whether it is there and takes what would be sent, say what cannot be asked, then end
    #[arg(long, help_heading = "Sink")]
    pub check_sinks: bool,
    /// File for rows that a sink refuses for good, until they are replayed [default: beside the ledger]
    #[arg(long, value_name = "FILE", help_heading = "Sink")]
    pub dead_letter: Option<String>,

    /// PEM file with certificate authorities to trust beside the platform's
    #[arg(long, value_name = "FILE", help_heading = "Program")]
    pub ca_file: Option<String>,
    /// What to log on standard error: error, warn, info, debug or off [default: info]
    #[arg(long, value_name = "LEVEL", help_heading = "Program")]
    pub log: Option<String>,
    /// How often the log says how far it is, 1s to 24h [default: 5m]
    #[arg(long, value_name = "DURATION", help_heading = "Program")]
    pub log_interval: Option<String>,
}

fn target_help() -> StyledStr {
    let names = Target::LISTED;
    let mut help = StyledStr::new();
    // Text takes all that is written.
    let _ = write!(
        help,
        "The shape of the events: {names} [default: {}, as in every host of the component]",
        Target::default().name()
    );
    help
}

const EXAMPLES: &str = "\
Examples:
  export MESSAGE_TRACE_CLIENT_SECRET=...
  message-trace poll --tenant-id TENANT --client-id CLIENT \\
      --ledger ledger.db --since 48h --target ecs --sink stdout
  message-trace poll --config poll.toml
  message-trace poll --config poll.toml --once --sink file:events.ndjson
  message-trace poll --source folder --folder '/srv/traces/**/*.csv' \\
      --ledger ledger.db --target ecs --sink file:/var/log/events.ndjson

A sink that wants a token has it in the file, not in a flag:
  [[sinks]]
  type = \"http\"
  url = \"https://collector.example.com/intake\"
  secret-headers = { Authorization =
      { variable = \"COLLECTOR_TOKEN\", prefix = \"Bearer \" } }

Exit codes:
    0  done (--once), or asked to stop
    2  the command line cannot be read
   70  Graph or this program broke a contract: report it, with the log
   74  a disk is full, a file or folder cannot be read or written
   75  Graph, the sink or the network fails for now: start again later
   77  consent or the service principal is missing
   78  a setting or a credential is wrong: fix what the sentence names";

impl PollArgs {
    /// The flags that are set, by key.
    pub(super) fn settings(&self) -> Vec<(&'static str, Vec<String>)> {
        let Self {
            config: _,
            tenant_id,
            client_id,
            auth,
            client_secret_file,
            certificate_file,
            key_file,
            certificate_password_file,
            token_file,
            identity_client_id,
            source,
            folder,
            folder_interval,
            folder_rest,
            folder_remember,
            folder_dates,
            cloud,
            graph_url,
            reporting_url,
            login_url,
            api,
            ledger,
            create,
            since,
            once,
            backfill,
            settling,
            budget,
            reread,
            details,
            raw,
            target,
            organization_domains,
            keep_original,
            component,
            sinks,
            check_sinks: _,
            dead_letter,
            ca_file,
            log,
            log_interval,
        } = self;
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let switch = |is: bool| is.then(|| "true".to_owned()).into_iter().collect::<Vec<_>>();
        let settings = [
            ("tenant-id", one(tenant_id)),
            ("client-id", one(client_id)),
            ("auth", one(auth)),
            ("client-secret-file", one(client_secret_file)),
            ("certificate-file", one(certificate_file)),
            ("key-file", one(key_file)),
            ("certificate-password-file", one(certificate_password_file)),
            ("token-file", one(token_file)),
            ("identity-client-id", one(identity_client_id)),
            ("source", one(source)),
            ("folder", one(folder)),
            ("folder-interval", one(folder_interval)),
            ("folder-rest", one(folder_rest)),
            ("folder-remember", one(folder_remember)),
            ("folder-dates", one(folder_dates)),
            ("cloud", one(cloud)),
            ("graph-url", one(graph_url)),
            ("reporting-url", one(reporting_url)),
            ("login-url", one(login_url)),
            ("api", one(api)),
            ("ledger", one(ledger)),
            ("create", switch(*create)),
            ("since", one(since)),
            ("once", switch(*once)),
            ("backfill", one(backfill)),
            ("settling", one(settling)),
            ("budget", one(budget)),
            ("reread", one(reread)),
            ("details", one(details)),
            ("raw", switch(*raw)),
            ("target", one(target)),
            ("organization-domains", organization_domains.clone()),
            ("keep-original", one(keep_original)),
            ("component", one(component)),
            ("sinks", sinks.clone()),
            ("dead-letter", one(dead_letter)),
            ("ca-file", one(ca_file)),
            ("log", one(log)),
            ("log-interval", one(log_interval)),
        ];
        settings
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .collect()
    }
}
