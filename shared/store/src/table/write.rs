//! The writes of a transaction.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use std::collections::HashMap;

use crate::table::expression::{Expression, names, values};
use crate::table::item::{NewItem, text};
use crate::table::keys::{self, Key};

/// A write. Each attempt builds the SDK's type from it, because the SDK consumes its input.
#[derive(Debug)]
pub(crate) enum Write {
    /// Puts an item, with or without a condition.
    Put(NewItem, Option<Expression>),
    /// Updates an item: the update and its condition.
    Update(Key, Expression, Expression),
    /// Deletes an item, with or without a condition.
    Delete(Key, Option<Expression>),
    /// Requires a condition of an item that is not written.
    Require(Key, Expression),
}

impl Write {
    /// The write as the SDK's type. If a condition is false, DynamoDB returns the item.
    ///
    /// # Errors
    /// None: the SDK's builders fail only if a required member is missing, and all are set.
    pub(crate) fn on(&self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let write = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(item, condition) => write.put(put(table, item, condition.as_ref())?),
            Self::Update(key, update, condition) => {
                write.update(self::update(table, key, update, condition)?)
            }
            Self::Delete(key, condition) => write.delete(delete(table, key, condition.as_ref())?),
            Self::Require(key, condition) => write.condition_check(require(table, key, condition)?),
        }
        .build())
    }
}

/// A key as the SDK takes it.
pub(crate) fn primary_key(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([(keys::PK.into(), text(&key.pk)), (keys::SK.into(), text(&key.sk))])
}

fn put(table: &str, item: &NewItem, condition: Option<&Expression>) -> Result<Put, BuildError> {
    let put = Put::builder().table_name(table).set_item(Some(item.attributes().clone()));
    let Some(condition) = condition else { return put.build() };
    put.set_expression_attribute_names(Some(names(&[&condition.text])))
        .set_expression_attribute_values(values(&[condition]))
        .condition_expression(condition.text.as_ref())
        .build()
}

fn update(table: &str, key: &Key, update: &Expression, condition: &Expression) -> Result<Update, BuildError> {
    Update::builder()
        .table_name(table)
        .set_key(Some(primary_key(key)))
        .set_expression_attribute_names(Some(names(&[&update.text, &condition.text])))
        .set_expression_attribute_values(values(&[update, condition]))
        .update_expression(update.text.as_ref())
        .condition_expression(condition.text.as_ref())
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
}

fn delete(table: &str, key: &Key, condition: Option<&Expression>) -> Result<Delete, BuildError> {
    let delete = Delete::builder().table_name(table).set_key(Some(primary_key(key)));
    let Some(condition) = condition else { return delete.build() };
    delete
        .set_expression_attribute_names(Some(names(&[&condition.text])))
        .set_expression_attribute_values(values(&[condition]))
        .condition_expression(condition.text.as_ref())
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
}

fn require(table: &str, key: &Key, condition: &Expression) -> Result<ConditionCheck, BuildError> {
    ConditionCheck::builder()
        .table_name(table)
        .set_key(Some(primary_key(key)))
        .set_expression_attribute_names(Some(names(&[&condition.text])))
        .set_expression_attribute_values(values(&[condition]))
        .condition_expression(condition.text.as_ref())
        .build()
}
