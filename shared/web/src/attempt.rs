//! The record of attempts that were not allowed.

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::gathered;
use model::principal::{Actor, Principal};
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::incoming::Incoming;

/// Longest path in the record, in characters. No path of the API is longer than its ids make it.
const PATH_MAX: usize = 512;

/// A caller as the audit log names them.
pub(crate) fn actor(principal: &Principal, ip_address: Option<String>) -> Actor {
    let Principal { org, user, is_org_admin: _, email, name, kind } = principal.clone();
    Actor { org, kind, id: user, email, name, ip_address, once: None }
}

/// Puts on record that a known caller tried to change something that they may not change. Attempts to read are in the log
/// alone: they leave nothing to find out later that the log does not say.
pub(crate) async fn record_denied(app: &App, request: &Incoming, deadline: Instant) {
    let is_change = !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let Some(principal) = request.principal.get().filter(|_| is_change) else {
        return;
    };
    let actor = actor(principal, request.source_ip().map(String::from));
    let entry = AuditEntry {
        event: AuditEvent::AccessDenied,
        subject: AuditSubject::Request,
        subject_id: request.own_path.chars().take(PATH_MAX).collect(),
        subject_name: None,
        result: AuditResult::Denied,
        details: gathered([(String::from("method"), request.method.as_str().into())]),
    };
    // The answer stays the refusal that it is: nothing happened that could be undone.
    let error = match timeout_at(deadline, app.store().record_attempt(&actor, &entry, app.now)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => format!("{error:?}"),
        Err(_) => "the deadline has passed".into(),
    };
    tracing::error!(request.id = %request.request_id, error, "a denied attempt was not put on record");
}
