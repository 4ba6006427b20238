//! The errors of store operations.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::request_id::RequestId as _;
use model::refusal::Refusal;
use std::fmt;

/// Why an operation failed.
///
/// There is no `Display`: the error format of the path words a [`Refusal`], and a cause is for the log only. `Debug` shows nothing that
/// the log must not have.
pub enum StoreError {
    /// The operation was understood and refused.
    Refused(Refusal),
    /// Another request with the same `Idempotency-Key` was carried out meanwhile.
    Repeated,
    /// DynamoDB or KMS was busy or out of reach until the last attempt. The caller can try again later.
    Busy(Cause),
    /// A defect: an item that cannot be read, a request that AWS does not understand, a missing permission.
    Defect(Cause),
}

/// Shows only the kind of a refusal, because its values may be e-mail addresses.
impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => {
                let shown = format!("{refusal:?}");
                let kind = shown.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
                write!(f, "Refused({kind})")
            }
            Self::Repeated => f.write_str("Repeated"),
            Self::Busy(cause) => write!(f, "Busy({cause:?})"),
            Self::Defect(cause) => write!(f, "Defect({cause:?})"),
        }
    }
}

/// An internal cause, for the log. It contains nothing of an item and nothing that a caller sent.
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

/// Codes whose messages name a key, a table or a role, and never a value of a request or of an item. `ValidationException` is missing
/// because its message may quote a value.
const TOLD: [&str; 7] = [
    "AccessDeniedException",
    "DisabledException",
    "ExpiredTokenException",
    "KMSInvalidStateException",
    "NotFoundException",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
];

/// Longest message of AWS in the log, in characters.
const TOLD_MAX: usize = 300;

/// A code, if it looks like one.
fn plain(code: &str) -> &str {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if (1..=64).contains(&code.len()) && code.bytes().all(is_plain) { code } else { "a code that is none" }
}

/// What the log says about a failure of AWS. It contains neither the answer nor the error's own text: the answer to a cancelled
/// transaction carries the items whose conditions were false.
fn shown<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    let id = error.request_id().map(|id| format!(", request {}", plain(id))).unwrap_or_default();
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or_default();
            let message = service.err().message().filter(|_| TOLD.contains(&code)).unwrap_or_default();
            let message: String = message.chars().take(TOLD_MAX).collect();
            let separator = if message.is_empty() { "" } else { ": " };
            format!("{}{separator}{message} (status {}{id})", plain(code), service.raw().status().as_u16())
        }
        SdkError::ResponseError(broken) => {
            format!("the answer cannot be read (status {}{id})", broken.raw().status().as_u16())
        }
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(connector) => format!("no answer: {}", https::kind(connector)),
            None => "no answer".into(),
        },
        SdkError::TimeoutError(_) => "no answer in time".into(),
        SdkError::ConstructionFailure(_) | _ => "the request cannot be made".into(),
    }
}

/// The error of a transaction that was cancelled for an unknown reason.
pub(crate) fn cancelled<E>(error: &SdkError<E, HttpResponse>, reason: &str) -> StoreError
where
    E: ProvideErrorMetadata,
{
    StoreError::Defect(Cause::new(format!("{}, cancelled for {}", shown(error), plain(reason))))
}

/// Sorts an SDK error into busy and defect.
pub(crate) fn from_sdk<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> StoreError {
    let cause = Cause::new(shown(error));
    let out_of_reach = matches!(
        error,
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_)
    );
    let busy =
        error.as_service_error().and_then(|service| service.code()).is_some_and(|code| BUSY.contains(&code));
    if out_of_reach || busy { StoreError::Busy(cause) } else { StoreError::Defect(cause) }
}

/// The error of an unreadable item. What serde quotes of the item is left out.
pub(crate) fn corrupt(what: impl fmt::Display) -> StoreError {
    let what = without_quotes(&what.to_string());
    StoreError::Defect(Cause::new(format!("an item of the table cannot be read: {what}")))
}

/// A text without anything between its first and its last quotation mark.
fn without_quotes(text: &str) -> String {
    let quotes = ['"', '`', '\''];
    // A member's name comes from this code and can be shown.
    let (known, rest) = match text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
        Some((name, rest)) => (format!("missing field {name}"), rest),
        None => (String::new(), text),
    };
    match rest.split_once(quotes).zip(rest.rsplit_once(quotes)) {
        Some(((before, _), (_, after))) => format!("{known}{before}…{after}"),
        None => format!("{known}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;
    use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use model::credential::CredentialType;
    use std::io;

    const EMAIL: &str = "ann@acme.example";
    const ADDRESS: &str = "203.0.113.7";

    /// An answer of AWS whose body contains everything that a log must not contain.
    fn answer(status: u16) -> HttpResponse {
        let body = format!(
            r#"{{"Item": {{"email": {{"S": "{EMAIL}"}}, "sk": {{"S": "RULE#{ADDRESS}|tcp|22-22"}}}}}}"#
        );
        let mut answer = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
        answer.headers_mut().insert("x-amzn-requestid", "R3QU3ST");
        answer
    }

    fn service(code: &str, message: &str) -> StoreError {
        let metadata = ErrorMetadata::builder().code(code).message(message).build();
        from_sdk(&SdkError::service_error(metadata, answer(400)))
    }

    fn log(error: &StoreError) -> String {
        let log = format!("{error:?}");
        assert!(!log.contains(EMAIL) && !log.contains(ADDRESS), "{log}");
        log
    }

    #[test]
    fn a_cancelled_transaction_shows_its_reason_and_no_item() {
        let item = [("email", EMAIL), ("sk", "RULE#203.0.113.7|tcp|22-22")];
        let item = item.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.into())));
        let reason = CancellationReason::builder().code("NewCode").message(EMAIL).set_item(Some(item.into()));
        let code = ErrorMetadata::builder().code("TransactionCanceledException").message(ADDRESS).build();
        let cancelled_for = TransactionCanceledException::builder().message(ADDRESS).meta(code);
        let error = TransactWriteItemsError::TransactionCanceledException(
            cancelled_for.cancellation_reasons(reason.build()).build(),
        );
        let error = SdkError::service_error(error, answer(400));
        let expected = "Defect(TransactionCanceledException (status 400, request R3QU3ST)";
        assert_eq!(log(&from_sdk(&error)), format!("{expected})"));
        assert_eq!(log(&cancelled(&error, "NewCode")), format!("{expected}, cancelled for NewCode)"));
        assert!(log(&cancelled(&error, EMAIL)).ends_with("cancelled for a code that is none)"));
    }

    #[test]
    fn messages_are_told_only_where_they_hold_no_value() {
        let quoting = format!("The parameter cannot be converted: {EMAIL} {ADDRESS}");
        let expected = "Defect(ValidationException (status 400, request R3QU3ST))";
        assert_eq!(log(&service("ValidationException", &quoting)), expected);
        assert!(log(&service("Bad code", &quoting)).contains("a code that is none (status 400"));
        let told = service("AccessDeniedException", &"role arn:… may not do dynamodb:PutItem ".repeat(20));
        assert!(log(&told).starts_with("Defect(AccessDeniedException: role arn:… may not"));
        assert!(log(&told).chars().count() < 400);
        assert!(
            log(&service("ThrottlingException", &quoting)).starts_with("Busy(ThrottlingException (status")
        );
    }

    #[test]
    fn what_is_no_answer_says_what_kind_of_failure_it_is() {
        type Failed = SdkError<ErrorMetadata, HttpResponse>;
        let broken: Failed = SdkError::response_error(EMAIL, answer(200));
        assert_eq!(log(&from_sdk(&broken)), "Busy(the answer cannot be read (status 200, request R3QU3ST))");
        let reset = io::Error::new(io::ErrorKind::ConnectionReset, EMAIL);
        let reset: Failed = SdkError::dispatch_failure(ConnectorError::io(reset.into()));
        assert_eq!(log(&from_sdk(&reset)), "Busy(no answer: io error, ConnectionReset)");
        let late: Failed = SdkError::timeout_error(EMAIL);
        assert_eq!(log(&from_sdk(&late)), "Busy(no answer in time)");
        let unmade: Failed = SdkError::construction_failure(EMAIL);
        assert_eq!(log(&from_sdk(&unmade)), "Defect(the request cannot be made)");
    }

    #[test]
    fn a_refusal_shows_its_kind() {
        assert_eq!(log(&Refusal::EmailTaken(EMAIL.into()).into()), "Refused(EmailTaken)");
        assert_eq!(log(&Refusal::UserInactive.into()), "Refused(UserInactive)");
    }

    #[test]
    fn what_cannot_be_read_is_not_quoted() {
        let of = |value: AttributeValue| {
            let read = serde_dynamo::from_attribute_value::<_, CredentialType>(value);
            log(&corrupt(read.unwrap_err()))
        };
        let unknown = of(AttributeValue::S(EMAIL.into()));
        assert_eq!(unknown, "Defect(an item of the table cannot be read: unknown variant …)");
        let expected = "Defect(an item of the table cannot be read: invalid type: string …, expected u32)";
        let text = AttributeValue::S(format!("{EMAIL} \" `{ADDRESS}"));
        let number = serde_dynamo::from_attribute_value::<_, u32>(text);
        let number = log(&corrupt(number.unwrap_err()));
        assert!(number == expected || number.ends_with("Expected num)"), "{number}");
        let quoted =
            log(&corrupt(format!("invalid type: string {:?}, expected u32", format!("{EMAIL}\"{ADDRESS}"))));
        assert_eq!(quoted, expected);
        let missing = log(&corrupt("missing field `name`"));
        assert_eq!(missing, "Defect(an item of the table cannot be read: missing field name)");
        assert_eq!(log(&corrupt("no name")), "Defect(an item of the table cannot be read: no name)");
    }
}
