//! `GET /docs`: the API's description as a page, from which it can be called. Beside the API and not below its base path: it is not of a version.

use web::Failure;
use web::access::Anyone;
use web::reply::HtmlPage;

/// Answers anybody: what it says stands in the repository.
///
/// # Errors
/// None.
pub async fn handler(_: Anyone) -> Result<HtmlPage, Failure> {
    Ok(HtmlPage { packed: description::PAGE, policy: description::PAGE_POLICY })
}
