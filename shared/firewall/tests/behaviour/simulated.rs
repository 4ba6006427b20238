//! The suite on the simulated cloud.

use firewall::simulated::SimulatedCloud;
use firewall::{AccountId, CloudAccess, CloudRule, Firewall, FirewallError, GroupRef};
use model::credential::CredentialType;
use model::ingress::{Ingress, IpVersion};
use model::secret::SecretJson;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::suite::{self, Subject, acme, new, ssh};

#[derive(Default)]
pub(crate) struct Simulated {
    pub(crate) cloud: SimulatedCloud,
    groups: AtomicU32,
}

impl Subject for Simulated {
    fn firewall(&self) -> &dyn Firewall {
        &self.cloud
    }

    fn access(&self) -> CloudAccess {
        let value = SecretJson::new(r#"{"accessKeyId": "AKIA1", "secretAccessKey": "hunter2"}"#.into());
        CloudAccess::read(&acme(), Some(CredentialType::AccessKey), Some(&value)).unwrap()
    }

    fn account(&self) -> AccountId {
        AccountId::parse("000000000001").unwrap()
    }

    async fn new_group(&self) -> GroupRef {
        let number = self.groups.fetch_add(1, Ordering::SeqCst) + 1;
        let group = GroupRef { region: "eu-central-1".into(), group_id: format!("sg-{number:017x}") };
        self.cloud.add_group(group.clone());
        group
    }

    async fn add_foreign_rule(&self, group: &GroupRef, ingress: Ingress) {
        let version = Some(IpVersion::of(ingress.address));
        let rule = CloudRule { id: String::new(), ingress: Some(ingress), version, tag: None };
        self.cloud.add_rule(group, rule);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_simulated_cloud_behaves() {
    suite::check(&Simulated::default()).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_cloud_can_have_every_group() {
    let subject = Simulated { cloud: SimulatedCloud::with_every_group(), ..Simulated::default() };
    let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def4567890".into() };
    assert_eq!(suite::describe(&subject, &group).await, []);
    let elsewhere = GroupRef { region: "us-east-1".into(), ..group.clone() };
    let strict = Simulated::default();
    strict.cloud.add_group(group);
    let missing = strict.cloud.describe(&strict.access(), &elsewhere).await;
    assert_eq!(missing, Err(FirewallError::GroupMissing));
}

#[tokio::test(flavor = "current_thread")]
async fn groups_are_missing_to_keys_of_another_account() {
    let (subject, other) = (Simulated::default(), AccountId::from_number(2));
    let (group, access) = (subject.new_group().await, subject.access());
    suite::authorize(&subject, &group, &[new(ssh("203.0.113.7"))]).await.unwrap();
    let id = suite::describe(&subject, &group).await[0].id.clone();
    subject.cloud.put_key_into_account("AKIA1", other);
    assert_eq!(subject.cloud.account(&access, &group.region).await, Ok(other));
    let missing = Err(FirewallError::GroupMissing);
    assert_eq!(subject.cloud.describe(&access, &group).await.map(|_| ()), missing);
    assert_eq!(suite::authorize(&subject, &group, &[new(ssh("203.0.113.8"))]).await, missing);
    assert_eq!(suite::revoke(&subject, &group, std::slice::from_ref(&id)).await, missing);
    subject.cloud.put_group_into_account(&group, other);
    assert_eq!(suite::describe(&subject, &group).await.len(), 1);
    assert_eq!(suite::revoke(&subject, &group, &[id]).await, Ok(()));
    subject.cloud.put_key_into_account("AKIA1", subject.account());
    assert_eq!(subject.cloud.describe(&access, &group).await.map(|_| ()), missing);
}
