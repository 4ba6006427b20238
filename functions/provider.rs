//! Asks a resource's provider about its group, with the resource's own credential.

use firewall::{Firewall, GroupDescription, Purpose};
use model::id::OrgId;
use model::ingress::{GroupRef, IpVersion};
use model::refusal::Refusal;
use model::resource::Resource;
use store::{Cause, GroupFound, Neighbour, ProviderAnswer, RuleSlots, Store, StoreError, Vault};
use workers::{AccessError, Mark, Owner, access_of};

/// # Errors
/// 503 when the provider does not answer; those of the vault; 404 for a credential that was deleted meanwhile.
pub(crate) async fn ask(
    (store, firewall, vault): (&Store, &dyn Firewall, &Vault),
    org: &OrgId,
    resource: &Resource,
) -> Result<ProviderAnswer, StoreError> {
    let id = resource.credential_id;
    let access = match access_of(store, vault, org, id).await {
        Ok(access) => access,
        Err(AccessError::Deleted) => return Err(Refusal::CredentialNotFound(id).into()),
        Err(AccessError::Unusable(why)) => return Ok(Err(why)),
        Err(AccessError::Store(error)) => return Err(error),
    };
    let group = GroupRef {
        region: resource.region.clone().unwrap_or_default(),
        group_id: resource.resource_identifier.clone(),
    };
    let access = access.on_behalf_of(org, &Purpose::Verify);
    match firewall.describe(&access, &group).await {
        Ok(description) => {
            let mark = Mark { org: org.clone(), deployment: store.deployment_if_any().await? };
            Ok(Ok(found(&description, &mark)))
        }
        Err(error) if error.is_refusal() => Ok(Err(error.reason(&group))),
        Err(error) => {
            let cause = error.for_log().map_or_else(|| error.reason(&group), String::from);
            Err(StoreError::Busy(Cause::new(cause)))
        }
    }
}

fn found(description: &GroupDescription, mark: &Mark) -> GroupFound {
    let slots = RuleSlots {
        ipv4: description.slots_left(IpVersion::V4),
        ipv6: description.slots_left(IpVersion::V6),
    };
    let neighbour = |rule| match mark.owner(rule) {
        Owner::AnotherDeployment => Some(Neighbour::Deployment),
        Owner::AnotherOrganization => Some(Neighbour::Organization),
        Owner::Own | Owner::Unmarked => None,
    };
    GroupFound { slots, neighbours: description.rules.iter().filter_map(neighbour).collect() }
}
