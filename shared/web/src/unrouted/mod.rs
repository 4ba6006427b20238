//! What a request is answered that no route takes: the API's `$default` route, and what a greedy variable catches beside the slash that it is
//! there for.

mod table;

use std::sync::Arc;

use crate::access::Visitor;
use crate::app::App;
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::reference;
use crate::reply::Moved;
pub use table::ROUTES;

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
    // The gateway has a route for a path without a slash: to name it again would go on for ever.
    if whole == request.path || reference::leads_elsewhere(&whole) {
        return Err(Failure::NoRoute);
    }
    reference::of(&whole, &request.raw_query).map(Moved)
}

/// Whether anybody may read a path with these methods. Only such paths have a route for `HEAD`, which `tests/contract/routes.rs` holds.
fn is_public(methods: &[String]) -> bool {
    methods.iter().any(|method| method == "HEAD")
}
