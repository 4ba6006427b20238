//! Reads: the only loops over pages.

use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures_util::future::try_join_all;
use std::collections::HashMap;

use crate::table::Store;
use crate::table::error::{StoreError, corrupt, from_sdk};
use crate::table::expression::{Expression, names, values};
use crate::table::item::{Attributes, Each, Item, all_readable, text};
use crate::table::keys::{self, Key};
use crate::table::retry::{Attempt, retry_stale_from};
use crate::table::write::primary_key;

/// DynamoDB's limit of items in one `BatchGetItem`.
const BATCH_MAX: usize = 100;

/// A call that did not find enough is followed by one that reads this many times as much. Roles with many links then need few calls.
const MORE_A_CALL: i32 = 8;

impl Store {
    /// One item, as it is now.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.attributes_at(key).await?.map(Item::read).transpose()
    }

    /// One item, readable or not, as it is now.
    pub(crate) async fn get_readable_or_not(&self, key: &Key) -> Result<Option<Each>, StoreError> {
        Ok(self.attributes_at(key).await?.map(Item::read_each))
    }

    async fn attributes_at(&self, key: &Key) -> Result<Option<Attributes>, StoreError> {
        let call = GetItemInput::builder().table_name(&self.table).consistent_read(true);
        let call = call.set_key(Some(primary_key(key))).send_with(&self.client);
        Ok(call.await.map_err(|error| from_sdk(&error))?.item)
    }

    /// Two items in one call, each as it is now.
    pub(crate) async fn get_both(
        &self,
        a: &Key,
        b: &Key,
    ) -> Result<(Option<Item>, Option<Item>), StoreError> {
        let mut found = self.get_batch(&[a.clone(), b.clone()]).await?;
        let mut take = |key: &Key| {
            let place = found.iter().position(|attributes| has_key(attributes, key));
            place.map(|place| Item::read(found.swap_remove(place))).transpose()
        };
        Ok((take(a)?, take(b)?))
    }

    /// The existing ones of some items, as they are now, in no order. There is one call for each 100, all at once. An unreadable item is
    /// an error.
    pub(crate) async fn get_all(&self, keys: &[Key]) -> Result<Vec<Item>, StoreError> {
        all_readable(self.get_each(keys).await?)
    }

    /// The same with unreadable items.
    pub(crate) async fn get_each(&self, keys: &[Key]) -> Result<Vec<Each>, StoreError> {
        let batches = try_join_all(keys.chunks(BATCH_MAX).map(|some| self.get_batch(some))).await?;
        Ok(batches.into_iter().flatten().map(Item::read_each).collect())
    }

    async fn get_batch(&self, keys: &[Key]) -> Result<Vec<Attributes>, StoreError> {
        let first = (keys_and_attributes(keys)?, Vec::new());
        retry_stale_from("a read was throttled", first, |(wanted, mut found)| async move {
            let call = self.client.batch_get_item().request_items(&self.table, wanted);
            let output = call.send().await.map_err(|error| from_sdk(&error))?;
            found.extend(output.responses.into_iter().flatten().flat_map(|(_, items)| items));
            Ok(match output.unprocessed_keys.unwrap_or_default().remove(&self.table) {
                None => Attempt::Done(found),
                Some(rest) => Attempt::Stale((rest, found)),
            })
        })
        .await
    }

    /// All items of a partition, as they are now, in the order of the sort keys. An unreadable item is an error.
    pub(crate) async fn query_partition(&self, pk: &str) -> Result<Vec<Item>, StoreError> {
        all_readable(self.query_partition_each(pk).await?)
    }

    /// The same with unreadable items.
    pub(crate) async fn query_partition_each(&self, pk: &str) -> Result<Vec<Each>, StoreError> {
        self.query(None, &Expression::new("#pk = :pk", [(":pk", text(pk))]), None, |_| false).await
    }

    /// What a condition finds in the listing index, in the order of its sort keys, until `enough` is true. The first call reads as many
    /// items as are `expected`. The index is eventually consistent: items of the last second may be missing.
    pub(crate) async fn query_listing(
        &self,
        condition: &Expression,
        expected: Option<usize>,
        enough: impl Fn(&[Each]) -> bool,
    ) -> Result<Vec<Each>, StoreError> {
        self.query(Some(keys::LISTING), condition, expected, enough).await
    }

    /// At most `count` items of a partition, newest first, and the sort key of the last one if more may follow. Items that the filter
    /// removes count too, so that one call has a bound.
    pub(crate) async fn query_newest_first(
        &self,
        condition: &Expression,
        filter: Option<&Expression>,
        count: i32,
    ) -> Result<(Vec<Each>, Option<String>), StoreError> {
        let texts: Vec<&str> = [Some(condition), filter]
            .into_iter()
            .flatten()
            .map(|expression| expression.text.as_ref())
            .collect();
        let used: Vec<&Expression> = [Some(condition), filter].into_iter().flatten().collect();
        let output = QueryInput::builder()
            .table_name(&self.table)
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(count)
            .key_condition_expression(condition.text.as_ref())
            .set_filter_expression(filter.map(|filter| filter.text.to_string()))
            .set_expression_attribute_names(Some(names(&texts)))
            .set_expression_attribute_values(values(&used))
            .send_with(&self.client)
            .await
            .map_err(|error| from_sdk(&error))?;
        let next = output.last_evaluated_key.and_then(|key| key.get(keys::SK)?.as_s().ok().cloned());
        Ok((output.items.unwrap_or_default().into_iter().map(Item::read_each).collect(), next))
    }

    /// At most `count` items of the listing index, newest first.
    pub(crate) async fn query_listing_newest_first(
        &self,
        condition: &Expression,
        count: i32,
    ) -> Result<Vec<Each>, StoreError> {
        let call = QueryInput::builder()
            .table_name(&self.table)
            .index_name(keys::LISTING)
            .scan_index_forward(false)
            .limit(count)
            .key_condition_expression(condition.text.as_ref())
            .set_expression_attribute_names(Some(names(&[&condition.text])))
            .set_expression_attribute_values(values(&[condition]));
        let output = call.send_with(&self.client).await.map_err(|error| from_sdk(&error))?;
        Ok(output.items.unwrap_or_default().into_iter().map(Item::read_each).collect())
    }

    async fn query(
        &self,
        index: Option<&str>,
        condition: &Expression,
        expected: Option<usize>,
        enough: impl Fn(&[Each]) -> bool,
    ) -> Result<Vec<Each>, StoreError> {
        let mut items = Vec::new();
        let mut from: Option<HashMap<String, AttributeValue>> = None;
        // Without a limit a call reads a megabyte, and all of it is billed.
        let mut limit = expected.and_then(|count| i32::try_from(count).ok());
        loop {
            let call = QueryInput::builder()
                .table_name(&self.table)
                .set_index_name(index.map(Into::into))
                .consistent_read(index.is_none())
                .key_condition_expression(condition.text.as_ref())
                .set_expression_attribute_names(Some(names(&[&condition.text])))
                .set_expression_attribute_values(values(&[condition]))
                .set_limit(limit)
                .set_exclusive_start_key(from);
            let output = call.send_with(&self.client).await.map_err(|error| from_sdk(&error))?;
            items.extend(output.items.unwrap_or_default().into_iter().map(Item::read_each));
            from = output.last_evaluated_key;
            if from.is_none() || enough(&items) {
                return Ok(items);
            }
            limit = limit.map(|limit| limit.saturating_mul(MORE_A_CALL));
        }
    }
}

fn keys_and_attributes(wanted: &[Key]) -> Result<KeysAndAttributes, StoreError> {
    let mut builder = KeysAndAttributes::builder().consistent_read(true);
    for key in wanted {
        builder = builder.keys(primary_key(key));
    }
    builder.build().map_err(corrupt)
}

fn has_key(attributes: &Attributes, key: &Key) -> bool {
    let is = |name: &str, wanted: &str| {
        attributes.get(name).and_then(|value| value.as_s().ok()).is_some_and(|value| value == wanted)
    };
    is(keys::PK, &key.pk) && is(keys::SK, &key.sk)
}
