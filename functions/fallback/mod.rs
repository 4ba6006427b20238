//! The API's `$default` route: answers requests without a route in the error format of the path. The gateway itself would answer in a body of
//! its own.

use std::sync::Arc;
use web::access::Visitor;
use web::reply::Moved;
use web::{App, Failure, Incoming};

/// Redirects a known path with a slash at its end to the path without it. Answers 405 where the path has other methods, and 404 otherwise.
///
/// # Errors
/// 404, 401, 405, 414.
pub async fn handler(app: App, caller: Visitor, request: Arc<Incoming>) -> Result<Moved, Failure> {
    web::unrouted(app, caller, request).await
}
