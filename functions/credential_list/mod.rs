//! `GET /credentials/`: the organization's credentials, page by page.

use futures_util::future::try_join_all;
use serde::Serialize;
use web::access::OrgAdmin;
use web::input::Query;
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::CredentialView;

/// Credentials on a page, where the query does not say.
const DEFAULT_LENGTH: usize = 10;

/// Most credentials on a page; a greater `length` is clamped.
const LENGTH_MAX: usize = 100;

/// A page. Pages count from 1.
#[derive(Debug, Serialize)]
pub struct Page {
    count: usize,
    page_total: usize,
    page: usize,
    length: usize,
    results: Vec<CredentialView>,
}

/// Lists the credentials by name, then by id.
///
/// # Errors
/// 404 `Invalid page.` for a page that is none or lies past the end.
pub async fn handler(app: App, caller: OrgAdmin, query: Query) -> Result<Ok200<Page>, Failure> {
    let mut records = app.store().credentials_in_order_of_creation(caller.org()).await?;
    records.sort_by(|a, b| (&a.credential.name, a.credential.id).cmp(&(&b.credential.name, b.credential.id)));
    let length = query.get("length").and_then(|text| text.parse().ok()).filter(|length| *length > 0);
    let length = length.unwrap_or(DEFAULT_LENGTH).min(LENGTH_MAX);
    let count = records.len();
    let page_total = count.div_ceil(length).max(1);
    let page = query.get("page").map_or(Ok(1), str::parse).map_err(|_| Failure::NoPage)?;
    if !(1..=page_total).contains(&page) {
        return Err(Failure::NoPage);
    }
    let on_page = records.into_iter().skip((page - 1) * length).take(length);
    let views = on_page.map(|record| CredentialView::of(&app, caller.org(), record));
    let results = try_join_all(views).await?;
    Ok(Ok200(Page { count, page_total, page, length, results }))
}
