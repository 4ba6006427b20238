//! How a provider says no, or nothing.

use crate::GroupRef;

/// Why a provider gave no answer, or a negative one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirewallError {
    /// There is no such group.
    GroupMissing,
    /// The group takes no more rules of that family.
    Full,
    /// The group has such a rule already.
    Duplicate,
    /// The group has no rule with that id.
    RuleMissing,
    /// The credential is not allowed to do this, or is not valid; in the provider's words.
    Denied(String),
    /// Too many calls; later.
    Throttled,
    /// No answer, or one that says nothing; the cause is for the log.
    Unreachable(String),
}

impl FirewallError {
    /// Whether this is the provider's answer, rather than the lack of one: to ask again at once would not help.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::GroupMissing | Self::Full | Self::Duplicate | Self::RuleMissing | Self::Denied(_) => true,
            Self::Throttled | Self::Unreachable(_) => false,
        }
    }

    /// A sentence for people. What stands behind the lack of an answer is for the log: [`FirewallError::for_log`].
    #[must_use]
    pub fn reason(&self, group: &GroupRef) -> String {
        let GroupRef { region, group_id } = group;
        match self {
            Self::GroupMissing => format!("The security group {group_id} does not exist in {region}"),
            Self::Full => format!("The security group {group_id} has no room for another inbound rule"),
            Self::Duplicate => format!("The security group {group_id} has the same rule already"),
            Self::RuleMissing => format!("The security group {group_id} no longer has the rule"),
            Self::Denied(words) => {
                model::text::said(&format!("The credential was refused for {group_id}: {words}"))
            }
            Self::Throttled => "The provider takes no more calls for now".into(),
            Self::Unreachable(_) => "The provider gave no answer".into(),
        }
    }

    /// Which of them it is, for the log. A refusal's words may name people of the target account.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::GroupMissing => "the group is missing",
            Self::Full => "the group is full",
            Self::Duplicate => "the rule is there already",
            Self::RuleMissing => "the rule is missing",
            Self::Denied(_) => "denied",
            Self::Throttled => "throttled",
            Self::Unreachable(_) => "no answer",
        }
    }

    /// The cause of the lack of an answer.
    #[must_use]
    pub fn for_log(&self) -> Option<&str> {
        match self {
            Self::Unreachable(cause) => Some(cause),
            Self::GroupMissing
            | Self::Full
            | Self::Duplicate
            | Self::RuleMissing
            | Self::Denied(_)
            | Self::Throttled => None,
        }
    }
}
