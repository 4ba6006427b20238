//! The count of failed sign-ins. They belong to no organization, because an unauthenticated caller has none. Only an operator reads them
//! (docs/operations.md).

use model::time::Timestamp;

use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, SHAPE, data, number, text};
use crate::table::{Store, keys};

/// Seconds for which a count is kept: addresses are personal data.
const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// A token or an API key that was not accepted.
#[derive(Debug, Clone, Copy)]
pub struct FailedSignIn<'a> {
    /// The address, or the IPv6 network of one line.
    pub address: &'a str,
    /// The reason in one word. It contains nothing of the token or key.
    pub reason: &'a str,
    /// The gateway's id of the request.
    pub request_id: &'a str,
}

impl Store {
    /// Counts a failed sign-in in the row of its address and minute.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn count_failed_sign_in(
        &self,
        failed: &FailedSignIn<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = Expression::new(
            "SET #entity = :entity, #shape = :shape, #expiresAt = :expiresAt, #lastReason = :reason, \
             #lastRequest = :request ADD #signIns :one",
            [
                (":entity", data(&Entity::SignIns)?),
                (":shape", number(SHAPE)),
                (":expiresAt", number(now.unix_seconds() + KEPT_SECONDS)),
                (":reason", text(failed.reason)),
                (":request", text(failed.request_id)),
                (":one", number(1)),
            ],
        );
        let ours = Expression::new("attribute_not_exists(#pk) OR #shape = :shape", []);
        self.update_if(&keys::sign_ins(failed.address, now), &update, &ours).await.map(drop)
    }
}
