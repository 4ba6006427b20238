//! The API's `$default` route: answers what no route matches, in the face of the path.
//!
//! The gateway itself would answer with a body of its own.

mod routes;

use std::sync::Arc;
use web::access::Visitor;
use web::reply::NoContent;
use web::{App, Failure, Incoming};

/// Answers 404, or 405 where the path has other methods. That a path exists is told to callers with a token only:
/// an unknown path protects nothing, a known one asks who calls before it says anything.
///
/// # Errors
/// Always: 404, 401 or 405.
pub async fn handler(_: App, caller: Visitor, request: Arc<Incoming>) -> Result<NoContent, Failure> {
    let allowed = routes::methods(&request.path);
    if allowed.is_empty() || allowed.contains(&request.method) {
        return Err(Failure::NoRoute);
    }
    caller.identified()?;
    Err(Failure::MethodNotAllowed { method: request.method.clone(), allowed })
}
