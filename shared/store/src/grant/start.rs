//! The start of a session.
//!
//! One transaction writes the session with its rows, the counts of their resources, the rules, the place in the owner's list and the
//! audit row. It requires that every resource is unchanged, active and not being drained. It requires that the user is active, in the
//! same activation and with the same links, and that the roles are unchanged ([`super::basis`]). It requires that the user's number of
//! running sessions is below their limit (`ledger::session::quota`). Rows that do not fit are reserved in blocks first
//! ([`super::reserve`]). The transaction of such a session requires that there was no closing meanwhile
//! ([`crate::ledger::hold::closings`]).

use futures_util::future::{join_all, try_join};
use model::audit::{AuditEvent, details};
use model::id::{OrgId, ResourceId, SessionId};
use model::principal::Actor;
use model::refusal::Refusal;
use model::session::{
    Addresses, BLOCK_WRITES_MAX, BLOCKS_MAX, ROWS_MAX, Session, SessionDraft, SessionHead, SessionLimits,
    SessionRow, Ways,
};
use model::time::Timestamp;
use model::user::User;
use serde_json::{Map, json};
use std::collections::BTreeMap;

use super::basis::Grant;
use super::plan::{BlockPlan, blocks};
use crate::directory::resource::OpenableResource;
use crate::ledger::due::due_item;
use crate::ledger::hold::closings::require_closings;
use crate::ledger::hold::shards::{count_rows, shard_of};
use crate::ledger::rule::{Join, join};
use crate::ledger::session::{BLOCKS, Changed, ShownSession, entry, rows_attribute};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, NewItem, number};
use crate::table::keys::{self, ROWS, Round, VERSION};
use crate::table::retry::{Attempt, retry_stale_from};
use crate::table::transaction::{Commit, Failed, Transaction, WRITES_MAX};

/// A request to start a session.
#[derive(Debug, Clone)]
pub struct StartRequest<'a> {
    pub user: &'a User,
    pub is_org_admin: bool,
    pub draft: &'a SessionDraft,
    /// The addresses to let in.
    pub addresses: Addresses,
    /// The address from which the request came.
    pub source_ip: Option<std::net::IpAddr>,
    /// The deployment's limits.
    pub limits: SessionLimits,
}

/// Writes of a start beside its rows: the session, its place, the user, the audit row.
const FIXED_WRITES: usize = 4;

/// Writes of a start in blocks beside its blocks: the same, the closings and the idempotency record.
const WRITES_BESIDE_BLOCKS: usize = FIXED_WRITES + 2;

// The limits in the error messages are the real ones.
const _: () =
    assert!(BLOCKS_MAX == WRITES_MAX - WRITES_BESIDE_BLOCKS && BLOCK_WRITES_MAX == WRITES_MAX - FIXED_WRITES);

/// What a start has decided to write.
struct Decision<'a> {
    head: SessionHead,
    grant: Grant<'a>,
    plans: Vec<BlockPlan>,
    /// Most running sessions of the person.
    most: u32,
}

impl Store {
    /// Starts a session.
    ///
    /// # Errors
    /// `Invalid` if it would last too long; `NoAddress`; `ResourceNotOpenable`; `NothingToOpen`; `TooManyRows`; `TooManyBlocks`;
    /// `TooManyHolders`; `TooManySessions`; `UserInactive`; busy or defect.
    pub async fn start_session(
        &self,
        actor: &Actor,
        request: &StartRequest<'_>,
        now: Timestamp,
    ) -> Result<ShownSession, StoreError> {
        let org = &actor.org;
        let started = self.idempotent(actor, now, async {
            let first = Some(request.user.clone());
            retry_stale_from("what the session opens, or its owner, changed", first, |read| async move {
                let user = match read {
                    Some(user) => user,
                    None => self.active_user(org, &request.user.id).await?,
                };
                let request = StartRequest { user: &user, ..request.clone() };
                match Box::pin(self.try_to_start(actor, &request, now)).await {
                    Ok(Some(session)) => return Ok(Attempt::Done(Changed::from(session))),
                    Ok(None) => {}
                    Err(StoreError::Refused(full @ Refusal::TooManySessions(_))) => {
                        if !Box::pin(self.forget_what_does_not_run(
                            org,
                            &request.user.id,
                            request.limits.per_person,
                            now,
                        ))
                        .await?
                        {
                            return Err(full.into());
                        }
                    }
                    Err(error) => return Err(error),
                }
                Ok(Attempt::Stale(None))
            })
            .await
        });
        Box::pin(self.changed(org, Box::pin(started).await?)).await
    }

    async fn try_to_start(
        &self,
        actor: &Actor,
        request: &StartRequest<'_>,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let who = (request.user, request.is_org_admin);
        let accessible =
            self.versioned_accessible(&actor.org, who, request.draft.resource_ids.as_ref()).await?;
        let ways =
            Ways::of(request.user, accessible.roles.iter().map(|read| &read.role), request.is_org_admin);
        let resources = wanted(request.draft, accessible.resources)?;
        let ids = resources.iter().map(|resource| resource.resource.id).collect();
        let longest = request.limits.longest(&ways, resources.iter().map(|resource| resource.resource.id));
        let minutes = request.draft.minutes(&request.limits, longest).map_err(Refusal::Invalid)?;
        if request.addresses.iter().next().is_none() {
            return Err(Refusal::NoAddress.into());
        }
        if resources.len() * request.addresses.iter().count() > ROWS_MAX {
            return Err(Refusal::TooManyRows.into());
        }
        let without = resources.iter().filter(|resource| !resource.has_shards);
        if !self.have_shards(&actor.org, without.map(|resource| resource.resource.id)).await? {
            return Ok(None);
        }
        let (head, grant) = (head(request, (minutes, longest), now), Grant::of(who, &accessible.roles, &ids));
        let room = BLOCK_WRITES_MAX - usize::from(actor.idempotency.is_some());
        let plans = blocks((&resources, shard_of(head.id)), &request.addresses, now, room);
        if plans.len() > BLOCKS_MAX {
            return Err(Refusal::TooManyBlocks { needed: plans.len(), room }.into());
        }
        let decision = Decision { head, grant, plans, most: request.limits.per_person };
        match decision.plans.as_slice() {
            [plan] if plan.writes() + decision.grant.roles() <= room => {
                self.write_session(actor, &decision, plan, now).await
            }
            // Boxed, because the future of every start has the size of its largest part.
            _ => Box::pin(self.write_in_blocks(actor, &decision, now)).await,
        }
    }

    async fn write_session(
        &self,
        actor: &Actor,
        decision: &Decision<'_>,
        plan: &BlockPlan,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let (org, head) = (&actor.org, &decision.head);
        let mut tx = Transaction::idempotent(self, actor, &Changed::Id(head.id), now)?;
        put_session(&mut tx, org, decision, &plan.rows, 0)?;
        take_resources(&mut tx, org, head.id, plan)?;
        join_rules(&mut tx, org, (head.id, 0), plan, now)?;
        decision.grant.require_roles_on(&mut tx, org, shard_of(head.id));
        let session = Session { head: head.clone(), rows: plan.rows.clone() };
        let commit = tx.commit(actor, &start_entry(&session), now).await?;
        Ok(matches!(commit, Commit::Done(_)).then_some(session))
    }

    /// Starts a session with more rows, or through more roles, than one transaction takes.
    async fn write_in_blocks(
        &self,
        actor: &Actor,
        decision: &Decision<'_>,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let Decision { head, plans, .. } = decision;
        let (org, id) = (&actor.org, head.id);
        // The number of closings is read before the roles and resources are read again, so that later closings are noticed. The reserved
        // blocks depend on shards, which a closing raises a moment later.
        let room = self.has_room_for_a_session(org, &head.user_id, decision.most);
        let (closings, has_room) = try_join(self.closings(org), room).await?;
        if !has_room {
            return Err(Refusal::TooManySessions(decision.most).into());
        }
        let are_same = try_join(self.has_roles_of(org, &decision.grant), self.are_as_read(org, plans));
        if Box::pin(are_same).await? != (true, true) || !self.reserve(actor, head, plans, now).await? {
            return Ok(None);
        }
        let rows = plans.iter().flat_map(|plan| plan.rows.iter().cloned()).collect();
        let session = Session { head: head.clone(), rows };
        let mut tx = Transaction::idempotent(self, actor, &Changed::Id(id), now)?;
        put_session(&mut tx, org, decision, &[], plans.len())?;
        for (_, number) in plans.iter().zip(1..) {
            tx.require(&keys::session_rows(org, id, number), &Expression::exists(), |_| Failed::Stale);
        }
        require_closings(&mut tx, org, closings);
        let commit = tx.commit(actor, &start_entry(&session), now).await;
        if !matches!(commit, Ok(Commit::Done(_))) {
            // `release_reserved` requires that the session does not exist. It may exist: the answer of the commit may be lost.
            self.release_reserved(org, id, plans.len(), now).await;
        }
        let Commit::Done(_) = commit? else { return Ok(None) };
        // The session exists. The sweeper finishes what fails from here on.
        if let Err(error) = self.arm_session(org, id, now).await {
            tracing::warn!(session = %id, ?error, "the rules of a session are written down later");
        }
        Ok(Some(session))
    }
}

/// The resources to open: all accessible ones, or the requested ones.
fn wanted(
    draft: &SessionDraft,
    mut accessible: Vec<OpenableResource>,
) -> Result<Vec<OpenableResource>, StoreError> {
    if let Some(ids) = &draft.resource_ids {
        let in_reach = |id| accessible.iter().any(|resource| resource.resource.id == id);
        if let Some(outside) = ids.iter().find(|id| !in_reach(**id)) {
            return Err(Refusal::ResourceNotOpenable(*outside).into());
        }
        accessible.retain(|resource| ids.contains(&resource.resource.id));
    }
    if accessible.is_empty() { Err(Refusal::NothingToOpen.into()) } else { Ok(accessible) }
}

fn head(request: &StartRequest<'_>, (minutes, longest): (u32, u32), now: Timestamp) -> SessionHead {
    SessionHead {
        id: SessionId::generate(now),
        user_id: request.user.id.clone(),
        user_name: request.user.name.clone(),
        user_email: request.user.email.clone(),
        ipv4_address: request.addresses.v4,
        ipv6_address: request.addresses.v6,
        source_ip: request.source_ip,
        reason: request.draft.reason.clone(),
        started_at: now,
        expires_at: SessionLimits::end(now, minutes),
        ended_at: None,
        ended_reason: None,
        activation: request.user.activation,
        limit_minutes: Some(longest),
    }
}

/// The session's item, its place in the owner's list, and the conditions on the owner.
fn put_session(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    decision: &Decision<'_>,
    rows: &[SessionRow],
    blocks: usize,
) -> Result<(), StoreError> {
    let head = &decision.head;
    let key = keys::session(org, head.id);
    let item = NewItem::new(&key, Entity::Session, head)?
        .with(VERSION, number(1))
        .with(BLOCKS, number(blocks))
        .with(ROWS, rows_attribute(rows)?);
    let item = due_item(item, &key, Round::Sweep, head.expires_at);
    tx.create(item, |_| Failed::Stale);
    let place = keys::session_of_user(org, &head.user_id, head.id);
    let place = NewItem::new(&place, Entity::SessionOfUser, &Map::new())?;
    tx.create(place.listed(keys::listed(keys::sessions(org), head.id)), |_| Failed::Stale);
    decision.grant.take_place(tx, org, (head, decision.most))
}

/// Counts the rows of a session on its shard of each resource, and requires that these are unchanged.
pub(super) fn take_resources(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    session: SessionId,
    plan: &BlockPlan,
) -> Result<(), StoreError> {
    for (id, (state, rows)) in &plan.counts {
        count_rows(tx, org, (*id, shard_of(session)), (*state, *rows))?;
    }
    Ok(())
}

/// Joins the rules of a block.
fn join_rules(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (session, number): (SessionId, u16),
    plan: &BlockPlan,
    now: Timestamp,
) -> Result<(), StoreError> {
    for ((group, ingress), rule) in &plan.rules {
        let row = |place: &usize| u16::try_from(*place).unwrap_or(u16::MAX);
        let holder = |place| model::rule::Holder { session, block: number, row: row(place) };
        let holders: Vec<_> = rule.places.iter().map(holder).collect();
        let (credential, resource) = (rule.credential, rule.resource);
        join(tx, &Join { org, group, ingress: *ingress, credential, resource, holders: &holders, now })?;
    }
    Ok(())
}

fn start_entry(session: &Session) -> model::audit::AuditEntry {
    let head = &session.head;
    let resources: Vec<_> = session.rows.iter().map(|row| row.resource_id).collect();
    let started = json!({
        "ipv4Address": head.ipv4_address, "ipv6Address": head.ipv6_address, "sourceIp": head.source_ip,
        "expiresAt": head.expires_at, "reason": head.reason, "resources": resources.len(),
        // Only the first hundred, because an item holds 400 KB.
        "resourceIds": resources.get(..resources.len().min(100)),
    });
    entry(AuditEvent::SessionStart, head, details(started))
}

impl Store {
    /// Whether the resources of a start are open and unchanged. For a transaction that these conditions do not fit into. It requires the number of closings instead, which was read first.
    async fn are_as_read(&self, org: &OrgId, plans: &[BlockPlan]) -> Result<bool, StoreError> {
        let counts = plans.iter().flat_map(|plan| &plan.counts);
        let read: BTreeMap<ResourceId, i64> = counts.map(|(id, (state, _))| (*id, *state)).collect();
        let found = self.openable_resources(org, Some(&read.keys().copied().collect())).await?;
        let found = found.iter().map(|resource| (resource.resource.id, resource.state));
        Ok(found.collect::<BTreeMap<_, _>>() == read)
    }

    /// Arms the reserved rows of a session. Ended and unreadable sessions are skipped.
    ///
    /// # Errors
    /// Busy or defect: the first failure, after everything else was tried.
    pub(crate) async fn arm_session(
        &self,
        org: &OrgId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let found = self.found_session(org, id).await?.map_err(|unreadable| unreadable.error())?;
        let Some(loaded) = found else { return Ok(()) };
        if loaded.head.ended_reason.is_some() {
            return Ok(());
        }
        let mut arming = Vec::new();
        for block in loaded.blocks.iter().filter(|block| !block.is_armed) {
            arming.push(self.arm_block(org, block, now));
        }
        let mut outcomes = join_all(arming).await;
        outcomes.push(loaded.whole());
        outcomes.into_iter().collect()
    }
}
