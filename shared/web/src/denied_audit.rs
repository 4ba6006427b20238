//! The record of attempts that were not allowed.

use http::StatusCode;
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::principal::{Actor, Principal};
use model::refusal::Refusal;
use model::session::SessionDraft;
use model::snapshot::REMOVED_NAMED_MAX;
use serde_json::Value;
use std::time::Duration;
use store::{FailedSignIn, Payer};
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::failure::{Failure, Unauthenticated};
use crate::incoming::Incoming;
use crate::rate;
use crate::refusals;

/// Longest path in the record, in characters. No path of the API is longer than its ids make it.
const PATH_MAX: usize = 512;

/// Most of a refusal's sentence in the record, in characters.
const MESSAGE_MAX: usize = 512;

/// How long an answer waits for the count of failed sign-ins. It must not depend on it.
const COUNTED_WITHIN: Duration = Duration::from_secs(1);

/// A caller as the audit log names them.
pub(crate) fn actor(principal: &Principal, request: &Incoming) -> Actor {
    let Principal { org, user, is_org_admin: _, email, email_is_verified: _, name, kind } = principal.clone();
    let api_key = match request.payer.get() {
        Some(Payer::Key(_, id)) => Some(*id),
        Some(Payer::User(..) | Payer::Address(_)) | None => None,
    };
    let (ip_address, request_id) = (request.source_ip().map(String::from), Some(request.request_id.clone()));
    Actor { org, kind, id: user, email, name, api_key, ip_address, request_id, idempotency: None }
}

/// Counts a sign-in that failed, by address and minute. A request without a token or key is no attempt.
pub(crate) async fn count_failed_sign_in(
    app: &App,
    request: &Incoming,
    failure: &Failure,
    deadline: Instant,
) {
    let Failure::Unauthenticated(why) = failure else { return };
    if matches!(why, Unauthenticated::Missing) {
        return;
    }
    let (address, reason) = (rate::line(request), format!("{why:?}"));
    let failed = FailedSignIn { address: &address, reason: &reason, request_id: &request.request_id };
    let counted = app.store().count_failed_sign_in(&failed, app.now);
    let error = match timeout_at(deadline.min(Instant::now() + COUNTED_WITHIN), counted).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => format!("{error:?}"),
        Err(_) => "it took too long".into(),
    };
    tracing::warn!(request.id = %request.request_id, error, "a failed sign-in was not counted");
}

/// Puts on record that the start of a session was refused: who asked, from where, and why not. A caller over the rate limit
/// gets 429 before this, and a 403 is on record as denied.
pub async fn record_refused_start(app: &App, actor: &Actor, draft: &SessionDraft, refusal: &Refusal) {
    let answer = refusals::of_refusal(refusal);
    if answer.status == StatusCode::FORBIDDEN {
        return;
    }
    let message: String = answer.sentence().chars().take(MESSAGE_MAX).collect();
    let wished = draft.resource_ids.iter().flatten().take(REMOVED_NAMED_MAX);
    let details = [
        ("reason", answer.code.into()),
        ("message", message.into()),
        ("resourceIds", wished.map(|id| Value::from(id.to_string())).collect()),
    ];
    let entry = AuditEntry {
        event: AuditEvent::SessionStart,
        subject: AuditSubject::User,
        subject_id: actor.id.to_string(),
        subject_name: actor.email.clone().or_else(|| actor.name.clone()),
        result: AuditResult::Refused,
        details: details
            .into_iter()
            .map(|(name, value): (&str, Value)| (String::from(name), value))
            .collect(),
    };
    // The answer stays the refusal that it is.
    if let Err(error) = app.store().record_denial(actor, &entry, app.now).await {
        tracing::error!(?error, "a refused start was not put on record");
    }
}

/// Puts on record that a known caller tried to change something that they may not change. Attempts to read are in the log
/// alone: they leave nothing to find out later that the log does not say.
pub(crate) async fn record_denied(app: &App, request: &Incoming, deadline: Instant) {
    let is_change = !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let Some(principal) = request.principal.get().filter(|_| is_change) else {
        return;
    };
    let actor = actor(principal, request);
    let entry = AuditEntry {
        event: AuditEvent::AccessDenied,
        subject: AuditSubject::Request,
        subject_id: request.own_path.chars().take(PATH_MAX).collect(),
        subject_name: None,
        result: AuditResult::Denied,
        details: [(String::from("method"), request.method.as_str().into())].into_iter().collect(),
    };
    // The answer stays the refusal that it is: nothing happened that could be undone.
    let error = match timeout_at(deadline, app.store().record_denial(&actor, &entry, app.now)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => format!("{error:?}"),
        Err(_) => "the deadline has passed".into(),
    };
    tracing::error!(request.id = %request.request_id, error, "a denied attempt was not put on record");
}
