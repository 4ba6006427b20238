//! Requests without a route: those of the API's `$default` route, and those that a greedy variable caught by mistake.

mod table;

use std::sync::Arc;

use crate::access::Visitor;
use crate::app::App;
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::reference;
use crate::reply::Moved;
pub use table::ROUTES;

/// Answers 308 to the path without a slash at its end where that path has the method, 405 where it has other methods, and 404 otherwise.
///
/// The API's description is public, so a path's existence is not secret. The methods of a path are shown to identified callers, and to
/// everybody where the path is public.
///
/// # Errors
/// 404; 401 or 405; 414 where the escaped path is too long.
pub async fn unrouted(_: App, caller: Visitor, request: Arc<Incoming>) -> Result<Moved, Failure> {
    let bare = |path: &str| path.strip_suffix('/').unwrap_or(path).to_owned();
    let (whole, own) = (bare(&request.path), bare(&request.own_path));
    let allowed = table::methods(&own);
    if allowed.is_empty() {
        return Err(Failure::NoRoute);
    }
    if !allowed.contains(&request.method) {
        if !is_public(&allowed) {
            caller.identified()?;
        }
        return Err(Failure::MethodNotAllowed { method: request.method.clone(), allowed });
    }
    // The gateway routes paths without a slash, so a redirect to the same path would loop.
    if whole == request.path || reference::leads_elsewhere(&whole) {
        return Err(Failure::NoRoute);
    }
    reference::of(&whole, &request.raw_query).map(Moved)
}

/// Whether anybody may read a path with these methods. Only public paths have a route for `HEAD` (`tests/contract/routes.rs`).
fn is_public(methods: &[String]) -> bool {
    methods.iter().any(|method| method == "HEAD")
}
