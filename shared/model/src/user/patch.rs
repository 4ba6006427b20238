//! The partial update of a user.

use super::{User, email, name};
use crate::audit::FieldChange;
use crate::fields::{Fields, FromFields};
use crate::id::ActivationId;
use crate::time::Timestamp;

/// The members of `PATCH /users/{id}`. Absent members stay as they are; `null` clears the name.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    email: Option<String>,
    name: Option<Option<String>>,
    is_active: Option<bool>,
}

impl FromFields for UserPatch {
    fn read(fields: &mut Fields) -> Option<Self> {
        let patch = Self { email: email(fields), name: name(fields), is_active: fields.flag("isActive") };
        // Read-only members of the representation. Callers may send them back.
        for read_only in ["id", "invited", "roleIds", "resourceIds", "createdAt", "updatedAt"] {
            fields.ignore(read_only);
        }
        Some(patch)
    }
}

/// The result of a patch.
#[derive(Debug, Clone)]
pub struct AppliedToUser {
    /// The user afterwards.
    pub user: User,
    /// Each changed field for the audit log. Empty if nothing changes.
    pub changes: Vec<FieldChange>,
}

impl UserPatch {
    /// Whether the patch sets the person inactive, also if they are inactive already.
    #[must_use]
    pub fn deactivates(&self) -> bool {
        self.is_active == Some(false)
    }

    /// Applies the patch. `updatedAt` moves to `now` only if something changes. A deactivation ends the present activation. Later
    /// sessions belong to the next one.
    #[must_use]
    pub fn apply(&self, user: &User, now: Timestamp) -> AppliedToUser {
        let mut after = user.clone();
        after.email = self.email.clone().or(after.email);
        after.name = self.name.clone().unwrap_or(after.name);
        after.is_active = self.is_active.unwrap_or(after.is_active);
        let changes: Vec<_> = [
            FieldChange::between("email", &user.email, &after.email),
            FieldChange::between("name", &user.name, &after.name),
            FieldChange::between("isActive", &user.is_active, &after.is_active),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !changes.is_empty() {
            after.updated_at = now;
        }
        if user.is_active && !after.is_active {
            after.activation = Some(ActivationId::generate(now));
        }
        AppliedToUser { user: after, changes }
    }
}
