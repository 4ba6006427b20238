//! A verified resource as the API shows it.

use model::resource::Resource;
use serde::Serialize;
use store::{GroupFound, Neighbour, RuleSlots};

/// A resource, how many more rules its group takes, and warnings about the group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedView {
    #[serde(flatten)]
    resource: Resource,
    warnings: Vec<Warning>,
    rule_slots_left: RuleSlots,
}

#[derive(Debug, Serialize)]
struct Warning {
    code: &'static str,
    message: String,
}

impl Warning {
    fn of(neighbour: Neighbour, group: &str) -> Self {
        let (code, who) = match neighbour {
            Neighbour::Deployment => ("USED_BY_ANOTHER_DEPLOYMENT", "Another deployment of Postern"),
            Neighbour::Organization => ("USED_BY_ANOTHER_ORGANIZATION", "Another organization"),
        };
        let message = format!(
            "{who} has rules in the security group {group}: where both let in the same address, access can pause for a minute when \
             a session there ends"
        );
        Self { code, message }
    }
}

impl VerifiedView {
    #[must_use]
    pub fn of(resource: Resource, found: &GroupFound) -> Self {
        let group = &resource.resource_identifier;
        // An earlier version accepted configs that open nothing now.
        let fault = resource.resource_type.config_fault(&resource.config);
        let fault = fault.map(|message| Warning { code: "CONFIG_MUST_BE_CORRECTED", message });
        let neighbours = found.neighbours.iter().map(|neighbour| Warning::of(*neighbour, group));
        let warnings = fault.into_iter().chain(neighbours).collect();
        Self { warnings, rule_slots_left: found.slots, resource }
    }
}
