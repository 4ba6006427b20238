//! `GET /resources`: the organization's resources.

use model::resource::Resource;
use web::access::OrgAdmin;
use web::reply::Ok200;
use web::{App, Failure};

/// Lists all resources as a bare array, in the order of their creation.
///
/// # Errors
/// None of its own.
pub async fn handler(app: App, caller: OrgAdmin) -> Result<Ok200<Vec<Resource>>, Failure> {
    Ok(Ok200(app.store().resources_in_order_of_creation(caller.org()).await?))
}
