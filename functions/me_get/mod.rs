//! `GET /me`: the caller, and what a session of theirs would open.

use web::access::Member;
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::MeView;

/// Shows the caller. Somebody whom the directory does not know yet is entered in it.
///
/// # Errors
/// Busy.
pub async fn handler(app: App, caller: Member) -> Result<Ok200<MeView>, Failure> {
    let principal = caller.principal();
    let user = caller.user(&app).await?;
    let accessible = app.store().accessible(&principal.org, &user, principal.is_org_admin).await?;
    Ok(Ok200(MeView::of(principal, user, accessible)))
}
