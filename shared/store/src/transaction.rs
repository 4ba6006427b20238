//! Mutations. Each is one `TransactWriteItems` with its audit row in it.
//!
//! A transaction is cancelled as a whole, with one reason for each of its writes, in their order. A condition
//! that was evaluated and found false ends the operation, and the first such write names the refusal: that is how
//! the order of the contract's 404s costs no extra read. A conflict with another transaction or a throttled write
//! says nothing about the conditions, so the transaction is tried again.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use model::audit::AuditEntry;
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;
use std::collections::HashMap;

use crate::error::{Cause, StoreError, corrupt, from_sdk};
use crate::expression::{Expression, names, values};
use crate::item::{Item, NewItem, text};
use crate::keys::{self, Key};
use crate::retry::Backoff;
use crate::{Store, audit};

/// DynamoDB's limit of writes in a transaction.
pub(crate) const WRITES_MAX: usize = 100;

/// What a false condition means.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The operation is refused.
    Refuse(Refusal),
    /// What was read before the transaction is out of date: read again.
    Stale,
}

type OnFailed = Box<dyn Fn(Option<&Item>) -> Failed + Send + Sync>;

/// Proof that an audited transaction was committed. Clean-up that did not fit into it asks for this.
#[derive(Debug)]
pub(crate) struct Receipt(());

/// How a transaction ended, when nothing was refused.
#[derive(Debug)]
pub(crate) enum Commit {
    /// It happened.
    Done(Receipt),
    /// It did not, because what was read before is out of date.
    Stale,
}

impl Commit {
    /// The receipt of a transaction whose conditions all name a refusal, because nothing was read before it that
    /// could be out of date.
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
    writes: Vec<TransactWriteItem>,
    on_failed: Vec<OnFailed>,
}

fn primary_key(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([(keys::PK.into(), text(&key.pk)), (keys::SK.into(), text(&key.sk))])
}

/// The SDK's builders fail only when a required member was not set; each is set above the call.
fn built<T>(result: Result<T, aws_sdk_dynamodb::error::BuildError>) -> Result<T, StoreError> {
    result.map_err(corrupt)
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store, writes: Vec::new(), on_failed: Vec::new() }
    }

    fn push(
        &mut self,
        write: TransactWriteItem,
        on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static,
    ) {
        self.writes.push(write);
        self.on_failed.push(Box::new(on_failed));
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
    ) -> Result<(), StoreError> {
        let condition = Expression::absent();
        let put = Put::builder()
            .table_name(&self.store.table)
            .set_item(Some(item.into_attributes()))
            .set_expression_attribute_names(Some(names(&[&condition.text])))
            .condition_expression(condition.text)
            .build();
        self.push(TransactWriteItem::builder().put(built(put)?).build(), on_failed);
        Ok(())
    }

    /// Updates an item under a condition.
    pub(crate) fn update(
        &mut self,
        key: &Key,
        update: &Expression,
        condition: &Expression,
        on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static,
    ) -> Result<(), StoreError> {
        let update = Update::builder()
            .table_name(&self.store.table)
            .set_key(Some(primary_key(key)))
            .set_expression_attribute_names(Some(names(&[&update.text, &condition.text])))
            .set_expression_attribute_values(values(&[update, condition]))
            .update_expression(&update.text)
            .condition_expression(&condition.text)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        self.push(TransactWriteItem::builder().update(built(update)?).build(), on_failed);
        Ok(())
    }

    /// Deletes an item under a condition.
    pub(crate) fn delete(
        &mut self,
        key: &Key,
        condition: &Expression,
        on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static,
    ) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(&self.store.table)
            .set_key(Some(primary_key(key)))
            .set_expression_attribute_names(Some(names(&[&condition.text])))
            .set_expression_attribute_values(values(&[condition]))
            .condition_expression(&condition.text)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        self.push(TransactWriteItem::builder().delete(built(delete)?).build(), on_failed);
        Ok(())
    }

    /// Deletes an item, whether it exists or not.
    pub(crate) fn remove(&mut self, key: &Key) -> Result<(), StoreError> {
        let delete = Delete::builder().table_name(&self.store.table).set_key(Some(primary_key(key))).build();
        self.push(TransactWriteItem::builder().delete(built(delete)?).build(), |_| Failed::Stale);
        Ok(())
    }

    /// Requires that an item exists.
    pub(crate) fn require(
        &mut self,
        key: &Key,
        on_failed: impl Fn(Option<&Item>) -> Failed + Send + Sync + 'static,
    ) -> Result<(), StoreError> {
        let condition = Expression::exists();
        let check = ConditionCheck::builder()
            .table_name(&self.store.table)
            .set_key(Some(primary_key(key)))
            .set_expression_attribute_names(Some(names(&[&condition.text])))
            .condition_expression(condition.text)
            .build();
        self.push(TransactWriteItem::builder().condition_check(built(check)?).build(), on_failed);
        Ok(())
    }

    /// Makes it happen, with its audit row.
    pub(crate) async fn commit(
        mut self,
        actor: &Actor,
        entry: &AuditEntry,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        self.create(audit::item(actor, entry, now)?, |_| Failed::Stale)?;
        match self.write().await? {
            None => Ok(Commit::Done(Receipt(()))),
            Some(Failed::Stale) => Ok(Commit::Stale),
            Some(Failed::Refuse(refusal)) => Err(refusal.into()),
        }
    }

    /// Finishes what a committed transaction began and had no room for. Conditions that fail are no matter:
    /// the write is no longer needed.
    pub(crate) async fn follow_up(self, _receipt: &Receipt) -> Result<(), StoreError> {
        if !self.writes.is_empty() {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&self) -> Result<Option<Failed>, StoreError> {
        let mut backoff = Backoff::default();
        loop {
            let call = self.store.client.transact_write_items().set_transact_items(Some(self.writes.clone()));
            let Err(error) = call.send().await else {
                return Ok(None);
            };
            let reasons = cancellation_reasons(&error).ok_or_else(|| from_sdk(&error))?;
            let unknown = reasons.iter().filter_map(CancellationReason::code).find(|code| !is_known(code));
            if unknown.is_some() {
                return Err(from_sdk(&error));
            }
            let retry = reasons.iter().any(|reason| reason.code().is_some_and(is_passing));
            if !retry {
                return self.first_failed(reasons).map(Some);
            }
            backoff.pause("a transaction met another one").await?;
        }
    }

    /// What the first write whose condition was false says.
    fn first_failed(&self, reasons: &[CancellationReason]) -> Result<Failed, StoreError> {
        let failed = reasons.iter().zip(&self.on_failed).find(|(reason, _)| reason.code() == Some(CONDITION));
        let (reason, on_failed) =
            failed.ok_or_else(|| corrupt("a transaction was cancelled for no reason"))?;
        let item =
            reason.item.clone().filter(|attributes| !attributes.is_empty()).map(Item::read).transpose()?;
        Ok(on_failed(item.as_ref()))
    }
}

const CONDITION: &str = "ConditionalCheckFailed";

/// Reasons that say "not now": another transaction, or a throttled partition.
fn is_passing(code: &str) -> bool {
    matches!(code, "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
}

fn is_known(code: &str) -> bool {
    code == "None" || code == CONDITION || is_passing(code)
}

fn cancellation_reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<&[CancellationReason]> {
    let service = error.as_service_error()?;
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = service else {
        return None;
    };
    Some(cancelled.cancellation_reasons())
}
