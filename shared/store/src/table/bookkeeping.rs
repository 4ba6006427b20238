//! Bookkeeping: leases, findings and what is due. These writes change nothing of the organization, so they have no audit row. Everything
//! else is a transaction with an audit row.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use crate::table::Store;
use crate::table::error::{StoreError, corrupt, from_sdk};
use crate::table::expression::{Expression, names, values};
use crate::table::item::{Attributes, Item};
use crate::table::keys::Key;
use crate::table::retry::{Attempt, retry_stale};
use crate::table::write::primary_key;

/// The result of an update with a number of the item: the new number, or the one that made the condition false.
pub(crate) enum Updated {
    Done(i64),
    Not(Option<i64>),
}

/// Repeats a write that met a transaction on the same item. Such a conflict says nothing about the write's condition.
async fn past_transactions<T, E, R, F>(send: impl Fn() -> F) -> Result<Result<T, SdkError<E, R>>, StoreError>
where
    E: ProvideErrorMetadata,
    F: Future<Output = Result<T, SdkError<E, R>>>,
{
    retry_stale("a write met a transaction", || async {
        match send().await {
            Err(error) if has_code(&error, "TransactionConflictException") => Ok(Attempt::STALE),
            outcome => Ok(Attempt::Done(outcome)),
        }
    })
    .await
}

async fn updated(
    call: UpdateItemFluentBuilder,
) -> Result<Result<UpdateItemOutput, SdkError<UpdateItemError>>, StoreError> {
    past_transactions(|| call.clone().send()).await
}

fn number(attributes: Option<&Attributes>, name: &str) -> Option<i64> {
    attributes?.get(name)?.as_n().ok()?.parse().ok()
}

impl Store {
    fn update(&self, key: &Key, update: &Expression, condition: &Expression) -> UpdateItemFluentBuilder {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let call = self.client.update_item().table_name(&self.table).set_key(Some(primary_key(key)));
        call.set_expression_attribute_names(Some(names(&[&update.text, &condition.text])))
            .set_expression_attribute_values(values(&[update, condition]))
            .update_expression(update.text.as_ref())
            .condition_expression(condition.text.as_ref())
    }

    /// Updates an item under a condition, and returns a number of the item whether the condition was true or not.
    pub(crate) async fn update_or_see(
        &self,
        key: &Key,
        update: &Expression,
        condition: &Expression,
        name: &str,
    ) -> Result<Updated, StoreError> {
        let call = self
            .update(key, update, condition)
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match updated(call).await? {
            Ok(output) => {
                let number = number(output.attributes.as_ref(), name);
                number.map(Updated::Done).ok_or_else(|| corrupt(format!("it has no number {name}")))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(unmet)) => {
                    Ok(Updated::Not(number(unmet.item.as_ref(), name)))
                }
                _ => Err(from_sdk(&error)),
            },
        }
    }

    /// Updates an item if a condition is true, and returns whether it was. For bookkeeping only.
    pub(crate) async fn update_if(
        &self,
        key: &Key,
        update: &Expression,
        condition: &Expression,
    ) -> Result<bool, StoreError> {
        match updated(self.update(key, update, condition)).await? {
            Ok(_) => Ok(true),
            Err(error) if is_unmet(&error) => Ok(false),
            Err(error) => Err(from_sdk(&error)),
        }
    }

    /// The same, and returns the updated item.
    pub(crate) async fn updated_if(
        &self,
        key: &Key,
        update: &Expression,
        condition: &Expression,
    ) -> Result<Option<Item>, StoreError> {
        self.updated_attributes(key, update, condition).await?.map(Item::read).transpose()
    }

    async fn updated_attributes(
        &self,
        key: &Key,
        update: &Expression,
        condition: &Expression,
    ) -> Result<Option<Attributes>, StoreError> {
        let call = self.update(key, update, condition).return_values(ReturnValue::AllNew);
        match updated(call).await? {
            Ok(output) => Ok(Some(output.attributes.unwrap_or_default())),
            Err(error) if is_unmet(&error) => Ok(None),
            Err(error) => Err(from_sdk(&error)),
        }
    }

    /// Deletes an item if a condition is true, and returns whether it was. For bookkeeping only.
    pub(crate) async fn delete_if(&self, key: &Key, condition: &Expression) -> Result<bool, StoreError> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let call = self.client.delete_item().table_name(&self.table).set_key(Some(primary_key(key)));
        let call = call
            .set_expression_attribute_names(Some(names(&[&condition.text])))
            .set_expression_attribute_values(values(&[condition]))
            .condition_expression(condition.text.as_ref());
        match past_transactions(|| call.clone().send()).await? {
            Ok(_) => Ok(true),
            Err(error) if is_unmet(&error) => Ok(false),
            Err(error) => Err(from_sdk(&error)),
        }
    }
}

fn is_unmet<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    has_code(error, "ConditionalCheckFailedException")
}

fn has_code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, code: &str) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some(code)
}
