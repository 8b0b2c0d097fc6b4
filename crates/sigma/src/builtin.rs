//! The rules of `integrations/sigma/rules/`, inside the program.

/// A rule's file: its name, and what is in it.
type Rule = (&'static str, &'static str);

macro_rules! rules {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../integrations/sigma/rules/", $name)))),+]
    };
}

/// Every file of that folder; a test compares.
pub(crate) const BUILTIN: [Rule; 17] = rules![
    "correlation_m365_message_trace_backscatter.yml",
    "correlation_m365_message_trace_dlp_repeated.yml",
    "correlation_m365_message_trace_fan_out.yml",
    "correlation_m365_message_trace_large_to_one.yml",
    "correlation_m365_message_trace_mail_bomb.yml",
    "correlation_m365_message_trace_phishing_wave.yml",
    "correlation_m365_message_trace_recipient_enumeration.yml",
    "correlation_m365_message_trace_refused_as_spam.yml",
    "m365_message_trace_dlp_blocked.yml",
    "m365_message_trace_external_to_external.yml",
    "m365_message_trace_large_to_outside.yml",
    "m365_message_trace_large_to_webmail.yml",
    "m365_message_trace_malware_from_inside.yml",
    "m365_message_trace_own_domain_spoofed.yml",
    "m365_message_trace_own_private_address.yml",
    "m365_message_trace_quarantine_released.yml",
    "m365_message_trace_relay_attempt.yml",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::BUILTIN;

    #[test]
    fn every_rule_of_the_folder_is_inside() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../integrations/sigma/rules");
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut there: Vec<String> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        there.sort();
        assert_eq!(there, BUILTIN.map(|(name, _)| name));
    }
}
