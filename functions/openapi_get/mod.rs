//! `GET /openapi.json`: the API's description for programs.

use web::Failure;
use web::access::Anyone;
use web::reply::JsonText;

/// Answers anybody: what it says stands in the repository.
///
/// # Errors
/// None.
pub async fn handler(_: Anyone) -> Result<JsonText, Failure> {
    Ok(JsonText(description::OPENAPI_JSON))
}
