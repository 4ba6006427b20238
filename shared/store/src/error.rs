//! How store operations end badly.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use model::refusal::Refusal;
use std::fmt;

/// Why an operation did not happen.
///
/// There is no `Display`: a [`Refusal`] is worded by the face of the path, and a cause is for the log only.
#[derive(Debug)]
pub enum StoreError {
    /// The operation was understood and refused.
    Refused(Refusal),
    /// Another request with the same `Idempotency-Key` was carried out meanwhile.
    Repeated,
    /// DynamoDB or KMS was busy or out of reach for longer than we retry. Trying again later is right.
    Busy(Cause),
    /// A defect: an item that cannot be read, a request that AWS does not understand, a missing permission.
    Defect(Cause),
}

/// What went wrong inside, for the log.
pub struct Cause(String);

impl Cause {
    /// A cause in words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the log.
    #[must_use]
    pub fn for_log(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Error codes with which AWS says "not now". The SDK has retried them before we see one.
const BUSY: [&str; 9] = [
    "InternalServerError",
    "InternalServerErrorException",
    "KMSInternalException",
    "DependencyTimeoutException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
];

/// Sorts an SDK error into busy and defect.
pub(crate) fn from_sdk<E, R>(error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    let cause = Cause::new(DisplayErrorContext(error).to_string());
    let out_of_reach = matches!(
        error,
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_)
    );
    let busy =
        error.as_service_error().and_then(|service| service.code()).is_some_and(|code| BUSY.contains(&code));
    if out_of_reach || busy { StoreError::Busy(cause) } else { StoreError::Defect(cause) }
}

/// An item whose shape is not what this version writes.
pub(crate) fn corrupt(what: impl fmt::Display) -> StoreError {
    StoreError::Defect(Cause::new(format!("an item of the table cannot be read: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_for_the_log_as_it_is() {
        let StoreError::Defect(cause) = corrupt("no name") else { panic!("no defect") };
        assert_eq!(cause.for_log(), "an item of the table cannot be read: no name");
        assert_eq!(format!("{cause:?}"), cause.for_log());
    }
}
