//! The entry of a person in the directory, by an administrator.

use model::audit::AuditEvent;
use model::id::{EntryId, OrgId};
use model::principal::Actor;
use model::refusal::Refusal;
use model::snapshot::snapshot;
use model::time::Timestamp;
use model::user::{User, UserDraft};

use super::{UserData, entry, guard};
use crate::table::error::StoreError;
use crate::table::item::{Entity, NewItem, number};
use crate::table::transaction::{Commit, Failed, Transaction};
use crate::table::{Store, keys};

impl Store {
    /// Creates a user. One call.
    ///
    /// # Errors
    /// `UserIdTaken`; then `EmailTaken`; busy or defect.
    pub async fn create_user(
        &self,
        actor: &Actor,
        draft: &UserDraft,
        now: Timestamp,
    ) -> Result<User, StoreError> {
        let user = draft.create(now);
        self.idempotent(actor, now, async {
            self.insert_user(actor, &user, now).await?.certain()?;
            Ok(user.clone())
        })
        .await
    }

    pub(super) async fn insert_user(
        &self,
        actor: &Actor,
        user: &User,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let (org, id) = (&actor.org, user.id.clone());
        let mut tx = Transaction::idempotent(self, actor, user, now)?;
        tx.create(item(org, user)?, move |_| Failed::Refuse(Refusal::UserIdTaken(id.clone())));
        if let Some(email) = user.email.clone() {
            tx.create(guard(org, user, &email)?, move |_| Failed::Refuse(Refusal::EmailTaken(email.clone())));
        }
        tx.commit(actor, &entry(AuditEvent::UserCreate, user, snapshot(user)), now).await
    }
}

pub(super) fn item(org: &OrgId, user: &User) -> Result<NewItem, StoreError> {
    let item = NewItem::new(&keys::user(org, &user.id), Entity::User, &UserData::from(user))?;
    let entry = user.entry.unwrap_or_else(|| EntryId::generate(user.created_at));
    Ok(item
        .listed(keys::listed(keys::users(org), entry))
        .with(keys::VERSION, number(1))
        .with(keys::LINKED, number(0)))
}
