//! The end of a session. `ledger/mod.rs` lists its steps.
//!
//! The transaction that ends a session takes the rows of its first block from their rules. Further blocks follow one by one, and the
//! session stays due until that is done.

use futures_util::future::join_all;
use model::audit::{AuditEvent, details};
use model::id::{OrgId, SessionId, UserId};
use model::ingress::GroupRef;
use model::principal::Actor;
use model::refusal::Refusal;
use model::session::{EndedReason, Session, SessionStatus};
use model::time::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;

use super::evict::Scope;
use super::leave::{RulesSeen, leave_rules};
use super::{Block, Changed, Loaded, ShownSession, entry, live_rows};
use crate::ledger::due::{SET_DUE, due_values};
use crate::ledger::hold::release;
use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::item::{Unreadable, data};
use crate::table::keys::{self, ARMED, DUE_PK, DUE_SK, EVICTED, ROWS, Round};
use crate::table::retry::{Attempt, retry_stale_from};
use crate::table::transaction::{Commit, Failed, FollowUp, Receipt, Transaction};

/// The result of processing a session.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// The groups in which it had rules.
    pub groups: BTreeSet<GroupRef>,
    /// Whether it was ended by this call.
    pub is_new: bool,
    /// When its time is over, if it goes on.
    pub goes_on_until: Option<Timestamp>,
}

impl Store {
    /// Stops a session, once for each `Idempotency-Key`.
    ///
    /// # Errors
    /// `SessionNotFound`, also for a session that is not `owner`'s; `SessionNotStoppable`; busy or defect.
    pub async fn stop_session(
        &self,
        actor: &Actor,
        id: SessionId,
        owner: Option<&UserId>,
        now: Timestamp,
    ) -> Result<ShownSession, StoreError> {
        let reason = if owner.is_some() { EndedReason::Manual } else { EndedReason::Admin };
        let stopped = self.idempotent(actor, now, async {
            let first = RulesSeen::default();
            retry_stale_from("the session changed", first, |seen| async move {
                let loaded = self.session_to_stop(&actor.org, id, owner).await?;
                let status = loaded.status(now);
                // Unreadable rows may be open.
                let may_be_open = loaded.fault.is_some() && loaded.head.ended_reason.is_none();
                if !status.is_stoppable() && !may_be_open {
                    return Err(Refusal::SessionNotStoppable(status).into());
                }
                let kind = (reason, AuditEvent::SessionStop);
                if let Some(session) = self.write_end(&loaded, kind, &seen, actor, now).await? {
                    let is_whole = loaded.fault.is_none();
                    let changed = if is_whole { Changed::from(session) } else { Changed::Id(id) };
                    return Ok(Attempt::Done(changed));
                }
                self.rules_seen(&actor.org, loaded.first()?).await.map(Attempt::Stale)
            })
            .await
        });
        Box::pin(self.changed(&actor.org, Box::pin(stopped).await?)).await
    }

    /// The session as far as it can be read, if it is the owner's.
    async fn session_to_stop(
        &self,
        org: &OrgId,
        id: SessionId,
        owner: Option<&UserId>,
    ) -> Result<Loaded, StoreError> {
        let loaded = match self.found_session(org, id).await? {
            Ok(loaded) => loaded,
            Err(_) if self.has_place(org, id, owner).await? => {
                return Err(Refusal::SessionNotStoppable(SessionStatus::Unreadable).into());
            }
            Err(_) => None,
        };
        let loaded = loaded.filter(|loaded| owner.is_none_or(|owner| loaded.head.user_id == *owner));
        loaded.ok_or(Refusal::SessionNotFound(id).into())
    }

    /// Ends a session because of an administrator's other decision. If its time is over, that is the reason of its end. An unreadable
    /// session is evicted from its rules.
    ///
    /// # Errors
    /// Busy or defect. Also a defect, after the eviction, if an unreadable session may not be over.
    pub async fn end_or_evict_session(
        &self,
        actor: &Actor,
        id: SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let actor = &Actor { idempotency: None, ..actor.clone() };
        let first = RulesSeen::default();
        retry_stale_from("the session changed", first, |seen| async move {
            let loaded = match self.found_session(&actor.org, id).await? {
                Ok(Some(loaded)) => loaded,
                Ok(None) => return Ok(Attempt::Done(())),
                Err(_) => return self.evict_unreadable(actor, id, now).await.map(Attempt::Done),
            };
            // Unreadable rows may be open.
            let may_be_open = loaded.fault.is_some() && loaded.head.ended_reason.is_none();
            if loaded.session().has_ended() && !may_be_open {
                return Ok(Attempt::Done(()));
            }
            if loaded.head.expires_at <= now {
                self.process_due_session(&actor.org, id, now).await?;
                return Ok(Attempt::Done(()));
            }
            let kind = (EndedReason::Admin, AuditEvent::SessionStop);
            if self.write_end(&loaded, kind, &seen, actor, now).await?.is_some() {
                return Ok(Attempt::Done(()));
            }
            self.rules_seen(&actor.org, loaded.first()?).await.map(Attempt::Stale)
        })
        .await
    }

    /// Evicts an unreadable session from its rules. A session that is not due is over.
    async fn evict_unreadable(&self, actor: &Actor, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        let what = (id, AuditEvent::SessionStop);
        self.evict_session(actor, what, Scope::Everything, now).await?;
        match self.get_readable_or_not(&keys::session(&actor.org, id)).await? {
            Some(Err(item)) if item.text(DUE_SK).is_some() => Err(item.error()),
            Some(Ok(item)) if item.has(DUE_SK) => Err(corrupt("a session's members")),
            Some(_) | None => Ok(()),
        }
    }

    /// Processes a session that is due: ends it if its time is over, or finishes an interrupted end. A timer that comes too early or
    /// twice changes nothing. An unreadable session is evicted from its rules when its time is over, and stays due.
    ///
    /// # Errors
    /// Busy or defect. Also a defect, after everything else is ended, if the session or some of its rows are unreadable.
    pub async fn process_due_session(
        &self,
        org: &OrgId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let first = RulesSeen::default();
        retry_stale_from("the session changed", first, |seen| async move {
            let loaded = match self.found_session(org, id).await? {
                Ok(Some(loaded)) => loaded,
                Ok(None) => return Ok(Attempt::Done(Ended::default())),
                Err(item) => return self.process_unreadable(org, id, &item, now).await.map(Attempt::Done),
            };
            let groups = loaded.blocks.iter().flat_map(|block| &block.rows).map(|row| row.group.clone());
            let mut ended = Ended { groups: groups.into_iter().collect(), ..Ended::default() };
            if loaded.head.ended_reason.is_some() {
                self.settle_forgotten(org, &loaded, now).await?;
                self.end_blocks(org, &loaded, now).await?;
                return Ok(Attempt::Done(ended));
            }
            let has_failed = loaded.fault.is_none() && loaded.session().status(now) == SessionStatus::Failed;
            let is_done = if has_failed {
                self.take_off_the_list(org, &loaded).await?
            } else if let Some(kind) = due_end(&loaded, now) {
                ended.is_new = true;
                self.write_end(&loaded, kind, &seen, &Actor::system(org.clone()), now).await?.is_some()
            } else {
                let goes_on_until = Some(loaded.head.expires_at);
                return Ok(Attempt::Done(Ended { goes_on_until, ..Ended::default() }));
            };
            if is_done {
                return Ok(Attempt::Done(ended));
            }
            self.rules_seen(org, loaded.first()?).await.map(Attempt::Stale)
        })
        .await
    }

    /// An unreadable session is due at its end. Nothing else is known of it.
    async fn process_unreadable(
        &self,
        org: &OrgId,
        id: SessionId,
        item: &Unreadable,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        if item.text(DUE_SK).is_none_or(|end| *end > *keys::due_time(now)) {
            return Ok(Ended::default());
        }
        let what = (id, AuditEvent::SessionExpire);
        self.evict_session(&Actor::system(org.clone()), what, Scope::Everything, now).await?;
        Err(item.error())
    }

    async fn write_end(
        &self,
        loaded: &Loaded,
        (reason, event): (EndedReason, AuditEvent),
        seen: &RulesSeen,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let org = &actor.org;
        let head = loaded.head.clone().ended(reason, now);
        let mut session = loaded.session();
        session.head = head.clone();
        let (first, further) = session.rows.split_at_mut(loaded.first()?.rows.len());
        let settled = seen.give_up(first, now);
        further.iter_mut().for_each(model::session::SessionRow::give_up);
        let (_, first) = loaded.first()?.fitting(first)?;
        let has_blocks = loaded.blocks.len() > 1 || loaded.fault.is_some();
        let mut tx = Transaction::idempotent(self, actor, &Changed::Id(head.id), now)?;
        let further = if has_blocks {
            // The session stays due until its last block is ended.
            let due = due_values(&loaded.key(), Round::Sweep, now);
            Expression::new(format!(", #{ROWS} = :rows, {SET_DUE}"), due)
        } else {
            Expression::new(format!(", #{ROWS} = :rows REMOVE #{DUE_PK}, #{DUE_SK}, #{EVICTED}"), [])
        };
        tx.replace_data_and(&loaded.key(), &head, loaded.version, &further.with(":rows", first))?;
        leave_rules(&mut tx, org, (loaded.first()?, seen), now)?;
        release(&mut tx, org, &settled)?;
        let details = details(json!({"endedReason": reason}));
        match tx.commit(actor, &entry(event, &head, details), now.after(head.started_at)).await {
            Ok(Commit::Done(_)) => {}
            Ok(Commit::Stale) => return Ok(None),
            Err(error) if seen.is_known => return Err(error),
            Err(error) => return self.unless_unreadable(org, loaded.first()?, error).await.map(|()| None),
        }
        if has_blocks && let Err(error) = self.end_blocks(org, loaded, now).await {
            tracing::warn!(session = %head.id, ?error, "the rows of a session are ended later");
        }
        Ok(Some(session))
    }

    /// Ends the further blocks, and then makes the session no longer due. Unreadable blocks are evicted from their rules. The session
    /// then stays due, and the other blocks are ended all the same.
    async fn end_blocks(&self, org: &OrgId, loaded: &Loaded, now: Timestamp) -> Result<(), StoreError> {
        let mut ends = Vec::new();
        for block in loaded.blocks.iter().filter(|block| block.number > 0) {
            ends.push(self.end_block(org, block.clone(), now));
        }
        let mut outcomes = join_all(ends).await;
        if loaded.fault.is_some() {
            let numbers = loaded.blocks.iter().map(|block| block.number).collect();
            let (actor, what) = (Actor::system(org.clone()), (loaded.head.id, AuditEvent::SessionExpire));
            let evicted = self.evict_session(&actor, what, Scope::AllBut(&numbers), now).await;
            outcomes.extend([evicted.map(drop), loaded.whole()]);
        }
        outcomes.into_iter().collect::<Result<(), _>>()?;
        let done = Expression::new(format!("REMOVE #{DUE_PK}, #{DUE_SK}, #{EVICTED}"), []);
        let is_ended = Expression::new("attribute_exists(#pk)", []);
        self.update_if(&loaded.key(), &done, &is_ended).await.map(drop)
    }

    async fn end_block(&self, org: &OrgId, block: Block, now: Timestamp) -> Result<(), StoreError> {
        let key = keys::session_rows(org, block.session, block.number);
        let (key, first) = (&key, Some((block, RulesSeen::default())));
        retry_stale_from("a session's rows changed", first, |read| async move {
            let (block, seen) = match read {
                Some(read) => read,
                None => {
                    let Some(item) = self.get(key).await? else { return Ok(Attempt::Done(())) };
                    let block = Block::read(&item)?;
                    let seen = self.rules_seen(org, &block).await?;
                    (block, seen)
                }
            };
            let Some(tx) = self.end_of_block(org, &block, &seen, now)? else { return Ok(Attempt::Done(())) };
            let ended = if block.is_armed {
                tx.follow_up_or_stale(&Receipt::of_remains()).await
            } else {
                tx.follow_up(&Receipt::of_remains()).await.map(|end| end == FollowUp::Done)
            };
            match ended {
                Ok(true) => return Ok(Attempt::Done(())),
                Ok(false) => {}
                Err(error) if seen.is_known => return Err(error),
                Err(error) => self.unless_unreadable(org, &block, error).await?,
            }
            Ok(Attempt::Stale(None))
        })
        .await
    }

    /// Returns an error, unless an unreadable entry may have caused it. The next attempt knows which entries are unreadable.
    async fn unless_unreadable(
        &self,
        org: &OrgId,
        block: &Block,
        error: StoreError,
    ) -> Result<(), StoreError> {
        let may_be = matches!(error, StoreError::Defect(_));
        if may_be && self.rules_seen(org, block).await?.has_unreadable() { Ok(()) } else { Err(error) }
    }

    /// The transaction that ends a block; `None` if the block has ended.
    fn end_of_block(
        &self,
        org: &OrgId,
        block: &Block,
        seen: &RulesSeen,
        now: Timestamp,
    ) -> Result<Option<Transaction<'_>>, StoreError> {
        let mut rows = block.rows.clone();
        let settled = if block.is_armed {
            seen.give_up(&mut rows, now)
        } else {
            rows.iter_mut().for_each(|row| row.settle_unasked(now));
            live_rows(block)
        };
        if rows == block.rows {
            return Ok(None);
        }
        let mut tx = Transaction::new(self);
        let ended = Expression::new(
            format!(", #{ROWS} = :rows, #{ARMED} = :yes REMOVE #{DUE_PK}, #{DUE_SK}"),
            [(":rows", block.fitting(&rows)?.1), (":yes", data(&true)?)],
        );
        let key = keys::session_rows(org, block.session, block.number);
        tx.change_beside(&key, block.version, &ended, |_| Failed::Superseded);
        if block.is_armed {
            leave_rules(&mut tx, org, (block, seen), now)?;
        }
        release(&mut tx, org, &settled)?;
        Ok(Some(tx))
    }

    /// Makes a failed session no longer due: it holds nothing.
    async fn take_off_the_list(&self, org: &OrgId, loaded: &Loaded) -> Result<bool, StoreError> {
        let done = Expression::new(format!("REMOVE #{DUE_PK}, #{DUE_SK}, #{EVICTED}"), []);
        let seen = Expression::has_version(loaded.version);
        self.update_if(&keys::session(org, loaded.head.id), &done, &seen).await
    }
}

/// Why a session must end now: its time is over, or it was evicted while it was unreadable.
fn due_end(loaded: &Loaded, now: Timestamp) -> Option<(EndedReason, AuditEvent)> {
    if loaded.head.expires_at <= now {
        Some((EndedReason::Expired, AuditEvent::SessionExpire))
    } else {
        loaded.is_evicted.then_some((EndedReason::Admin, AuditEvent::SessionStop))
    }
}
