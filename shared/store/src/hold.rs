//! Holds: a session row's claim on a resource. While a resource has one, it cannot be deleted.
//!
//! The count of holds stands on the resource's own item, so that taking one and deleting the resource are
//! conditions on the same item: whichever transaction comes second fails.

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::{ResourceId, SessionRowId};
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{Entity, Item, NewItem, number};
use crate::transaction::{Failed, Transaction};
use crate::{Store, keys};

/// The members of a hold.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HoldData {
    #[serde(with = "model::time::millis")]
    created_at: Timestamp,
}

fn entry(event: AuditEvent, resource: ResourceId, row: SessionRowId) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::Resource,
        subject_id: resource.to_string(),
        subject_name: None,
        result: AuditResult::Success,
        details: Map::from_iter([(String::from("sessionRowId"), row.to_string().into())]),
    }
}

impl Store {
    /// Takes a hold on a resource for a session row.
    ///
    /// # Errors
    /// `ResourceNotFound`; `ResourceInactive`; `AlreadyHeld` by this row; busy or defect.
    pub async fn take_hold(
        &self,
        actor: &Actor,
        resource: ResourceId,
        row: SessionRowId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let org = &actor.org;
        let mut tx = Transaction::new(self);
        tx.update(
            &keys::resource(org, resource),
            &Expression::new("SET #live = #live + :one", [(":one", number(1))]),
            &Expression::new("#data.#isActive = :yes", [(":yes", crate::item::data(&true)?)]),
            move |item| {
                let refusal = match item {
                    None => Refusal::ResourceNotFound(resource),
                    Some(_) => Refusal::ResourceInactive,
                };
                Failed::Refuse(refusal)
            },
        )?;
        let item =
            NewItem::new(&keys::hold(org, resource, row), Entity::Hold, &HoldData { created_at: now })?;
        tx.create(item, |_| Failed::Refuse(Refusal::AlreadyHeld))?;
        tx.commit(actor, &entry(AuditEvent::ResourceHold, resource, row), now).await?.certain()?;
        Ok(())
    }

    /// Releases a session row's hold. A second release changes nothing.
    ///
    /// # Errors
    /// `NotHeld` when the row holds nothing there; busy or defect.
    pub async fn release_hold(
        &self,
        actor: &Actor,
        resource: ResourceId,
        row: SessionRowId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let org = &actor.org;
        let mut tx = Transaction::new(self);
        let not_held = |_: Option<&Item>| Failed::Refuse(Refusal::NotHeld);
        tx.delete(&keys::hold(org, resource, row), &Expression::exists(), not_held)?;
        tx.update(
            &keys::resource(org, resource),
            &Expression::new("SET #live = #live - :one", [(":one", number(1))]),
            &Expression::new("#live >= :one", [(":one", number(1))]),
            not_held,
        )?;
        tx.commit(actor, &entry(AuditEvent::ResourceRelease, resource, row), now).await?.certain()?;
        Ok(())
    }
}
