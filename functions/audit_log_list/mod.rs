//! `GET /audit-logs`: the organization's audit log, newest first.

use model::audit::AuditFilter;
use serde::Serialize;
use store::UnreadableObject;
use web::access::AdminOrKey;
use web::access::scope::AuditRead;
use web::input::Query;
use web::reply::WithUnreadable;
use web::{App, Failure};

use crate::views::AuditLogEntry;

/// A page of the log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    content: Vec<AuditLogEntry>,
    /// The entries of this page that cannot be read, newest first. Absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<UnreadableObject>,
    /// `null` on the last page. With a filter, a short page may still have a next one.
    next_cursor: Option<String>,
}

/// Shows a page. A cursor names a position in the log and stays valid while entries are added.
///
/// # Errors
/// 400 for a wrong parameter and for a cursor of another list.
pub async fn handler(
    app: App,
    caller: AdminOrKey<AuditRead>,
    Query(filter): Query<AuditFilter>,
) -> Result<WithUnreadable<AuditPage>, Failure> {
    let cursor = filter.cursor.as_deref();
    let page = app.store().audit_rows_newest_first(caller.org(), &filter, cursor).await?;
    let (mut content, mut unreadable) = (Vec::new(), page.unreadable);
    for row in page.rows {
        let known = UnreadableObject { id: row.id.to_string(), created_at: Some(row.created_at) };
        match AuditLogEntry::of(row) {
            Ok(entry) => content.push(entry),
            Err(_) => unreadable.push(known),
        }
    }
    unreadable.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    let body = AuditPage { content, unreadable: unreadable.clone(), next_cursor: page.next };
    Ok(WithUnreadable { body, unreadable })
}
