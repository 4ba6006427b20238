//! `GET /me`: the caller, and the resources that a session of theirs would open.

use web::access::Member;
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::MeView;

/// Shows the caller. A caller without an entry in the directory gets one.
///
/// # Errors
/// 503.
pub async fn handler(app: App, caller: Member) -> Result<Ok200<MeView>, Failure> {
    let principal = caller.principal();
    let user = caller.user(&app).await?;
    let accessible = app.store().accessible(&principal.org, &user, principal.is_org_admin).await?;
    Ok(Ok200(MeView::of(principal, user, accessible)))
}
