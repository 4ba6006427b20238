//! The owner of a rule in the cloud, by its mark.

use firewall::{CloudRule, RuleTag};
use model::id::{DeploymentId, OrgId};
use model::rule::Rule;

/// The owner of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// This organization's in this deployment.
    Own,
    /// Another organization's.
    AnotherOrganization,
    /// Another deployment's.
    AnotherDeployment,
    /// Not a rule of Postern.
    Unmarked,
}

impl Owner {
    /// Whether it belongs to another organization or deployment of Postern, which may remove it at any time.
    #[must_use]
    pub fn is_another_postern(self) -> bool {
        matches!(self, Self::AnotherOrganization | Self::AnotherDeployment)
    }
}

/// The mark of an organization in this deployment.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The organization.
    pub org: OrgId,
    /// The deployment, if it is known.
    pub deployment: Option<DeploymentId>,
}

impl Mark {
    /// The owner of a rule in the cloud. A mark without a deployment is of an earlier version, and counts as this deployment's.
    #[must_use]
    pub fn owner(&self, found: &CloudRule) -> Owner {
        let Some(tag) = &found.tag else { return Owner::Unmarked };
        let own = self.deployment.map(|id| id.to_string());
        match &tag.deployment {
            Some(other) if Some(other) != own.as_ref() => Owner::AnotherDeployment,
            Some(_) | None if tag.org != self.org.as_str() => Owner::AnotherOrganization,
            Some(_) | None => Owner::Own,
        }
    }

    pub(crate) fn is_own(&self, found: &CloudRule) -> bool {
        self.owner(found) == Owner::Own
    }

    /// The mark of a new rule; `None` while the deployment is unknown.
    pub(crate) fn of_new(&self, rule: &Rule) -> Option<RuleTag> {
        let deployment = Some(self.deployment?.to_string());
        Some(RuleTag { deployment, org: self.org.to_string(), rule: rule.id.to_string() })
    }

    /// Whether a rule has the mark of this entry. The entry's id is unique, so the deployment is not needed for it.
    pub(crate) fn names(&self, found: &CloudRule, rule: &Rule) -> bool {
        let names = |tag: &&RuleTag| tag.org == self.org.as_str() && tag.rule == rule.id.to_string();
        found.tag.as_ref().filter(names).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(deployment: Option<&str>, org: &str) -> CloudRule {
        let tag = RuleTag { deployment: deployment.map(String::from), org: org.into(), rule: "019c".into() };
        CloudRule { id: "sgr-1".into(), ingress: None, version: None, tag: Some(tag) }
    }

    #[test]
    fn a_rule_belongs_to_an_organization_in_a_deployment() {
        let (own, org) = (DeploymentId::nil(), OrgId::parse("acme").unwrap());
        let id = own.to_string();
        let mark = Mark { org, deployment: Some(own) };
        for (deployment, org, owner) in [
            (Some(id.as_str()), "acme", Owner::Own),
            (None, "acme", Owner::Own),
            (Some(id.as_str()), "globex", Owner::AnotherOrganization),
            (None, "globex", Owner::AnotherOrganization),
            (Some("other"), "acme", Owner::AnotherDeployment),
            (Some("other"), "globex", Owner::AnotherDeployment),
            (Some(""), "acme", Owner::AnotherDeployment),
        ] {
            assert_eq!(mark.owner(&found(deployment, org)), owner, "{deployment:?} {org}");
        }
        let untagged = CloudRule { tag: None, ..found(None, "acme") };
        assert_eq!(mark.owner(&untagged), Owner::Unmarked);
        let unknown = Mark { deployment: None, ..mark };
        assert_eq!(unknown.owner(&found(Some(&id), "acme")), Owner::AnotherDeployment);
    }
}
