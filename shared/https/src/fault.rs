//! What a failed call means to the SDK: whether to try again.

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;
use hyper_util::client::legacy;
use std::error::Error;
use std::io;

/// The SDK's error for one of the pool. What broke off on its way is input or output, and is tried again; a request that cannot be sent
/// is not.
pub(crate) fn of_call(error: legacy::Error) -> ConnectorError {
    let wire = source::<hyper::Error>(&error);
    let is = |what: fn(&hyper::Error) -> bool| wire.is_some_and(what);
    let is_late = is(hyper::Error::is_timeout)
        || source::<io::Error>(&error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
    if is_late {
        return ConnectorError::timeout(error.into());
    }
    if is(hyper::Error::is_user) {
        return ConnectorError::user(error.into());
    }
    let is_broken = is(hyper::Error::is_closed) || is(hyper::Error::is_canceled);
    if error.is_connect() || is_broken || source::<io::Error>(&error).is_some() {
        return ConnectorError::io(error.into());
    }
    let kind = is(hyper::Error::is_incomplete_message).then_some(ErrorKind::TransientError);
    ConnectorError::other(error.into(), kind)
}

/// Whether the connection broke, or there was none: not that an answer is late, and not that the request cannot be sent. A request
/// without an effect can be sent once more.
#[must_use]
pub fn is_broken(error: &ConnectorError) -> bool {
    error.is_io() || matches!(error.as_other(), Some(ErrorKind::TransientError))
}

/// What kind of failure it is, for the log: no text of a request or of an answer, which the errors that caused it may quote.
#[must_use]
pub fn kind(error: &ConnectorError) -> String {
    match source::<io::Error>(error) {
        Some(cause) => format!("{error}, {:?}", cause.kind()),
        None => error.to_string(),
    }
}

/// The first error of a kind among an error and what caused it.
fn source<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}
