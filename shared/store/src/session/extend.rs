//! A longer session.

use futures_util::future::try_join;
use model::audit::{AuditEvent, FieldChange, changes};
use model::id::{SessionId, UserId};
use model::principal::Actor;
use model::refusal::Refusal;
use model::session::{Extension, Session, SessionHead, SessionLimits};
use model::time::Timestamp;
use model::user::User;

use super::{entry, update_item};
use crate::Store;
use crate::due::{SET_DUE, due_values};
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::data;
use crate::keys::{Round, VERSION};
use crate::retry::Backoff;
use crate::transaction::{Commit, Transaction};

impl Store {
    /// Extends a session, once for each `Idempotency-Key`. The limits are those of the owner's roles as they are now.
    ///
    /// # Errors
    /// `SessionNotFound`, also when it is not `owner`'s; `SessionNotExtensible`; `Invalid` when the session would last too
    /// long; busy or defect.
    pub async fn extend_session(
        &self,
        actor: &Actor,
        (id, owner): (SessionId, &User),
        extension: &Extension,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<Session, StoreError> {
        self.once(actor, now, async {
            let mut backoff = Backoff::default();
            loop {
                let extended = self.try_to_extend(actor, (id, owner), extension, limits, now).await?;
                if let Some(session) = extended {
                    return Ok(session);
                }
                backoff.pause("the session changed").await?;
            }
        })
        .await
    }

    async fn try_to_extend(
        &self,
        actor: &Actor,
        (id, owner): (SessionId, &User),
        extension: &Extension,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let (loaded, roles) =
            try_join(self.loaded_session(&actor.org, id), self.roles_of(&actor.org, owner)).await?;
        let loaded = loaded.filter(|loaded| is_of(&loaded.head, &owner.id));
        let loaded = loaded.ok_or(Refusal::SessionNotFound(id))?;
        let session = loaded.session();
        let longest = limits.longest(roles.iter().map(|role| role.max_session_duration_hours));
        let head = extension.apply(&session, longest, now)?;
        let changed = FieldChange::between("expiresAt", &session.head.expires_at, &head.expires_at);
        let session = Session { head, ..session };
        let mut tx = Transaction::once(self, actor, &session, now)?;
        let text = format!("SET #data = :data, #{VERSION} = #{VERSION} + :one, {SET_DUE}");
        let due = due_values(&loaded.key(), Round::Sweep, session.head.expires_at);
        let update = Expression::new(text, due).with(":data", data(&session.head)?);
        update_item(&mut tx, &actor.org, &loaded, &update);
        let details = changes(changed.as_slice());
        let commit = tx.commit(actor, &entry(AuditEvent::SessionExtend, &session.head, details), now).await?;
        Ok(matches!(commit, Commit::Done(_)).then_some(session))
    }
}

fn is_of(head: &SessionHead, owner: &UserId) -> bool {
    head.user_id == *owner
}
