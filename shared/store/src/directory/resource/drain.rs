//! The drain of a resource: no session starts on it any more, those that run are ended, and it is deleted when the last rule is
//! gone.

use futures_util::{StreamExt, stream};
use model::audit::AuditEvent;
use model::id::{OrgId, ResourceId, SessionId};
use model::ingress::GroupRef;
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::resource::Resource;
use model::time::Timestamp;
use serde_json::Map;
use std::collections::BTreeSet;

use super::{entry, resource};
use crate::ledger::due::{SET_DUE, due_values};
use crate::ledger::hold::closings::count_closing;
use crate::ledger::hold::shards::Sharded;
use crate::ledger::rule::holders_in;
use crate::ledger::session::Scope;
use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, number};
use crate::table::keys::{self, DRAINING, Round, VERSION};
use crate::table::list::PageRequest;
use crate::table::transaction::{Commit, Failed, Transaction};

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
        let seen = Expression::has_version(item.number(VERSION)?);
        tx.update(&key, &update, &seen, |_| Failed::Stale);
        count_closing(&mut tx, &actor.org)?;
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
    pub async fn process_due_resource(
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
        // The drain may have broken off before.
        self.catch_up_shards(org, Sharded::Resource(id), now).await?;
        self.end_sessions_on(&actor, id, now).await?;
        let due = due_values(&key, Round::Sweep, now.plus_seconds(LOOK_SECONDS));
        let update = Expression::new(format!("SET {SET_DUE}"), due);
        let draining = Expression::new(format!("attribute_exists(#{DRAINING})"), []);
        self.update_if(&key, &update, &draining).await.map(drop)
    }

    /// Ends the sessions that hold rules for a resource: all that can be ended, whatever fails on the way.
    async fn end_sessions_on(&self, actor: &Actor, id: ResourceId, now: Timestamp) -> Result<(), StoreError> {
        let (list, whole) = (keys::rules(&actor.org), PageRequest::default());
        let (rules, _) = self.list_page(&list, Entity::Rule, &whole).await?;
        let holders = rules.iter().flat_map(holders_in);
        let sessions: BTreeSet<SessionId> = holders.map(|holder| holder.session).collect();
        let group = self.group_of(&actor.org, id).await?;
        let mut ends = Vec::new();
        for session in sessions {
            ends.push(self.end_session_on(actor, (id, group.as_ref()), session, now));
        }
        let outcomes: Vec<Result<(), StoreError>> = stream::iter(ends).buffered(AT_ONCE).collect().await;
        outcomes.into_iter().collect()
    }

    /// Ends a session that opens a resource. Of one that cannot be read nobody can say what it opens: it loses what it holds in
    /// the resource's group.
    async fn end_session_on(
        &self,
        actor: &Actor,
        (id, group): (ResourceId, Option<&GroupRef>),
        session: SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(found) = self.shown_session(&actor.org, session, None).await? else { return Ok(()) };
        if found.session.opens(id) {
            return self.end_or_evict_session(actor, session, now).await;
        }
        if !found.is_unreadable {
            return Ok(());
        }
        let what = (session, AuditEvent::SessionStop);
        match self.evict_session(actor, what, Scope::Resource(id, group), now).await? {
            0 => Ok(()),
            _ => Err(corrupt("a session on a draining resource")),
        }
    }

    /// The group in which a resource's rules are, if the resource can be read.
    async fn group_of(&self, org: &OrgId, id: ResourceId) -> Result<Option<GroupRef>, StoreError> {
        let found = self.get_readable_or_not(&keys::resource(org, id)).await?;
        let found = found.and_then(Result::ok).and_then(|item| resource(&item).ok());
        let group = |found: Resource| {
            let region = found.region.unwrap_or_default();
            GroupRef { region, group_id: found.resource_identifier }
        };
        Ok(found.map(group))
    }
}
