//! Variables whose names are mistyped.

use super::layers::PREFIX;
use super::{ConfigError, Environment, KEYS, Key, Place, SECRET_VARIABLES};

/// Refuses a variable that is one of this program's with letters wrong: what it sets would not count. Others with the
/// prefix may be somebody else's, such as those that Kubernetes sets for a service of this name.
pub(super) fn check(environment: &Environment) -> Result<(), ConfigError> {
    let known = known();
    for name in strangers(environment, &known) {
        if let Some(near) = known.iter().find(|known| is_mistyped(name, known)) {
            let what = format!("there is no such setting (did you mean {near}?)");
            return Err(ConfigError::new(Place::Variable(name.to_owned()), "", what));
        }
    }
    Ok(())
}

/// What to say of variables with this program's prefix that are none of its own, and not nearly one: a sentence for each.
#[must_use]
pub fn passed_over(environment: &Environment) -> Vec<String> {
    let known = known();
    strangers(environment, &known)
        .filter(|name| !known.iter().any(|known| is_mistyped(name, known)))
        .map(|name| format!("{name}: there is no such setting; the variable is passed over"))
        .collect()
}

/// The variables that this program reads.
fn known() -> Vec<String> {
    let own = ["MESSAGE_TRACE_CONFIG", "MESSAGE_TRACE_CACHE"]
        .into_iter()
        .chain(SECRET_VARIABLES)
        .map(str::to_owned);
    KEYS.iter().map(Key::variable).chain(own).collect()
}

fn strangers<'a>(environment: &'a Environment, known: &'a [String]) -> impl Iterator<Item = &'a str> {
    environment
        .own_names()
        .filter(|name| !known.iter().any(|known| known == name))
}

/// Whether a name is a known one with a letter wrong, left out, added or swapped; two, if it is long.
fn is_mistyped(name: &str, known: &str) -> bool {
    let bare = |name: &str| name.trim_start_matches(PREFIX).to_owned();
    let (name, known) = (bare(name), bare(known));
    let most = if known.len() < 10 { 1 } else { 2 };
    strsim::damerau_levenshtein(&name, &known) <= most
}

#[cfg(test)]
mod tests {
    use super::{Environment, check};

    #[test]
    fn a_mistyped_variable_is_refused_and_others_are_not() {
        for (name, near) in [
            ("MESSAGE_TRACE_LEGER", "MESSAGE_TRACE_LEDGER"),
            ("MESSAGE_TRACE_LEDEGR", "MESSAGE_TRACE_LEDGER"),
            ("MESSAGE_TRACE_TENANTID", "MESSAGE_TRACE_TENANT_ID"),
            ("MESSAGE_TRACE_SINK", "MESSAGE_TRACE_SINKS"),
            ("MESSAGE_TRACE_CLIENT_SECRT", "MESSAGE_TRACE_CLIENT_SECRET"),
        ] {
            let said = check(&Environment::of([(name, "x")])).map_err(|error| error.to_string());
            let expected = format!("{name}: there is no such setting (did you mean {near}?)");
            assert_eq!(said, Err(expected));
        }
        for name in [
            "MESSAGE_TRACE_LEDGER",
            "MESSAGE_TRACE_CACHE",
            "MESSAGE_TRACE_PORT",
            "MESSAGE_TRACE_TANGENT",
            "MESSAGE_TRACE_PORT_80_TCP",
            "MESSAGE_TRACE_SERVICE_HOST",
            "MESSAGE_TRACE_COLLECTOR_TOKEN",
            "MESSAGETRACE_LEGER",
        ] {
            assert!(check(&Environment::of([(name, "x")])).is_ok(), "{name}");
        }
    }
}
