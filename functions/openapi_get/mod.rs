//! `GET /openapi.json`: the API's description for programs.

use web::Failure;
use web::access::Anyone;
use web::reply::JsonText;

/// Anybody may read it: the description stands in the public repository.
pub async fn handler(_: Anyone) -> Result<JsonText, Failure> {
    Ok(JsonText(description::OPENAPI_JSON))
}
