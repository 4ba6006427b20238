//! The partial update of a role. A rename moves the guard of its name in the same transaction.

use model::audit::{AuditEvent, changes};
use model::id::RoleId;
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::role::{AppliedToRole, Role, RolePatch};
use model::sent::Sent;
use model::time::Timestamp;

use super::{RoleData, entry, name_guard, roles};
use crate::ledger::hold::closings::count_closing;
use crate::ledger::hold::shards::{self, Sharded};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::item::Entity;
use crate::table::keys::{self, Assignee};
use crate::table::retry::{Attempt, retry_stale};
use crate::table::tag::{Versioned, require};
use crate::table::transaction::{Commit, Failed, Transaction};

impl Store {
    /// Applies a patch to a role. A patch without changes writes nothing, unless an earlier one was interrupted.
    ///
    /// # Errors
    /// `Invalid` for wrong members that differ from the present ones; `RoleNotFound`; `PreconditionFailed`; `RoleNameTaken`; busy or
    /// defect.
    pub async fn update_role(
        &self,
        actor: &Actor,
        id: RoleId,
        sent: &Sent<RolePatch>,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<Versioned<Role>, StoreError> {
        retry_stale("the role changed", || async {
            let partition =
                self.query_partition(&keys::assignee_partition(&actor.org, &Assignee::Role(id))).await?;
            let Some(item) = partition.iter().find(|item| item.entity == Entity::Role) else {
                sent.of_nothing().map_err(Refusal::Invalid)?;
                return Err(Refusal::RoleNotFound(id).into());
            };
            let before = roles(&partition)?.pop().ok_or(Refusal::RoleNotFound(id))?;
            let patch = sent.of(&before.value).map_err(Refusal::Invalid)?;
            require(expected, || before.tag())?;
            let applied = patch.apply(&before.value, now);
            let owner = Sharded::Role(id);
            if applied.changes.is_empty() {
                // It may be the repetition of an interrupted change.
                self.catch_up_shards(&actor.org, owner, now).await?;
                return Ok(Attempt::Done(before));
            }
            if let Commit::Done(_) =
                self.write_role(actor, &before.value, &applied, before.version, now).await?
            {
                self.shut_out_earlier_starts(&actor.org, owner, shards::state(item)? + 1).await?;
                return Ok(Attempt::Done(before.next(applied.role)));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    async fn write_role(
        &self,
        actor: &Actor,
        before: &Role,
        applied: &AppliedToRole,
        version: i64,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let (org, after) = (&actor.org, &applied.role);
        let mut tx = Transaction::new(self);
        tx.replace_data(&keys::role(org, after.id), &RoleData::from(after), version)?;
        if before.name != after.name {
            tx.remove(&keys::role_name(org, &before.name));
            let taken = after.name.clone();
            tx.create(name_guard(org, after)?, move |_| {
                Failed::Refuse(Refusal::RoleNameTaken(taken.clone()))
            });
        }
        if before.max_session_duration_hours != after.max_session_duration_hours {
            count_closing(&mut tx, org)?;
        }
        tx.commit(actor, &entry(AuditEvent::RoleUpdate, after, changes(&applied.changes)), now).await
    }
}
