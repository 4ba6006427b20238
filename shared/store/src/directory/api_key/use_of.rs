//! The last use of an API key. Bookkeeping, not a change of the organization: it has no audit row.

use model::api_key::USE_RECORDED_EVERY_SECONDS;
use model::id::{ApiKeyId, OrgId};
use model::time::Timestamp;

use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{number, text};
use crate::table::{Store, keys};

impl Store {
    /// Records that a key was used, unless that was recorded within the last minute.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn record_use_of_api_key(
        &self,
        org: &OrgId,
        id: ApiKeyId,
        source_ip: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let before = now.plus_seconds(-USE_RECORDED_EVERY_SECONDS);
        let ip = source_ip.map_or(aws_sdk_dynamodb::types::AttributeValue::Null(true), text);
        let update = Expression::new(
            "SET #data.#lastUsedAt = :now, #data.#lastUsedIp = :ip",
            [(":now", number(now.unix_millis())), (":ip", ip)],
        );
        // A null is no number, so that the comparison is false for a key that was never used; both are for one that is not there.
        let due = Expression::new(
            "attribute_type(#data.#lastUsedAt, :null) OR #data.#lastUsedAt <= :before",
            [(":null", text("NULL")), (":before", number(before.unix_millis()))],
        );
        self.update_if(&keys::api_key(org, id), &update, &due).await.map(drop)
    }
}
