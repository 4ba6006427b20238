//! The record of requests that were refused.

use http::StatusCode;
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::principal::Actor;
use model::refusal::Refusal;
use model::session::SessionDraft;
use model::snapshot::REMOVED_NAMED_MAX;
use serde_json::Value;
use std::time::Duration;
use store::FailedSignIn;
use tokio::time::{Instant, timeout_at};

use crate::access::actor;
use crate::app::App;
use crate::failure::{Failure, Unauthenticated};
use crate::incoming::Incoming;
use crate::refusals;

/// Longest path in the record, in characters. Every path of the API is shorter.
const PATH_MAX: usize = 512;

/// Longest sentence in the record, in characters.
const MESSAGE_MAX: usize = 512;

/// How long an answer waits for the count of failed sign-ins.
const COUNTED_WITHIN: Duration = Duration::from_secs(1);

/// Counts a failed sign-in, by address and minute. A request without a token or key is not counted.
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
    let (address, reason) = (request.network(), format!("{why:?}"));
    let failed = FailedSignIn { address: &address, reason: &reason, request_id: &request.request_id };
    let counted = app.store().count_failed_sign_in(&failed, app.now);
    let error = match timeout_at(deadline.min(Instant::now() + COUNTED_WITHIN), counted).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => format!("{error:?}"),
        Err(_) => "the count took too long".into(),
    };
    tracing::warn!(request.id = %request.request_id, error, "a failed sign-in was not counted");
}

/// Puts a refused start of a session on record: who asked, from where, and why it was refused. A 403 is left out, because
/// `record_denied` records it.
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
    // The caller gets the refusal, even if the record failed.
    if let Err(error) = app.store().record_denial(actor, &entry, app.now).await {
        tracing::error!(?error, "a refused start was not put on record");
    }
}

/// Puts on record that an identified caller tried a change that they may not make. Refused reads are only in the log.
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
    // The caller gets the refusal, even if the record failed.
    let error = match timeout_at(deadline, app.store().record_denial(&actor, &entry, app.now)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => format!("{error:?}"),
        Err(_) => "the deadline has passed".into(),
    };
    tracing::error!(request.id = %request.request_id, error, "a denied attempt was not put on record");
}
