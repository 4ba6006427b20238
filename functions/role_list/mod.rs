//! `GET /roles`: the organization's roles.

use model::role::Role;
use web::access::OrgAdmin;
use web::reply::Ok200;
use web::{App, Failure};

/// Lists all roles with their links as a bare array, in the order of their creation.
///
/// # Errors
/// None of its own.
pub async fn handler(app: App, caller: OrgAdmin) -> Result<Ok200<Vec<Role>>, Failure> {
    Ok(Ok200(app.store().roles_in_order_of_creation(caller.org()).await?))
}
