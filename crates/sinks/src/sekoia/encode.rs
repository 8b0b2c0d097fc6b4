//! Events as texts of JSON in one object with the intake's key.

use secrecy::zeroize::Zeroizing;

use super::super::RefusedReason;

/// What stands before the events.
pub(super) fn open(intake_key: &str) -> Zeroizing<Vec<u8>> {
    let mut open = Zeroizing::new(Vec::with_capacity(intake_key.len() * 6 + 32));
    open.extend_from_slice(b"{\"intake_key\":");
    // Writing into a vector never fails, and a text is always JSON.
    let _ = serde_json::to_writer(&mut *open, intake_key);
    open.extend_from_slice(b",\"jsons\":[");
    open
}

/// Appends an event as a text.
///
/// # Errors
///
/// If it is no UTF-8, which no event is.
pub(super) fn put(json: &[u8], body: &mut Vec<u8>) -> Result<(), RefusedReason> {
    let text = std::str::from_utf8(json).map_err(|_| RefusedReason::Code("not-utf-8".into()))?;
    // Writing into a vector never fails.
    let _ = serde_json::to_writer(&mut *body, text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_text_beside_the_key() {
        let mut body = open("key \"1\"").to_vec();
        assert_eq!(put(br#"{"a":"\"b\""}"#, &mut body), Ok(()));
        body.extend_from_slice(b"]}");
        let read: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let expected = serde_json::json!({ "intake_key": "key \"1\"", "jsons": [r#"{"a":"\"b\""}"#] });
        assert_eq!(read, expected);
        assert!(put(b"\xff", &mut body).is_err());
    }
}
