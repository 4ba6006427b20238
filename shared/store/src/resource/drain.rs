//! The drain of a resource: no session starts on it any more, those that run are ended, and it is deleted when the last rule is
//! gone.

use futures_util::{TryStreamExt, stream};
use model::audit::AuditEvent;
use model::gathered;
use model::id::{OrgId, ResourceId};
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;
use serde_json::Map;
use std::collections::BTreeSet;

use super::{entry, resource};
use crate::due::{SET_DUE, due_values};
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{Item, number};
use crate::keys::{self, DRAINING, Round, VERSION};
use crate::transaction::{Commit, Failed, Transaction};
use crate::{ListPart, Store};

/// Sessions that are ended at once.
const AT_ONCE: usize = 8;

/// Seconds from one look at a draining resource to the next.
const LOOK_SECONDS: i64 = 30;

impl Store {
    /// Marks a resource as draining, if it is not yet. False when it has changed since it was read.
    pub(super) async fn mark_draining(
        &self,
        actor: &Actor,
        item: &Item,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if item.has(DRAINING) {
            return Ok(true);
        }
        let resource = resource(item)?;
        let key = keys::resource(&actor.org, resource.id);
        let mut tx = Transaction::new(self);
        let update = Expression::new(
            format!("SET #{DRAINING} = :now, {SET_DUE}"),
            due_values(&key, Round::Sweep, now.plus_seconds(LOOK_SECONDS)),
        )
        .with(":now", number(now.unix_millis()));
        let seen = Expression::new("#version = :version", [(":version", number(item.number(VERSION)?))]);
        tx.update(&key, &update, &seen, |_| Failed::Stale);
        let entry = entry(AuditEvent::ResourceDrain, &resource, Map::new());
        Ok(matches!(tx.commit(actor, &entry, now).await?, Commit::Done(_)))
    }

    /// Ends the sessions that hold a draining resource. What fails is done by the sweeper.
    pub(super) async fn drain_now(&self, actor: &Actor, id: ResourceId, now: Timestamp) {
        if let Err(error) = self.end_sessions_on(actor, id, now).await {
            tracing::warn!(resource = %id, ?error, "a resource is drained later");
        }
    }

    /// Looks after a draining resource: deletes it when nothing holds it any more, and else ends what does.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn look_after_resource(
        &self,
        org: &OrgId,
        id: ResourceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (actor, key) = (Actor::system(org.clone()), keys::resource(org, id));
        if !self.get(&key).await?.is_some_and(|item| item.has(DRAINING)) {
            return Ok(());
        }
        match self.delete_unheld_resource(&actor, id, &Precondition::None, now).await {
            Err(StoreError::Refused(Refusal::ResourceInUse)) => {}
            Ok(()) | Err(StoreError::Refused(_)) => return Ok(()),
            Err(error) => return Err(error),
        }
        self.end_sessions_on(&actor, id, now).await?;
        let due = due_values(&key, Round::Sweep, now.plus_seconds(LOOK_SECONDS));
        let update = Expression::new(format!("SET {SET_DUE}"), due);
        let draining = Expression::new(format!("attribute_exists(#{DRAINING})"), []);
        self.update_if(&key, &update, &draining).await.map(drop)
    }

    /// Ends the sessions that hold rules for a resource.
    async fn end_sessions_on(&self, actor: &Actor, id: ResourceId, now: Timestamp) -> Result<(), StoreError> {
        let rules = self.rules_in_order_of_creation(&actor.org, None, &ListPart::default()).await?;
        let holders = rules.items.iter().flat_map(|rule| &rule.holders);
        let sessions: BTreeSet<_> = gathered(holders.map(|holder| holder.session));
        let ends = sessions.into_iter().map(|session| {
            Ok(async move {
                match self.session(&actor.org, session).await? {
                    Some(found) if found.opens(id) => self.end_session(actor, session, now).await,
                    Some(_) | None => Ok(()),
                }
            })
        });
        stream::iter(ends).try_buffered(AT_ONCE).try_collect::<Vec<()>>().await.map(drop)
    }
}
