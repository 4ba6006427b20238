//! The eviction of an unreadable session: it loses the rules whose entries name it.
//!
//! The holders in a rule's entry are enough to leave the rule; the session's rows are not needed. No row is told, because none can be
//! read. The session's item is marked as evicted and becomes due. After a repair, the sweeper ends the session and settles its rows
//! ([`super::forgotten`]). Until then the counts of its resources stay.

use model::audit::{AuditEntry, AuditEvent, AuditResult, details};
use model::id::{OrgId, ResourceId, SessionId};
use model::ingress::GroupRef;
use model::principal::Actor;
use model::rule::Holder;
use model::time::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;

use crate::ledger::due::{SET_DUE, due_values};
use crate::ledger::rule::{holders_in, is_readable};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Each, Entity, data, keys_of, number, set};
use crate::table::keys::{self, EVICTED, Key, RESOURCE_ID, Round};
use crate::table::list::PageRequest;
use crate::table::transaction::{Commit, Failed, Receipt, Transaction};

/// Rules of one transaction, beside its audit row.
const RULES_AT_ONCE: usize = 90;

/// Which rules a session loses.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// All of them.
    Everything,
    /// Those of rows outside these readable blocks.
    AllBut(&'a BTreeSet<u16>),
    /// Those of a drained resource: in its group, or created for it.
    Resource(ResourceId, Option<&'a GroupRef>),
}

/// A rule with the rows that lose it.
struct Held {
    key: Key,
    rows: Vec<String>,
    is_readable: bool,
}

impl Scope<'_> {
    fn concerns(self, one: &Each, holder: &Holder) -> bool {
        match self {
            Self::Everything => true,
            Self::AllBut(blocks) => !blocks.contains(&holder.block),
            Self::Resource(id, group) => {
                let found = keys::group_of_partition(keys_of(one).0).map(|(_, group)| group);
                let first = match one {
                    Ok(item) => item.text(RESOURCE_ID).ok(),
                    Err(unreadable) => unreadable.text(RESOURCE_ID),
                };
                first == Some(id.to_string().as_str()) || (group.is_some() && found.as_ref() == group)
            }
        }
    }
}

impl Store {
    /// Takes a session from the rules that it holds or waits for, and returns their number. The worker removes rules that no row holds.
    ///
    /// The audit row says that the session was unreadable. There is none for a session without rules.
    ///
    /// # Errors
    /// Busy or defect, after everything else was done.
    pub(crate) async fn evict_session(
        &self,
        actor: &Actor,
        (id, event): (SessionId, AuditEvent),
        scope: Scope<'_>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let held = self.held_by(&actor.org, id, scope).await?;
        if !held.is_empty() && !matches!(scope, Scope::AllBut(_)) {
            self.mark_evicted(&actor.org, id, now).await?;
        }
        let (readable, others): (Vec<&Held>, Vec<&Held>) = held.iter().partition(|held| held.is_readable);
        let mut failure = None;
        let mut receipt: Option<Receipt> = None;
        for some in readable.chunks(RULES_AT_ONCE) {
            let mut tx = Transaction::new(self);
            for held in some {
                let (update, exists) = (let_go(held, now)?, Expression::exists());
                tx.update(&held.key, &update, &exists, |_| Failed::Needless);
            }
            match &receipt {
                None => {
                    let commit = tx.commit(actor, &entry(id, event, held.len()), now).await?;
                    receipt = if let Commit::Done(receipt) = commit { Some(receipt) } else { None };
                }
                Some(receipt) => drop(tx.follow_up(receipt).await?),
            }
        }
        // The update of an unreadable entry may fail. It has its own transaction, so that the others succeed.
        for held in others {
            let mut tx = Transaction::new(self);
            tx.update(&held.key, &let_go(held, now)?, &Expression::exists(), |_| Failed::Needless);
            failure = failure.or(tx.follow_up(&Receipt::of_remains()).await.err());
        }
        failure.map_or(Ok(held.len()), Err)
    }

    /// Marks the session before it loses its rules, so that it does not go on without them after a repair.
    async fn mark_evicted(&self, org: &OrgId, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        let key = keys::session(org, id);
        let due = due_values(&key, Round::Sweep, now);
        let mark =
            Expression::new(format!("SET {SET_DUE}, #{EVICTED} = :yes"), due).with(":yes", data(&true)?);
        self.update_if(&key, &mark, &Expression::exists()).await.map(drop)
    }

    /// The rules that name a session, as they are now. They come from the listing index, which may be a second behind.
    async fn held_by(&self, org: &OrgId, id: SessionId, scope: Scope<'_>) -> Result<Vec<Held>, StoreError> {
        let list = keys::rules(org);
        let (listed, _) = self.list_page(&list, Entity::Rule, &PageRequest::default()).await?;
        let names = |one: &&Each| holders_in(one).iter().any(|holder| holder.session == id);
        let mut held = Vec::new();
        for one in listed.iter().filter(names) {
            let (pk, sk) = keys_of(one);
            let key = Key { pk: pk.into(), sk: sk.into() };
            let Some(one) = self.get_readable_or_not(&key).await? else { continue };
            let mine = holders_in(&one).into_iter().filter(|holder| holder.session == id);
            let rows: Vec<_> =
                mine.filter(|holder| scope.concerns(&one, holder)).map(|holder| holder.to_string()).collect();
            if !rows.is_empty() {
                held.push(Held { key, rows, is_readable: is_readable(&one) });
            }
        }
        Ok(held)
    }
}

/// Takes rows from a rule. They do not wait for its removal.
fn let_go(held: &Held, now: Timestamp) -> Result<Expression, StoreError> {
    // Failed attempts to apply it say nothing about its removal. Of an unreadable entry only what is certain is changed.
    let found = if held.is_readable { ", #found.#attempts = :zero, #found.#isRefused = :no" } else { "" };
    let text = format!(
        "SET {SET_DUE}{found} DELETE #holders :rows, #fresh :rows, #leaving :rows ADD #generation :one"
    );
    let update = Expression::new(text, due_values(&held.key, Round::Sweep, now))
        .with(":rows", set(&held.rows))
        .with(":one", number(1));
    Ok(if held.is_readable { update.with(":zero", number(0)).with(":no", data(&false)?) } else { update })
}

fn entry(id: SessionId, event: AuditEvent, rules: usize) -> AuditEntry {
    let described = json!({"reason": "The session cannot be read; it lost its rules", "rules": rules});
    AuditEntry {
        event,
        subject: model::audit::AuditSubject::Session,
        subject_id: id.to_string(),
        subject_name: None,
        result: AuditResult::Failure,
        details: details(described),
    }
}
