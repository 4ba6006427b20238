//! `GET /credentials/`: the organization's credentials, page by page.

use futures_util::future::try_join_all;
use model::credential::{CredentialListing, CredentialPage};
use serde::Serialize;
use web::access::OrgAdmin;
use web::input::Query;
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::CredentialView;

/// A page.
#[derive(Debug, Serialize)]
pub struct Page {
    count: usize,
    page_total: usize,
    page: usize,
    length: usize,
    results: Vec<CredentialView>,
}

/// Lists credentials: `search` and `is_sensitive` choose them, `ordering` sorts them, `page` and `length` cut them.
///
/// # Errors
/// 400 for an `is_sensitive` that is no boolean; 404 `Invalid page.` for a page that is none or lies past the end.
pub async fn handler(app: App, caller: OrgAdmin, query: Query) -> Result<Ok200<Page>, Failure> {
    let listing = CredentialListing::read(|name| query.get(name))?;
    let records = app.store().credentials_in_order_of_creation(caller.org()).await?;
    let page = listing.page(records, |record| (&record.credential, record.references.len()));
    let CredentialPage { count, page_total, page, length, results } = page.ok_or(Failure::NoPage)?;
    let views = results.into_iter().map(|record| CredentialView::of(&app, caller.org(), record));
    Ok(Ok200(Page { count, page_total, page, length, results: try_join_all(views).await? }))
}
