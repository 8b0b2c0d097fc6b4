//! What is said of a service's answers: one sentence with what has to be done.

use super::core::Core;
use super::signal::Fault;
use message_trace_remedy::Remedy;
use message_trace_sources::Source;

impl Core {
    /// A sentence about the service.
    pub(super) fn told(&self, what: &str) -> String {
        format!("{}: {what}", self.settings.source.title())
    }
}

pub(super) fn unknown_address(source: &dyn Source) -> Fault {
    let (title, setting) = (source.title(), source.url_setting());
    Fault::new(
        Remedy::Configure,
        format!(
            "{title} knows no message traces at this address; check {setting} and the cloud of the tenant"
        ),
    )
}

pub(super) fn no_service_principal() -> Fault {
    Fault::new(
        Remedy::Permit,
        "Microsoft's service principal 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373 is missing in the tenant; create it with \
         New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373, then wait some hours until it is provisioned",
    )
}

pub(super) fn no_permission(source: &dyn Source) -> Fault {
    Fault::new(
        Remedy::Permit,
        format!(
            "the app has no permission to read message traces; grant it the application permission {} with an \
             administrator's consent",
            source.permission()
        ),
    )
}

pub(super) fn refused_token(source: &dyn Source) -> Fault {
    let (title, setting) = (source.title(), source.url_setting());
    Fault::new(
        Remedy::Configure,
        format!(
            "{title} refused a token it was just given; check that {setting} and login-url are of the same cloud, and this \
             machine's clock"
        ),
    )
}
