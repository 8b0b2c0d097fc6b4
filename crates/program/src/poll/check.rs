//! `poll --check-sinks`: what can be known of sinks without an event sent.

use std::io::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use super::run::Ended;
use crate::config::{KeptSecrets, Setup, open_sinks};
use message_trace_collector::poll::Fault;
use message_trace_net::auth::take_variable;
use message_trace_net::http::{Client, Transport};
use message_trace_remedy::Remedy;
use message_trace_sinks::{Check, FanOut};

/// Asks each sink of a setup, and says a line of each on standard output.
///
/// # Errors
///
/// The first thing that is wrong, as polling would meet it. All sinks are asked before.
pub(super) fn check_sinks(setup: &Setup) -> Ended {
    crate::logging::start(setup.log);
    let secrets = KeptSecrets::of(&take_variable);
    let secrets = |name: &str| secrets.get(name);
    // Taken out of the environment as polling does it; a sink may sign in with it.
    if setup.folder.is_none() {
        setup
            .auth
            .credential_with(&secrets, SystemTime::now())
            .map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    }
    let client = Client::new(setup.client.clone())
        .map_err(|error| Fault::new(Remedy::Configure, error.to_string()))?;
    let transport: Arc<dyn Transport> = Arc::new(client);
    let mut sinks = open_sinks(&setup.outward(), &secrets, &transport)
        .map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    say_checked(&mut sinks)
}

/// Asks opened sinks, and says a line of each.
///
/// # Errors
///
/// The first thing that is wrong.
pub(crate) fn say_checked(sinks: &mut FanOut) -> Ended {
    let mut wrong = None;
    for (name, checked) in sinks.check() {
        let sentence = match &checked {
            Ok(Check::Authorized) => "is there and takes events".to_owned(),
            Ok(Check::Reachable(lacks)) => (*lacks).to_owned(),
            Err(error) => error.to_string(),
        };
        let mark = if checked.is_ok() { "ok" } else { "wrong" };
        // A reader that went away has read enough.
        let _ = writeln!(std::io::stdout().lock(), "{mark:<5} {name}: {sentence}");
        if let (Err(error), None) = (checked, &wrong) {
            wrong = Some(Fault::new(error.remedy(), format!("{name}: {error}")));
        }
    }
    wrong.map_or(Ok(()), Err)
}
