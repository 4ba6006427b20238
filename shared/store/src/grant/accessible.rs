//! What a person reaches: through their roles, directly, or as an administrator.

use futures_util::future::try_join_all;
use model::id::{OrgId, ResourceId};
use model::resource::Resource;
use model::role::Role;
use model::user::User;
use std::collections::BTreeSet;

use crate::directory::resource::Versioned;
use crate::directory::role::RoleAsRead;
use crate::table::Store;
use crate::table::error::StoreError;

/// A person's roles, and the resources that a session of theirs would open.
#[derive(Debug, Clone)]
pub struct Accessible {
    /// The roles that exist.
    pub roles: Vec<Role>,
    /// The active resources.
    pub resources: Vec<Resource>,
}

/// A reach with the numbers of the resources' states.
pub(crate) struct VersionedAccessible {
    pub(crate) roles: Vec<RoleAsRead>,
    pub(crate) resources: Vec<Versioned<Resource>>,
}

impl Store {
    /// The reach of a person: active resources only; an administrator's is everything.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn accessible(
        &self,
        org: &OrgId,
        user: &User,
        is_org_admin: bool,
    ) -> Result<Accessible, StoreError> {
        let accessible = self.versioned_accessible(org, (user, is_org_admin), None).await?;
        let resources = accessible.resources.into_iter().map(|resource| resource.value).collect();
        let roles = accessible.roles.into_iter().map(|read| read.role).collect();
        Ok(Accessible { roles, resources })
    }

    /// The same with the numbers of the resources' states; of some resources only, where they are named.
    pub(crate) async fn versioned_accessible(
        &self,
        org: &OrgId,
        (user, is_org_admin): (&User, bool),
        only: Option<&BTreeSet<ResourceId>>,
    ) -> Result<VersionedAccessible, StoreError> {
        let roles = self.roles_of(org, user).await?;
        let through_roles = roles.iter().flat_map(|read| &read.role.resource_ids);
        let own: BTreeSet<ResourceId> = through_roles.chain(&user.resource_ids).copied().collect();
        let ids = match (is_org_admin, only) {
            (true, only) => only.cloned(),
            (false, Some(only)) => Some(own.intersection(only).copied().collect()),
            (false, None) => Some(own),
        };
        let resources = self.openable_resources(org, ids.as_ref()).await?;
        Ok(VersionedAccessible { roles, resources })
    }

    /// A person's roles that exist.
    pub(crate) async fn roles_of(&self, org: &OrgId, user: &User) -> Result<Vec<RoleAsRead>, StoreError> {
        let roles = try_join_all(user.role_ids.iter().map(|id| self.role_as_read(org, *id))).await?;
        Ok(roles.into_iter().flatten().collect())
    }
}
