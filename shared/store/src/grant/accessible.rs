//! Accessible resources: what a person may open through roles, through direct links, or as an administrator.

use futures_util::future::try_join_all;
use model::id::{OrgId, ResourceId};
use model::resource::Resource;
use model::role::Role;
use model::user::User;
use std::collections::BTreeSet;

use crate::directory::resource::OpenableResource;
use crate::directory::role::RoleAsRead;
use crate::table::Store;
use crate::table::error::StoreError;

/// A person's roles and accessible resources.
#[derive(Debug, Clone)]
pub struct Accessible {
    /// The roles that exist.
    pub roles: Vec<Role>,
    /// The active resources.
    pub resources: Vec<Resource>,
}

/// The same with the states of the resources.
pub(crate) struct VersionedAccessible {
    pub(crate) roles: Vec<RoleAsRead>,
    pub(crate) resources: Vec<OpenableResource>,
}

impl Store {
    /// A person's accessible resources. An administrator may open every active resource.
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
        let resources = accessible.resources.into_iter().map(|resource| resource.resource).collect();
        let roles = accessible.roles.into_iter().map(|read| read.role).collect();
        Ok(Accessible { roles, resources })
    }

    /// The same with the resources' states, and only for the named resources if there are names.
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

    /// The existing roles of a person.
    pub(crate) async fn roles_of(&self, org: &OrgId, user: &User) -> Result<Vec<RoleAsRead>, StoreError> {
        let roles = try_join_all(user.role_ids.iter().map(|id| self.role_as_read(org, *id))).await?;
        Ok(roles.into_iter().flatten().collect())
    }
}
