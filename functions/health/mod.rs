//! `GET /health`: shows that the function runs, and its build. It calls nothing.

use serde::Serialize;
use web::Failure;
use web::access::Anyone;
use web::reply::Ok200;

#[derive(Debug, Serialize)]
pub struct Build {
    status: &'static str,
    version: &'static str,
    /// The commit, if the build had `POSTERN_COMMIT=$(git rev-parse HEAD)`.
    commit: &'static str,
}

pub async fn handler(_: Anyone) -> Result<Ok200<Build>, Failure> {
    let commit = option_env!("POSTERN_COMMIT").unwrap_or("unknown");
    Ok(Ok200(Build { status: "UP", version: env!("CARGO_PKG_VERSION"), commit }))
}
