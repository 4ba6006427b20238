//! `GET /docs`: the API's description as a page that can call the API. The page belongs to no version, so its path is not below the base path.

use web::Failure;
use web::access::Anyone;
use web::reply::HtmlPage;

/// Anybody may read it: the description stands in the public repository.
pub async fn handler(_: Anyone) -> Result<HtmlPage, Failure> {
    Ok(HtmlPage { packed: description::PAGE, policy: description::PAGE_POLICY })
}
