//! `POST /sessions`: lets the caller's address in to the resources that their roles reach, for a limited time.

use model::session::SessionDraft;
use store::{StartRequest, StoreError};
use web::access::MemberOrKey;
use web::access::scope::SessionsWrite;
use web::input::OptionalJson;
use web::reply::Created;
use web::{App, Failure};

use crate::views::SessionView;

/// Starts a session. It is `PENDING` until its rules are applied. A caller without an entry in the directory gets one.
///
/// The address is the one that the gateway saw, or a declared one. The record has both.
///
/// # Errors
/// 400 for wrong or unknown members, a length or size above the limit, a session without resources, an unknown address, a full rule, and
/// too many running sessions of the caller; 404 for a resource that the caller may not open.
pub async fn handler(
    app: App,
    caller: MemberOrKey<SessionsWrite>,
    OptionalJson(draft): OptionalJson<SessionDraft>,
) -> Result<Created<SessionView>, Failure> {
    let (user, source_ip) = (caller.user(&app).await?, caller.source_ip());
    let request = StartRequest {
        user: &user,
        is_org_admin: caller.principal().is_org_admin,
        draft: &draft,
        addresses: draft.addresses(source_ip),
        source_ip,
        limits: app.session_limits(),
    };
    let actor = caller.actor();
    let started = app.store().start_session(&actor, &request, app.now).await;
    if let Err(StoreError::Refused(refusal)) = &started {
        web::record_refused_start(&app, &actor, &draft, refusal).await;
    }
    Ok(Created(SessionView::shown(started?, app.now)))
}
