//! The simulated cloud of `cargo run`, which is kept in the data folder with the ledger that speaks of it.
//!
//! A call that changes something is answered once the change is on disk: what was answered is there after any kill, and what was not
//! may be, as with a real cloud whose answer is lost.

use firewall::simulated::SimulatedCloud;
use firewall::{
    AccountId, CloudAccess, CloudRule, Firewall, FirewallError, GroupDescription, GroupRef, NewRule, RuleTag,
};
use futures_util::future::BoxFuture;
use model::ingress::{Ingress, IpVersion};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::LocalError;
use crate::folder::{CLOUD_FILE, DataFolder, replace};

/// A simulated cloud and the file in which it is kept.
pub struct KeptCloud {
    cloud: SimulatedCloud,
    file: PathBuf,
    /// One writes at a time, so that the file never goes back.
    writing: Mutex<()>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptGroup {
    group: GroupRef,
    rules: Vec<KeptRule>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptRule {
    id: String,
    ingress: Option<Ingress>,
    ip_version: Option<u8>,
    tag: Option<KeptTag>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptTag {
    deployment: Option<String>,
    org: String,
    rule: String,
}

impl From<&CloudRule> for KeptRule {
    fn from(rule: &CloudRule) -> Self {
        let tag = rule.tag.as_ref().map(|tag| KeptTag {
            deployment: tag.deployment.clone(),
            org: tag.org.clone(),
            rule: tag.rule.clone(),
        });
        let ip_version = rule.version.map(IpVersion::number);
        Self { id: rule.id.clone(), ingress: rule.ingress, ip_version, tag }
    }
}

impl From<KeptRule> for CloudRule {
    fn from(kept: KeptRule) -> Self {
        let version = match kept.ip_version {
            Some(4) => Some(IpVersion::V4),
            Some(6) => Some(IpVersion::V6),
            Some(_) | None => None,
        };
        let tag = kept.tag.map(|KeptTag { deployment, org, rule }| RuleTag { deployment, org, rule });
        Self { id: kept.id, ingress: kept.ingress, version, tag }
    }
}

impl KeptCloud {
    /// Gives a cloud the rules that it had when the folder was used last.
    ///
    /// # Errors
    /// A file that cannot be read, or is none of these.
    pub fn open(cloud: SimulatedCloud, folder: &DataFolder) -> Result<Self, LocalError> {
        let file = folder.path().join(CLOUD_FILE);
        match read(&file)? {
            Some(groups) => cloud.restore(groups),
            None => replace(&file, "[]").map_err(LocalError::of(file.display()))?,
        }
        Ok(Self { cloud, file, writing: Mutex::new(()) })
    }

    fn keep(&self) -> Result<(), FirewallError> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let groups = self.cloud.groups();
        let kept: Vec<_> = groups
            .iter()
            .filter(|(_, rules)| !rules.is_empty())
            .map(|(group, rules)| KeptGroup {
                group: group.clone(),
                rules: rules.iter().map(KeptRule::from).collect(),
            })
            .collect();
        let written = serde_json::to_string(&kept).map_err(std::io::Error::other);
        let written = written.and_then(|text| replace(&self.file, &text));
        written.map_err(|error| {
            tracing::error!(%error, file = %self.file.display(), "the simulated cloud cannot be kept");
            FirewallError::Unreachable("the simulated cloud cannot be kept".into())
        })
    }
}

/// Groups, and the rules of each.
type Groups = Vec<(GroupRef, Vec<CloudRule>)>;

fn read(file: &Path) -> Result<Option<Groups>, LocalError> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LocalError::of(file.display())(error)),
    };
    let kept: Vec<KeptGroup> = serde_json::from_str(&text).map_err(LocalError::of(file.display()))?;
    let groups = kept.into_iter();
    Ok(Some(groups.map(|kept| (kept.group, kept.rules.into_iter().map(CloudRule::from).collect())).collect()))
}

impl Firewall for KeptCloud {
    fn account<'a>(
        &'a self,
        access: &'a CloudAccess,
        region: &'a str,
    ) -> BoxFuture<'a, Result<AccountId, FirewallError>> {
        self.cloud.account(access, region)
    }

    fn describe<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>> {
        self.cloud.describe(access, group)
    }

    fn authorize<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        rules: &'a [NewRule],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        Box::pin(async move {
            self.cloud.authorize(access, group, rules).await?;
            self.keep()
        })
    }

    fn revoke<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        Box::pin(async move {
            self.cloud.revoke(access, group, ids).await?;
            self.keep()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::ingress::{Opening, Protocol};

    fn access() -> CloudAccess {
        CloudAccess::AssumeRole {
            role_arn: "arn:aws:iam::444455556666:role/x".into(),
            external_id: "x".into(),
            session_name: "x".into(),
        }
    }

    fn rule(port: u16) -> NewRule {
        let opening = Opening { protocol: Protocol::Tcp, ports: Some((port, port)) };
        let tag = RuleTag { deployment: Some("d".into()), org: "acme".into(), rule: port.to_string() };
        NewRule { ingress: Ingress { address: "203.0.113.7".parse().unwrap(), opening }, tag }
    }

    #[tokio::test]
    async fn the_cloud_is_as_it_was_when_the_folder_was_used_last() {
        let temporary = tempfile::tempdir().unwrap();
        let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-00000001".into() };
        let folder = DataFolder::take(temporary.path()).unwrap();
        let open = || KeptCloud::open(SimulatedCloud::with_every_group(), &folder);
        let first = open().unwrap();
        first.authorize(&access(), &group, &[rule(1), rule(2)]).await.unwrap();
        let before = first.describe(&access(), &group).await.unwrap().rules;
        first.revoke(&access(), &group, &[before[0].id.clone()]).await.unwrap();
        // It is killed.
        let next = open().unwrap();
        assert_eq!(next.describe(&access(), &group).await.unwrap().rules, before[1..]);
        // A new rule has an id that none has had.
        next.authorize(&access(), &group, &[rule(3)]).await.unwrap();
        let after = next.describe(&access(), &group).await.unwrap().rules;
        assert!(before.iter().all(|rule| rule.id != after[1].id), "{after:?}");
        fs::write(temporary.path().join("cloud.json"), "[{").unwrap();
        assert!(open().err().unwrap().to_string().contains("cloud.json"));
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_not_answered() {
        let temporary = tempfile::tempdir().unwrap();
        let data = temporary.path().join("data");
        let folder = DataFolder::take(&data).unwrap();
        let cloud = KeptCloud::open(SimulatedCloud::with_every_group(), &folder).unwrap();
        fs::remove_dir_all(&data).unwrap();
        let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-00000001".into() };
        assert!(cloud.authorize(&access(), &group, &[rule(1)]).await.is_err());
    }
}
