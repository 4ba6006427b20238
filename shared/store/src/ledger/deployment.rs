//! Which deployment of Postern this is.
//!
//! The id stands in the table, so that it needs no setting and a restored table still knows its own rules. It is written once, by the
//! first worker that makes a rule, and never changes. A store remembers it for as long as it lives.

use model::id::DeploymentId;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, SHAPE, data, number};
use crate::table::{Store, keys};

/// The members of the item.
#[derive(Serialize, Deserialize)]
struct DeploymentData {
    id: DeploymentId,
}

fn id_of(item: &Item) -> Result<DeploymentId, StoreError> {
    item.members::<DeploymentData>().map(|members| members.id)
}

impl Store {
    /// The id of this deployment, which it has from now on if it had none.
    ///
    /// # Errors
    /// Busy; defect when the item cannot be read.
    pub async fn deployment(&self, now: Timestamp) -> Result<DeploymentId, StoreError> {
        let known = self.deployment.get_or_try_init(|| async {
            if let Some(id) = self.read_deployment().await? {
                return Ok(id);
            }
            let id = DeploymentId::generate(now);
            let update = Expression::new(
                "SET #entity = :entity, #shape = :shape, #data = :data",
                [(":shape", number(SHAPE))],
            )
            .with(":entity", data(&Entity::Deployment)?)
            .with(":data", data(&DeploymentData { id })?);
            if self.update_if(&keys::deployment(), &update, &Expression::absent()).await? {
                return Ok(id);
            }
            // Another worker was first, or the answer to the first attempt was lost.
            self.read_deployment().await?.ok_or_else(|| corrupt("the deployment's id is gone"))
        });
        known.await.copied()
    }

    /// The id of this deployment; nothing while it has made no rule.
    ///
    /// # Errors
    /// Busy; defect when the item cannot be read.
    pub async fn deployment_if_any(&self) -> Result<Option<DeploymentId>, StoreError> {
        match self.deployment.get() {
            Some(id) => Ok(Some(*id)),
            None => self.read_deployment().await,
        }
    }

    async fn read_deployment(&self) -> Result<Option<DeploymentId>, StoreError> {
        self.get(&keys::deployment()).await?.as_ref().map(id_of).transpose()
    }
}
