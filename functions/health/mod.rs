//! `GET /health`: says that the function runs, and which build it is. It touches nothing.

use serde::Serialize;
use web::Failure;
use web::access::Anyone;
use web::reply::Ok200;

/// The build.
#[derive(Debug, Serialize)]
pub struct Build {
    status: &'static str,
    version: &'static str,
    /// The commit, where the build was told: `POSTERN_COMMIT=$(git rev-parse HEAD)`.
    commit: &'static str,
}

/// Answers anybody.
///
/// # Errors
/// None.
pub async fn handler(_: Anyone) -> Result<Ok200<Build>, Failure> {
    let commit = option_env!("POSTERN_COMMIT").unwrap_or("unknown");
    Ok(Ok200(Build { status: "UP", version: env!("CARGO_PKG_VERSION"), commit }))
}
