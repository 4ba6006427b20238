//! `GET /credentials/`: the organization's credentials, page by page.

use futures_util::future::join_all;
use model::credential::{CredentialListing, CredentialPage};
use serde::Serialize;
use store::{Listed, UnreadableObject};
use web::access::OrgAdmin;
use web::input::Query;
use web::reply::WithUnreadable;
use web::{App, Failure};

use crate::views::CredentialView;

/// A page of the list.
#[derive(Debug, Serialize)]
pub struct PageView {
    count: usize,
    page_total: usize,
    page: usize,
    length: usize,
    results: Vec<CredentialView>,
}

/// Lists credentials. `search` and `is_sensitive` filter them, `ordering` sorts them, `page` and `length` choose the page.
///
/// # Errors
/// 400 for wrong parameters; 404 `Invalid page.` for a page past the end.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Query(listing): Query<CredentialListing>,
) -> Result<WithUnreadable<PageView>, Failure> {
    let Listed { items, mut unreadable, .. } =
        app.store().credentials_in_order_of_creation(caller.org()).await?;
    let page = listing.page(items, |record| (&record.credential, record.references.len()));
    let CredentialPage { count, page_total, page, length, results } = page.ok_or(Failure::NoPage)?;
    let views = results.into_iter().map(|record| async {
        let credential = &record.credential;
        let known = UnreadableObject { id: credential.id.base58(), created_at: Some(credential.created_at) };
        (known, CredentialView::of(&app, caller.org(), record).await)
    });
    let mut results = Vec::new();
    for (known, view) in join_all(views).await {
        match view {
            // A value that cannot be opened, or is too deep, must not hide other credentials.
            Ok(view) if view.is_too_deep() => unreadable.push(known),
            Ok(view) => results.push(view),
            Err(Failure::Internal(_)) => unreadable.push(known),
            Err(failure) => return Err(failure),
        }
    }
    let body = PageView { count, page_total, page, length, results };
    Ok(WithUnreadable { body, unreadable })
}
