//! EC2 security groups, and the roles that reach them, over the QueryBody API (Amazon EC2 API Reference, version 2016-11-15; AWS
//! Security Token Service API Reference, version 2011-06-15).
//!
//! Rules are made with the tags `postern:org` and `postern:deployment`, and with a description that names the entry of the ledger:
//! tags of a call are the same for all of its rules, descriptions are not, and so several rules of a group go in one call and none
//! is without its mark for a moment.

mod answer;
mod identity;
mod query;
mod signed;

use aws_config::SdkConfig;
use futures_util::future::BoxFuture;
use std::fmt;
use std::time::Duration;

use crate::{AccountId, CloudAccess, Firewall, FirewallError, GroupDescription, GroupRef, NewRule};
use identity::Identities;
use query::QueryBody;
use signed::Signer;

/// The tag whose value is the organization.
pub const ORG_TAG: &str = "postern:org";

/// The tag whose value is the deployment.
pub const DEPLOYMENT_TAG: &str = "postern:deployment";

/// What stands before the ledger entry's id in a rule's description.
pub const DESCRIPTION_PREFIX: &str = "postern:";

/// Longest wait for a description, which may take several calls. A request has 8 seconds, and writes down what it saw.
const PATIENCE: Duration = Duration::from_secs(7);

/// Pages of one description. A group has 1,000 rules at most, and a page too.
const PAGES_MAX: usize = 5;

/// EC2.
pub struct Ec2 {
    signer: Signer,
    identities: Identities,
}

/// Shows nothing: it keeps credentials.
impl fmt::Debug for Ec2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ec2")
    }
}

impl Ec2 {
    /// EC2 as a function sees it. Roles are assumed with the function's own credentials. `AWS_ENDPOINT_URL` names another
    /// endpoint for all regions, for emulators.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { signer: Signer::new(config), identities: Identities::new(config) }
    }

    async fn call(
        &self,
        access: &CloudAccess,
        region: &str,
        query: &QueryBody,
    ) -> Result<String, FirewallError> {
        let credentials = self.identities.credentials(access, region, &self.signer).await?;
        self.signer.call(credentials, region, query).await
    }

    async fn describe_group(
        &self,
        access: &CloudAccess,
        group: &GroupRef,
    ) -> Result<GroupDescription, FirewallError> {
        let (mut rules, mut token) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let query = QueryBody::describe_rules(group, token.as_deref());
            let page = answer::rules(&self.call(access, &group.region, &query).await?)?;
            rules.extend(page.rules);
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        if token.is_some() {
            return Err(FirewallError::Unreachable(
                "the group has more pages of rules than one can have".into(),
            ));
        }
        if rules.is_empty() {
            // A filter finds nothing in a group that does not exist, and says so by finding nothing.
            self.call(access, &group.region, &QueryBody::describe_group(group)).await?;
        }
        Ok(GroupDescription { rules })
    }
}

impl Firewall for Ec2 {
    fn account<'a>(
        &'a self,
        access: &'a CloudAccess,
        region: &'a str,
    ) -> BoxFuture<'a, Result<AccountId, FirewallError>> {
        Box::pin(self.identities.account(access, region, &self.signer))
    }

    fn describe<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>> {
        Box::pin(async move {
            let described = tokio::time::timeout(PATIENCE, self.describe_group(access, group)).await;
            described.unwrap_or_else(|_| Err(FirewallError::Unreachable("EC2 gave no answer in time".into())))
        })
    }

    fn authorize<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        rules: &'a [NewRule],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        Box::pin(async move {
            let query = QueryBody::authorize(group, rules)?;
            answer::done(&self.call(access, &group.region, &query).await?)
        })
    }

    fn revoke<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        Box::pin(async move {
            let query = QueryBody::revoke(group, ids);
            answer::done(&self.call(access, &group.region, &query).await?)
        })
    }
}
