//! The end of a session: by its owner, by an administrator, or because its time is over.
//!
//! The transaction that ends a session takes it from all of its rules. What stands in blocks of its own follows block by block;
//! until that is done the session stays on the sweeper's list.

use futures_util::future::try_join_all;
use model::audit::AuditEvent;
use model::gathered;
use model::id::{OrgId, SessionId, UserId};
use model::ingress::GroupRef;
use model::principal::Actor;
use model::refusal::Refusal;
use model::session::{EndedReason, Session, SessionStatus};
use model::time::Timestamp;
use serde_json::{Map, json};
use std::collections::{BTreeMap, BTreeSet};

use super::reserve::live_rows;
use super::{Block, Loaded, block, entry, update_item};
use crate::Store;
use crate::due::{SET_DUE, due_values};
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{data, number};
use crate::keys::{self, ARMED, DUE_PK, DUE_SK, ROWS, Round, VERSION};
use crate::retry::Backoff;
use crate::rule::{leave, release};
use crate::transaction::{Commit, Failed, FollowUp, Receipt, Transaction};

/// A session that was ended, and the groups in which it had rules.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// The groups.
    pub groups: BTreeSet<GroupRef>,
    /// Whether it was ended just now.
    pub is_new: bool,
    /// When its time is over, where it goes on.
    pub goes_on_until: Option<Timestamp>,
}

impl Store {
    /// Stops a session, once for each `Idempotency-Key`.
    ///
    /// # Errors
    /// `SessionNotFound`, also when it is not `owner`'s; `SessionNotStoppable`; busy or defect.
    pub async fn stop_session(
        &self,
        actor: &Actor,
        id: SessionId,
        owner: Option<&UserId>,
        now: Timestamp,
    ) -> Result<Session, StoreError> {
        let reason = if owner.is_some() { EndedReason::Manual } else { EndedReason::Admin };
        self.once(actor, now, async {
            let mut backoff = Backoff::default();
            loop {
                let loaded = self.loaded_session(&actor.org, id).await?;
                let loaded = loaded.filter(|loaded| owner.is_none_or(|owner| loaded.head.user_id == *owner));
                let loaded = loaded.ok_or(Refusal::SessionNotFound(id))?;
                let status = loaded.session().status(now);
                if !status.is_stoppable() {
                    return Err(Refusal::SessionNotStoppable(status).into());
                }
                if let Some(session) =
                    self.write_end(&loaded, (reason, AuditEvent::SessionStop), actor, now).await?
                {
                    return Ok(session);
                }
                backoff.pause("the session changed").await?;
            }
        })
        .await
    }

    /// Ends a session for an administrator's other decision, unless it has ended. One that nobody may stop any more, because
    /// its time is over, is ended for that reason.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn end_session(&self, actor: &Actor, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        let actor = Actor { once: None, ..actor.clone() };
        let mut backoff = Backoff::default();
        loop {
            let loaded = self.loaded_session(&actor.org, id).await?;
            let Some(loaded) = loaded.filter(|loaded| !loaded.session().has_ended()) else { return Ok(()) };
            if loaded.head.expires_at <= now {
                return self.look_after_session(&actor.org, id, now).await.map(drop);
            }
            let kind = (EndedReason::Admin, AuditEvent::SessionStop);
            if self.write_end(&loaded, kind, &actor, now).await?.is_some() {
                return Ok(());
            }
            backoff.pause("the session changed").await?;
        }
    }

    /// Looks after a session that is due: one whose time is over is ended; one whose end broke off is ended to the last
    /// block. A timer that comes too early, or for the second time, changes nothing.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn look_after_session(
        &self,
        org: &OrgId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let mut backoff = Backoff::default();
        loop {
            let Some(loaded) = self.loaded_session(org, id).await? else {
                return Ok(Ended::default());
            };
            let groups = loaded.blocks.iter().flat_map(|block| &block.rows).map(|row| row.group.clone());
            let mut ended = Ended { groups: gathered(groups), ..Ended::default() };
            if loaded.head.ended_reason.is_some() {
                self.end_blocks(org, &loaded, now).await?;
                return Ok(ended);
            }
            let is_done = if loaded.session().status(now) == SessionStatus::Failed {
                self.take_off_the_list(org, &loaded).await?
            } else if loaded.head.expires_at <= now {
                let kind = (EndedReason::Expired, AuditEvent::SessionExpire);
                ended.is_new = true;
                self.write_end(&loaded, kind, &Actor::system(org.clone()), now).await?.is_some()
            } else {
                return Ok(Ended { goes_on_until: Some(loaded.head.expires_at), ..Ended::default() });
            };
            if is_done {
                return Ok(ended);
            }
            backoff.pause("the session changed").await?;
        }
    }

    async fn write_end(
        &self,
        loaded: &Loaded,
        (reason, event): (EndedReason, AuditEvent),
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let org = &actor.org;
        let head = loaded.head.clone().ended(reason, now);
        let mut session = loaded.session();
        session.head = head.clone();
        session.rows.iter_mut().for_each(model::session::SessionRow::give_up);
        let has_blocks = loaded.blocks.len() > 1;
        let mut tx = Transaction::once(self, actor, &session, now)?;
        let first: Vec<_> = session.rows.iter().take(loaded.first()?.rows.len()).cloned().collect();
        let update =
            Expression::new("", []).with(":data", data(&head)?).with(":rows", block::rows_attribute(&first)?);
        let mut text = format!("SET #data = :data, #{ROWS} = :rows, #{VERSION} = #{VERSION} + :one");
        let update = if has_blocks {
            // Stays due until the last block is ended.
            text = format!("{text}, {SET_DUE}");
            let due = due_values(&loaded.key(), Round::Sweep, now);
            due.into_iter().fold(update, |update, (name, value)| update.with(name, value))
        } else {
            text = format!("{text} REMOVE #{DUE_PK}, #{DUE_SK}");
            update
        };
        update_item(&mut tx, org, loaded, &Expression { text: text.into(), ..update });
        leave_rules(&mut tx, org, loaded.first()?, now)?;
        let details = json!({"endedReason": reason}).as_object().cloned().unwrap_or_else(Map::new);
        let Commit::Done(_) = tx.commit(actor, &entry(event, &head, details), now).await? else {
            return Ok(None);
        };
        if has_blocks && let Err(error) = self.end_blocks(org, loaded, now).await {
            tracing::warn!(session = %head.id, ?error, "the rows of a session are ended later");
        }
        Ok(Some(session))
    }

    /// Ends what stands in blocks of its own, and takes the session off the sweeper's list.
    async fn end_blocks(&self, org: &OrgId, loaded: &Loaded, now: Timestamp) -> Result<(), StoreError> {
        let mut ends = Vec::new();
        for block in loaded.blocks.iter().filter(|block| block.number > 0) {
            ends.push(self.end_block(org, block.clone(), now));
        }
        try_join_all(ends).await?;
        let done = Expression::new(format!("REMOVE #{DUE_PK}, #{DUE_SK}"), []);
        let is_ended = Expression::new("attribute_exists(#pk)", []);
        self.update_if(&loaded.key(), &done, &is_ended).await.map(drop)
    }

    async fn end_block(&self, org: &OrgId, mut block: Block, now: Timestamp) -> Result<(), StoreError> {
        let (key, mut backoff) = (keys::session_rows(org, block.session, block.number), Backoff::default());
        loop {
            let mut rows = block.rows.clone();
            let mut tx = Transaction::new(self);
            if block.is_armed {
                rows.iter_mut().for_each(model::session::SessionRow::give_up);
            } else {
                rows.iter_mut().for_each(|row| row.settle_unasked(now));
            }
            if rows == block.rows {
                return Ok(());
            }
            let update = Expression::new(
                format!(
                    "SET #{ROWS} = :rows, #{ARMED} = :yes, #{VERSION} = #{VERSION} + :one \
                     REMOVE #{DUE_PK}, #{DUE_SK}"
                ),
                [(":rows", block::rows_attribute(&rows)?), (":yes", data(&true)?), (":one", number(1))],
            );
            let seen = Expression::new("#version = :version", [(":version", number(block.version))]);
            tx.update(&key, &update, &seen, |_| Failed::Superseded);
            if block.is_armed {
                leave_rules(&mut tx, org, &block, now)?;
            } else {
                release(&mut tx, org, &live_rows(&block))?;
            }
            if tx.follow_up(&Receipt::of_remains()).await? == FollowUp::Done {
                return Ok(());
            }
            backoff.pause("a session's rows changed").await?;
            let Some(item) = self.get(&key).await? else { return Ok(()) };
            block = Block::read(&item)?;
        }
    }

    /// A session that failed holds nothing, and has nothing to be looked after.
    async fn take_off_the_list(&self, org: &OrgId, loaded: &Loaded) -> Result<bool, StoreError> {
        let done = Expression::new(format!("REMOVE #{DUE_PK}, #{DUE_SK}"), []);
        let seen = Expression::new("#version = :version", [(":version", number(loaded.version))]);
        self.update_if(&keys::session(org, loaded.head.id), &done, &seen).await
    }
}

/// Leaves every rule that rows of a block claim.
fn leave_rules(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    block: &Block,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut rules: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (place, row) in block.rows.iter().enumerate() {
        for ingress in row.held() {
            rules.entry((&row.group, ingress)).or_default().push(block.holder(place));
        }
    }
    for ((group, ingress), holders) in &rules {
        leave(tx, org, (group, ingress), holders, now)?;
    }
    Ok(())
}
