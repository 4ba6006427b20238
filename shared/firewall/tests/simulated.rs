//! The simulated cloud, and what a credential must be to ask it.

#![allow(clippy::unwrap_used, reason = "tests")]

use firewall::simulated::SimulatedCloud;
use firewall::{CloudAccess, Firewall, FirewallError, GroupRef, NotBuiltIn, Unusable};
use model::credential::CredentialType;
use model::secret::SecretJson;

fn group() -> GroupRef {
    GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def4567890".into() }
}

fn access() -> CloudAccess {
    let value = SecretJson::new(
        r#"{"accessKeyId": "AKIA1", "secretAccessKey": "hunter2", "sessionToken": "s"}"#.into(),
    );
    CloudAccess::read(Some(CredentialType::AccessKey), Some(&value)).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn a_strict_cloud_has_what_was_added() {
    let cloud = SimulatedCloud::strict();
    assert_eq!(cloud.describe(&access(), &group()).await, Err(FirewallError::GroupMissing));
    cloud.add_group(group());
    assert!(cloud.describe(&access(), &group()).await.is_ok());
    let elsewhere = GroupRef { region: "us-east-1".into(), ..group() };
    assert_eq!(cloud.describe(&access(), &elsewhere).await, Err(FirewallError::GroupMissing));
    cloud.remove_group(&group());
    assert_eq!(cloud.describe(&access(), &group()).await, Err(FirewallError::GroupMissing));
    assert_eq!(cloud.calls(), 4);
    assert!(SimulatedCloud::with_every_group().describe(&access(), &group()).await.is_ok());
}

#[tokio::test(flavor = "current_thread")]
async fn faults_come_once_and_denials_stay() {
    let cloud = SimulatedCloud::with_every_group();
    cloud.fail_next(FirewallError::Throttled);
    assert_eq!(cloud.describe(&access(), &group()).await, Err(FirewallError::Throttled));
    assert!(cloud.describe(&access(), &group()).await.is_ok());
    cloud.deny("AKIA1");
    for _ in 0..2 {
        let denied = cloud.describe(&access(), &group()).await.unwrap_err();
        assert!(denied.is_refusal() && denied.reason(&group()).contains("not authorized"));
    }
    let unreachable = NotBuiltIn.describe(&access(), &group()).await.unwrap_err();
    assert!(!unreachable.is_refusal() && !FirewallError::Throttled.is_refusal());
}

#[test]
fn credentials_are_read_by_their_type() {
    use CredentialType::{AccessKey, AssumeRole};
    let role =
        SecretJson::new(r#"{"roleArn": "arn:aws:iam::123456789012:role/r", "externalId": "x"}"#.into());
    assert_eq!(
        CloudAccess::read(Some(AssumeRole), Some(&role)).unwrap().identity(),
        "arn:aws:iam::123456789012:role/r"
    );
    assert_eq!(access().identity(), "AKIA1");
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
    assert!(!format!("{:?}", access()).contains("hunter2"));
}
