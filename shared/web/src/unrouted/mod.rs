//! What a request is answered that no route takes: the API's `$default` route, and what a greedy variable catches beside the slash that it is
//! there for.

mod location;
mod table;

use std::sync::Arc;

use crate::access::Visitor;
use crate::app::App;
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::reply::Moved;

/// The name of the greedy variable in the routes of paths that may end in `/`. API Gateway takes no route that ends in one.
pub const REST: &str = "rest";

/// Answers 308 to the path without the slash at its end, where the path has the method and a client would find it there; 405 where it has
/// others; and 404. That a path exists
/// is no secret, because the API's description is everybody's; which methods it has besides is told to callers with a token, and to anybody
/// where the path is public.
///
/// # Errors
/// 404; 401 or 405; 414 where the path has more bytes with its escapes than without.
pub async fn unrouted(_: App, caller: Visitor, request: Arc<Incoming>) -> Result<Moved, Failure> {
    let path = request.path.as_str();
    let bare = path.strip_suffix('/').unwrap_or(path);
    let allowed = table::methods(bare);
    if allowed.is_empty() {
        return Err(Failure::NoRoute);
    }
    if !allowed.contains(&request.method) {
        if !is_public(&allowed) {
            caller.identified()?;
        }
        return Err(Failure::MethodNotAllowed { method: request.method.clone(), allowed });
    }
    // The gateway has a route for a path without a slash: to name it again would go on for ever.
    if bare == path || location::leads_elsewhere(bare) {
        return Err(Failure::NoRoute);
    }
    location::of(bare, &request.raw_query).map(Moved)
}

/// Whether anybody may read a path with these methods. Only such paths have a route for `HEAD`, which `tests/contract/routes.rs` holds.
fn is_public(methods: &[String]) -> bool {
    methods.iter().any(|method| method == "HEAD")
}
