//! Transactions: each change is one `TransactWriteItems` with its audit row.
//!
//! A transaction is cancelled as a whole, with one reason for each of its writes, in their order. The first write with a false condition
//! names the refusal, so the order of the API's 404s costs no extra read. A conflict with another transaction or a throttled write says
//! nothing about the conditions, so the transaction is repeated.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsInput};
use aws_sdk_dynamodb::types::CancellationReason;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use model::audit::AuditEntry;
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;
use serde::Serialize;

use crate::table::error::{Cause, StoreError, cancelled, corrupt, from_sdk};
use crate::table::expression::Expression;
use crate::table::idempotency::{self, Recorded};
use crate::table::item::{Item, NewItem, data, number};
use crate::table::keys::Key;
use crate::table::retry::{Attempt, retry_stale};
use crate::table::write::Write;
use crate::table::{Store, audit, random};

/// DynamoDB's limit of writes in a transaction.
pub(crate) const WRITES_MAX: usize = 100;

/// What a false condition means.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The operation is refused.
    Refuse(Refusal),
    /// What was read before the transaction is out of date: read again.
    Stale,
    /// A newer change makes the follow-up unnecessary.
    Superseded,
    /// Skip this write: the others happen without it.
    Needless,
    /// The same request has been carried out before.
    Repeated,
}

type OnFailed = Box<dyn Fn(Option<&Item>) -> Failed + Send + Sync>;

/// Proof that an audited transaction was committed. Follow-ups that had no room in it require this.
#[derive(Debug)]
pub(crate) struct Receipt(());

impl Receipt {
    /// For the remains of an earlier request's transaction.
    pub(crate) fn of_remains() -> Self {
        Self(())
    }
}

/// How a transaction ended, when nothing was refused.
#[derive(Debug)]
pub(crate) enum Commit {
    /// It was committed.
    Done(Receipt),
    /// It was not committed, because what was read before is out of date.
    Stale,
}

/// How a follow-up ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// Everything that was still necessary is done.
    Done,
    /// A newer change made it unnecessary.
    Superseded,
}

impl Commit {
    /// The receipt of a transaction that cannot be stale, because nothing was read before it.
    ///
    /// # Errors
    /// A defect: a fresh id exists already.
    pub(crate) fn certain(self) -> Result<Receipt, StoreError> {
        match self {
            Self::Done(receipt) => Ok(receipt),
            Self::Stale => Err(StoreError::Defect(Cause::new("a fresh id exists already"))),
        }
    }
}

/// Writes that happen together or not at all.
pub(crate) struct Transaction<'a> {
    store: &'a Store,
    writes: Vec<Write>,
    on_failed: Vec<OnFailed>,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store, writes: Vec::new(), on_failed: Vec::new() }
    }

    fn push(&mut self, write: Write, on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static) {
        self.writes.push(write);
        self.on_failed.push(Box::new(on_failed));
    }

    /// A transaction that keeps its result for repetitions of the request. The idempotency record is the first write, so a repetition is
    /// recognized before the refusals that the first request caused.
    pub(crate) fn idempotent(
        store: &'a Store,
        actor: &Actor,
        result: &impl Recorded,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut tx = Self::new(store);
        if let Some(key) = &actor.idempotency {
            let item = idempotency::item(actor, key, result, now)?;
            let expired = Expression::new(
                "attribute_not_exists(#pk) OR #expiresAt <= :now",
                [(":now", number(now.unix_seconds()))],
            );
            tx.push(Write::Put(item, Some(expired)), |_| Failed::Repeated);
        }
        Ok(tx)
    }

    /// How many more writes fit, the audit row included.
    pub(crate) fn room(&self) -> usize {
        WRITES_MAX.saturating_sub(self.writes.len() + 1)
    }

    /// Puts an item that must not exist.
    pub(crate) fn create(
        &mut self,
        item: NewItem,
        on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static,
    ) {
        self.push(Write::Put(item, Some(Expression::absent())), on_failed);
    }

    /// Puts an item without a condition.
    pub(crate) fn replace(&mut self, item: NewItem) {
        self.push(Write::Put(item, None), |_| Failed::Stale);
    }

    /// Updates an item under a condition.
    pub(crate) fn update(
        &mut self,
        key: &Key,
        update: &Expression,
        condition: &Expression,
        on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static,
    ) {
        self.push(Write::Update(key.clone(), update.clone(), condition.clone()), on_failed);
    }

    /// Replaces the members of an item, provided that it has the version that was read, and gives it the next version.
    pub(crate) fn replace_data(
        &mut self,
        key: &Key,
        members: &impl Serialize,
        seen: i64,
    ) -> Result<(), StoreError> {
        self.replace_data_and(key, members, seen, &Expression::new("", []))
    }

    /// The same with further clauses, such as `, #mark = :mark` or ` REMOVE #mark`.
    pub(crate) fn replace_data_and(
        &mut self,
        key: &Key,
        members: &impl Serialize,
        seen: i64,
        further: &Expression,
    ) -> Result<(), StoreError> {
        let text = format!("SET #data = :data, #version = #version + :one{}", further.text).into();
        let update = Expression { text, ..further.clone() }.with(":data", data(members)?);
        let condition = Expression::has_version(seen);
        self.update(key, &update.with(":one", number(1)), &condition, |_| Failed::Stale);
        Ok(())
    }

    /// Changes what stands beside the members of an item, under the same condition and with the next version. `change` holds the clauses
    /// as [`Self::replace_data_and`] takes them.
    pub(crate) fn change_beside(
        &mut self,
        key: &Key,
        seen: i64,
        change: &Expression,
        on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static,
    ) {
        let text = format!("SET #version = #version + :one{}", change.text).into();
        let update = Expression { text, ..change.clone() }.with(":one", number(1));
        self.update(key, &update, &Expression::has_version(seen), on_failed);
    }

    /// Deletes an item under a condition.
    pub(crate) fn delete(
        &mut self,
        key: &Key,
        condition: &Expression,
        on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static,
    ) {
        self.push(Write::Delete(key.clone(), Some(condition.clone())), on_failed);
    }

    /// Deletes an item without a condition.
    pub(crate) fn remove(&mut self, key: &Key) {
        self.push(Write::Delete(key.clone(), None), |_| Failed::Stale);
    }

    /// Requires a condition of an item that is not written.
    pub(crate) fn require(
        &mut self,
        key: &Key,
        condition: &Expression,
        on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static,
    ) {
        self.push(Write::Require(key.clone(), condition.clone()), on_failed);
    }

    /// Commits the writes with their audit row.
    pub(crate) async fn commit(
        mut self,
        actor: &Actor,
        entry: &AuditEntry,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        self.create(audit::row::item(actor, entry, now)?, |_| Failed::Stale);
        loop {
            let failed = self.write().await?;
            if failed.is_empty() {
                return Ok(Commit::Done(Receipt(())));
            }
            match failed.iter().map(|(_, failed)| failed).find(|failed| !matches!(failed, Failed::Needless)) {
                None | Some(Failed::Needless) => self.drop_writes(&failed),
                Some(Failed::Stale | Failed::Superseded) => return Ok(Commit::Stale),
                Some(Failed::Repeated) => return Err(StoreError::Repeated),
                Some(Failed::Refuse(refusal)) => return Err(refusal.clone().into()),
            }
        }
    }

    fn drop_writes(&mut self, failed: &[(usize, Failed)]) {
        for (position, _) in failed.iter().rev() {
            self.writes.remove(*position);
            drop(self.on_failed.remove(*position));
        }
    }

    /// Does what had no room in a committed transaction. A write whose condition is false is skipped. A write that is
    /// [`Failed::Superseded`] ends the follow-up.
    pub(crate) async fn follow_up(mut self, _receipt: &Receipt) -> Result<FollowUp, StoreError> {
        while !self.writes.is_empty() {
            let failed = self.write().await?;
            if failed.is_empty() {
                return Ok(FollowUp::Done);
            }
            if failed.iter().any(|(_, failed)| matches!(failed, Failed::Superseded)) {
                return Ok(FollowUp::Superseded);
            }
            self.drop_writes(&failed);
        }
        Ok(FollowUp::Done)
    }

    /// The same for writes that depend on a read. Returns false if that read is out of date, and then writes nothing.
    pub(crate) async fn follow_up_or_stale(mut self, _receipt: &Receipt) -> Result<bool, StoreError> {
        while !self.writes.is_empty() {
            let failed = self.write().await?;
            if failed.is_empty() {
                return Ok(true);
            }
            if failed.iter().any(|(_, failed)| !matches!(failed, Failed::Needless)) {
                return Ok(false);
            }
            self.drop_writes(&failed);
        }
        Ok(true)
    }

    /// The same, and returns the positions of the writes that happened. Returns `None` if the condition of a write is false that is not
    /// [`Failed::Needless`]; then nothing was written.
    pub(crate) async fn follow_up_as_far_as_unchanged(
        mut self,
        _receipt: &Receipt,
    ) -> Result<Option<Vec<usize>>, StoreError> {
        let mut places: Vec<usize> = (0..self.writes.len()).collect();
        loop {
            let failed = self.write().await?;
            if failed.is_empty() {
                return Ok(Some(places));
            }
            if failed.iter().any(|(_, failed)| !matches!(failed, Failed::Needless)) {
                return Ok(None);
            }
            self.drop_writes(&failed);
            for (position, _) in failed.iter().rev() {
                places.remove(*position);
            }
        }
    }

    /// Writes, and returns the false conditions by position.
    ///
    /// All attempts at the same writes have the same token. If one succeeded and its answer was lost, DynamoDB reports success for the
    /// next, which would otherwise fail on conditions that the first one made false.
    async fn write(&self) -> Result<Vec<(usize, Failed)>, StoreError> {
        let token = random::token()?;
        retry_stale("a transaction met another one", || async {
            let writes: Result<_, _> = self.writes.iter().map(|write| write.on(&self.store.table)).collect();
            let call = TransactWriteItemsInput::builder().set_transact_items(Some(writes.map_err(corrupt)?));
            let call = call.client_request_token(&token).send_with(&self.store.client);
            let Err(error) = call.await else {
                return Ok(Attempt::Done(Vec::new()));
            };
            let reasons = cancellation_reasons(&error).ok_or_else(|| from_sdk(&error))?;
            let unknown = reasons.iter().filter_map(CancellationReason::code).find(|code| !is_known(code));
            if let Some(code) = unknown {
                return Err(cancelled(&error, code));
            }
            let retry = reasons.iter().any(|reason| reason.code().is_some_and(is_passing));
            if retry { Ok(Attempt::STALE) } else { self.failed(reasons).map(Attempt::Done) }
        })
        .await
    }

    /// The meaning of each false condition.
    fn failed(&self, reasons: &[CancellationReason]) -> Result<Vec<(usize, Failed)>, StoreError> {
        let mut failed = Vec::new();
        for (position, (reason, on_failed)) in reasons.iter().zip(&self.on_failed).enumerate() {
            if reason.code() == Some(CONDITION) {
                let attributes = reason.item.clone().filter(|attributes| !attributes.is_empty());
                failed.push((position, on_failed(attributes.map(Item::read).transpose()?.as_ref())));
            }
        }
        if failed.is_empty() { Err(corrupt("a transaction was cancelled for no reason")) } else { Ok(failed) }
    }
}

const CONDITION: &str = "ConditionalCheckFailed";

/// Reasons that pass: another transaction, or a throttled partition.
fn is_passing(code: &str) -> bool {
    matches!(code, "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
}

fn is_known(code: &str) -> bool {
    code == "None" || code == CONDITION || is_passing(code)
}

fn cancellation_reasons(
    error: &SdkError<TransactWriteItemsError, HttpResponse>,
) -> Option<&[CancellationReason]> {
    let service = error.as_service_error()?;
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = service else {
        return None;
    };
    Some(cancelled.cancellation_reasons())
}
