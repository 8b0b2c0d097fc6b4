//! How a setup signs in, and where its secret comes from.

use std::path::PathBuf;
use std::time::SystemTime;

use message_trace_net::auth::Credential;
use message_trace_program::config::{AuthSetup, Environment, load};
use tempfile::TempDir;

use crate::auth::private_file;
use crate::config::args;

#[test]
fn the_kind_of_signing_in_follows_from_what_is_set() {
    let azure = Environment::of([
        ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token"),
        ("AZURE_TENANT_ID", "tenant-of-azure"),
        ("AZURE_CLIENT_ID", "client-of-azure"),
        ("AZURE_AUTHORITY_HOST", "https://login.example.com/"),
    ]);
    let setup = load(&args(["--ledger", "l"]), &azure).unwrap();
    assert_eq!(
        setup.auth,
        AuthSetup::Federated {
            token_file: "/var/run/token".into()
        }
    );
    let application = &setup.application;
    assert_eq!(
        (application.tenant_id.as_str(), application.client_id.as_str()),
        ("tenant-of-azure", "client-of-azure")
    );
    assert_eq!(application.login.name(), "https://login.example.com");
    let setup = load(
        &args([
            "--ledger",
            "l",
            "--tenant-id",
            "t",
            "--client-id",
            "c",
            "--client-secret-file",
            "s",
        ]),
        &azure,
    );
    let setup = setup.unwrap();
    assert!(matches!(
        setup.auth,
        AuthSetup::Secret {
            is_file_first: true,
            ..
        }
    ));
    assert_eq!(
        setup.application.login.name(),
        "https://login.microsoftonline.com"
    );
}

#[test]
fn the_secret_comes_from_the_nearest_place() {
    let folder = TempDir::new().unwrap();
    let file = Some(private_file(&folder, "secret", b"from-the-file\n"));
    let kind = |auth: &AuthSetup, variable: Option<&'static str>| {
        let secrets = move |name: &str| {
            Ok(variable
                .filter(|_| name == "MESSAGE_TRACE_CLIENT_SECRET")
                .map(|secret| secret.to_owned().into()))
        };
        match auth.credential_with(&secrets, SystemTime::now()) {
            Ok(Credential::Secret(secret)) => secrecy::ExposeSecret::expose_secret(&secret).to_owned(),
            Ok(other) => panic!("{other:?}"),
            Err(error) => error.to_string(),
        }
    };
    let auth = |file: &Option<PathBuf>, is_file_first| AuthSetup::Secret {
        file: file.clone(),
        is_file_first,
    };
    assert_eq!(
        kind(&auth(&file, false), Some("from-the-variable")),
        "from-the-variable"
    );
    assert_eq!(
        kind(&auth(&file, true), Some("from-the-variable")),
        "from-the-file"
    );
    assert_eq!(kind(&auth(&file, false), None), "from-the-file");
    assert!(kind(&auth(&None, false), None).contains("set MESSAGE_TRACE_CLIENT_SECRET"));
    let error = kind(&auth(&Some(folder.path().join("missing")), false), None);
    assert!(error.contains("missing: cannot be read"), "{error}");
}
