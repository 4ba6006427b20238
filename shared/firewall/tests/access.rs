//! What a credential must be to ask a cloud.

#![allow(clippy::unwrap_used, reason = "tests")]

use firewall::{CloudAccess, Unusable};
use model::credential::CredentialType;
use model::secret::SecretJson;

#[test]
fn credentials_are_read_by_their_type() {
    use CredentialType::{AccessKey, AssumeRole};
    let role =
        SecretJson::new(r#"{"roleArn": "arn:aws:iam::123456789012:role/r", "externalId": "x"}"#.into());
    assert_eq!(
        CloudAccess::read(Some(AssumeRole), Some(&role)).unwrap().identity(),
        "arn:aws:iam::123456789012:role/r"
    );
    let key = SecretJson::new(
        r#"{"accessKeyId": "AKIA1", "secretAccessKey": "hunter2", "sessionToken": "s"}"#.into(),
    );
    let key = CloudAccess::read(Some(AccessKey), Some(&key)).unwrap();
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
        let unusable = CloudAccess::read(kind, value.as_ref()).unwrap_err();
        assert_eq!(unusable, expected);
        assert!(!unusable.to_string().contains("hunter2"));
    }
}
