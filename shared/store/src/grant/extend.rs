//! The extension of a session. It is a new grant, so it is refused for the same reasons as a start.

use futures_util::future::try_join;
use model::audit::{AuditEvent, FieldChange, changes};
use model::id::{OrgId, ResourceId, SessionId, UserId};
use model::principal::Actor;
use model::refusal::Refusal;
use model::session::{Extension, Session, SessionLimits, SessionStatus, Ways};
use model::time::Timestamp;
use model::user::User;
use std::collections::BTreeSet;

use super::basis::Grant;
use crate::ledger::due::{SET_DUE, due_values};
use crate::ledger::hold::closings::require_closings;
use crate::ledger::session::{Changed, Loaded, ShownSession, entry};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::data;
use crate::table::keys::{self, DRAINING, Round};
use crate::table::retry::{Attempt, retry_stale_from};
use crate::table::transaction::{Commit, Failed, Transaction};

/// The owner of a session, and whether they may open everything.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    pub user: &'a User,
    pub is_org_admin: bool,
}

impl Store {
    /// Extends a session, once for each `Idempotency-Key`. The owner must be able to open its resources now. The shorter one of the
    /// limits at the start and now applies.
    ///
    /// # Errors
    /// `SessionNotFound`, also for another person's session; `SessionEndsAt`; `SessionNotExtensible`; `SessionOutlived`;
    /// `ResourceOutOfReach`; `Invalid` if the session would last too long; `ResourceNotOpen`; `UserInactive`; busy or defect.
    pub async fn extend_session(
        &self,
        actor: &Actor,
        (id, owner): (SessionId, Owner<'_>),
        extension: &Extension,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<ShownSession, StoreError> {
        let extended = self.idempotent(actor, now, async {
            let first = Some(owner.user.clone());
            retry_stale_from("the session, its owner, or their roles changed", first, |read| async move {
                let user = match read {
                    Some(user) => user,
                    None => self.active_user(&actor.org, &owner.user.id).await?,
                };
                let owner = Owner { user: &user, ..owner };
                let extended = self.try_to_extend(actor, (id, owner), extension, limits, now).await?;
                Ok(extended.map_or(Attempt::Stale(None), |session| Attempt::Done(Changed::from(session))))
            })
            .await
        });
        Box::pin(self.changed(&actor.org, Box::pin(extended).await?)).await
    }

    async fn try_to_extend(
        &self,
        actor: &Actor,
        (id, owner): (SessionId, Owner<'_>),
        extension: &Extension,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let org = &actor.org;
        let session = self.session_to_extend(org, id, &owner.user.id);
        let (loaded, roles) = try_join(session, self.roles_of(org, owner.user)).await?;
        let loaded = loaded.filter(|loaded| loaded.head.user_id == owner.user.id);
        let loaded = loaded.ok_or(Refusal::SessionNotFound(id))?;
        let session = loaded.session();
        extension.check(&session, now)?;
        // The session is over, but nothing has ended it yet.
        if session.head.activation != owner.user.activation {
            return Err(Refusal::SessionOutlived.into());
        }
        let resources: BTreeSet<_> = session.rows.iter().map(|row| row.resource_id).collect();
        let longest = {
            let ways = Ways::of(owner.user, roles.iter().map(|read| &read.role), owner.is_org_admin);
            let outside = resources.iter().find(|id| !ways.lead_to(**id));
            outside.map_or(Ok(()), |id| Err(Refusal::ResourceOutOfReach(*id)))?;
            limits.longest(&ways, resources.iter().copied())
        };
        let head = extension.apply(&session, longest, now)?;
        let longer = Session { head, ..session };
        let grant = Grant::of((owner.user, owner.is_org_admin), &roles, &resources);
        self.write_extension(actor, (&loaded, &longer), (&grant, &resources), now).await
    }

    async fn write_extension(
        &self,
        actor: &Actor,
        (loaded, longer): (&Loaded, &Session),
        (grant, resources): (&Grant<'_>, &BTreeSet<ResourceId>),
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let (org, head) = (&actor.org, &longer.head);
        let mut tx = Transaction::idempotent(self, actor, &Changed::Id(head.id), now)?;
        let due = due_values(&loaded.key(), Round::Sweep, head.expires_at);
        let further = Expression::new(format!(", {SET_DUE}"), due);
        tx.replace_data_and(&loaded.key(), head, loaded.version, &further)?;
        grant.require_person(&mut tx, org, head)?;
        if resources.len() + grant.roles() <= tx.room() {
            require_open(&mut tx, org, resources)?;
            grant.require_roles(&mut tx, org);
        } else {
            // The transaction has no room for so many conditions. A closing after this read is counted.
            let closings = self.closings(org).await?;
            let look = try_join(self.refuse_what_is_not_open(org, resources), self.has_roles_of(org, grant));
            let ((), are_same) = Box::pin(look).await?;
            if !are_same {
                return Ok(None);
            }
            require_closings(&mut tx, org, closings);
        }
        let changed = FieldChange::between("expiresAt", &loaded.head.expires_at, &head.expires_at);
        let entry = entry(AuditEvent::SessionExtend, head, changes(changed.as_slice()));
        let commit = tx.commit(actor, &entry, now.after(head.started_at)).await?;
        Ok(matches!(commit, Commit::Done(_)).then(|| longer.clone()))
    }

    async fn refuse_what_is_not_open(
        &self,
        org: &OrgId,
        resources: &BTreeSet<ResourceId>,
    ) -> Result<(), StoreError> {
        let open = self.openable_resources(org, Some(resources)).await?;
        let open: BTreeSet<_> = open.iter().map(|resource| resource.resource.id).collect();
        match resources.difference(&open).next() {
            Some(id) => Err(Refusal::ResourceNotOpen(*id).into()),
            None => Ok(()),
        }
    }
}

impl Store {
    /// The session, which must be readable: what the extension of an unreadable one would grant is unknown.
    async fn session_to_extend(
        &self,
        org: &OrgId,
        id: SessionId,
        owner: &UserId,
    ) -> Result<Option<Loaded>, StoreError> {
        let refused = Refusal::SessionNotExtensible(SessionStatus::Unreadable);
        match self.found_session(org, id).await? {
            Ok(Some(loaded)) if loaded.fault.is_some() && loaded.head.user_id == *owner => {
                Err(refused.into())
            }
            Ok(loaded) => Ok(loaded),
            Err(_) if self.has_place(org, id, Some(owner)).await? => Err(refused.into()),
            Err(_) => Ok(None),
        }
    }
}

/// Requires that resources are active and not being drained.
fn require_open(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    resources: &BTreeSet<ResourceId>,
) -> Result<(), StoreError> {
    let text = format!("#data.#isActive = :yes AND attribute_not_exists(#{DRAINING})");
    let open = Expression::new(text, [(":yes", data(&true)?)]);
    for id in resources.iter().copied() {
        let closed = move |_: Option<&_>| Failed::Refuse(Refusal::ResourceNotOpen(id));
        tx.require(&keys::resource(org, id), &open, closed);
    }
    Ok(())
}
