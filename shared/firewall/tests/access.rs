//! What a credential must be to ask a cloud.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use firewall::{CloudAccess, Purpose, Unusable};
use model::credential::CredentialType;
use model::id::{OrgId, SessionId};
use model::secret::SecretJson;

fn org(name: &str) -> OrgId {
    OrgId::parse(name).unwrap()
}

/// External id and name of the session with which an organization would assume a role.
fn assumed(name: &str, value: &str) -> Result<(String, String), Unusable> {
    let value = SecretJson::new(value.into());
    let access = CloudAccess::read(&org(name), Some(CredentialType::AssumeRole), Some(&value))?;
    match access.on_behalf_of(&org(name), &Purpose::Verify) {
        CloudAccess::AssumeRole { external_id, session_name, .. } => Ok((external_id, session_name)),
        CloudAccess::AccessKey { .. } => panic!("a key pair"),
    }
}

#[test]
fn a_role_is_assumed_with_the_organizations_external_id() {
    let of = |name, value| assumed(name, value).map(|(external_id, _)| external_id);
    for value in [
        r#"{"roleArn": "r"}"#,
        r#"{"roleArn": "r", "externalId": null}"#,
        r#"{"roleArn": "r", "externalId": ""}"#,
    ] {
        assert_eq!(of("acme", value).as_deref(), Ok("postern:acme"));
        assert_eq!(of("gl~bex", value).as_deref(), Ok("postern:gl=7Ebex"));
    }
    let own = r#"{"roleArn": "r", "externalId": "postern:acme"}"#;
    assert_eq!(of("acme", own).as_deref(), Ok("postern:acme"));
    assert_eq!(of("globex", own), Err(Unusable::ExternalIdOfAnother));
    // Stored before there was one.
    assert_eq!(of("acme", r#"{"roleArn": "r", "externalId": "x4711"}"#).as_deref(), Ok("x4711"));
}

#[test]
fn a_roles_session_names_organization_and_purpose() {
    let role = SecretJson::new(r#"{"roleArn": "r"}"#.into());
    let named = |name: &str, purpose: &Purpose| {
        let access = CloudAccess::read(&org(name), Some(CredentialType::AssumeRole), Some(&role)).unwrap();
        let CloudAccess::AssumeRole { session_name, .. } = access.on_behalf_of(&org(name), purpose) else {
            panic!("a key pair");
        };
        let is_taken = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
        assert!(
            (2..=64).contains(&session_name.len()) && session_name.bytes().all(is_taken),
            "{session_name}"
        );
        session_name
    };
    let session = SessionId::parse("01a1fc86-a5c4-7a51-9b5c-7f0d8f4c2b11").unwrap();
    for (name, purpose, expected) in [
        ("acme", Purpose::Session(session), "postern-acme-01a1fc86-a5c4-7a51-9b5c-7f0d8f4c2b11"),
        ("a~c", Purpose::Shared, "postern-a=7Ec-shared"),
        ("acme", Purpose::Verify, "postern-acme-verify"),
        ("acme", Purpose::Compare, "postern-acme-compare"),
    ] {
        assert_eq!(named(name, &purpose), expected);
    }
    let longest = "o".repeat(64);
    let whole = named(&longest, &Purpose::Session(session));
    assert!(whole.len() == 64 && whole.ends_with(&format!("o-{session}")), "{whole}");
    assert_eq!(named(&"~".repeat(64), &Purpose::Session(session)).len(), 64);
}

#[test]
fn credentials_are_read_by_their_type() {
    use CredentialType::{AccessKey, AssumeRole};
    let role =
        SecretJson::new(r#"{"roleArn": "arn:aws:iam::123456789012:role/r", "externalId": "x"}"#.into());
    assert_eq!(
        CloudAccess::read(&org("acme"), Some(AssumeRole), Some(&role)).unwrap().identity(),
        "arn:aws:iam::123456789012:role/r"
    );
    let key = SecretJson::new(
        r#"{"accessKeyId": "AKIA1", "secretAccessKey": "hunter2", "sessionToken": "s"}"#.into(),
    );
    let key = CloudAccess::read(&org("acme"), Some(AccessKey), Some(&key)).unwrap();
    assert_eq!(key.identity(), "AKIA1");
    assert!(!format!("{key:?}").contains("hunter2"));
    for (kind, value, expected) in [
        (None, Some("{}"), Unusable::NotForCloud),
        (Some(AccessKey), None, Unusable::NoValue),
        (Some(AccessKey), Some("{}"), Unusable::Lacks("accessKeyId")),
        (Some(AccessKey), Some(r#"{"accessKeyId": "hunter2"}"#), Unusable::Lacks("secretAccessKey")),
        (
            Some(AccessKey),
            Some(r#"{"accessKeyId": "a", "secretAccessKey": 5}"#),
            Unusable::Lacks("secretAccessKey"),
        ),
        (Some(AccessKey), Some(r#""hunter2""#), Unusable::Lacks("accessKeyId")),
        (Some(AssumeRole), Some(r#"{"roleArn": ""}"#), Unusable::Lacks("roleArn")),
    ] {
        let value = value.map(|value| SecretJson::new(value.into()));
        let unusable = CloudAccess::read(&org("acme"), kind, value.as_ref()).unwrap_err();
        assert_eq!(unusable, expected);
        assert!(!unusable.to_string().contains("hunter2"));
    }
}
