//! A resource after the provider was asked about it.

use model::resource::Resource;
use serde::Serialize;
use store::RuleSlots;

/// A resource, and how many more rules its group takes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedView {
    #[serde(flatten)]
    resource: Resource,
    rule_slots_left: Option<RuleSlots>,
}

impl VerifiedView {
    /// The representation.
    #[must_use]
    pub fn of(resource: Resource, rule_slots_left: Option<RuleSlots>) -> Self {
        Self { resource, rule_slots_left }
    }
}
