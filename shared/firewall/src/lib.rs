//! What Postern asks of a cloud.
//!
//! [`Firewall`] is the only way to a provider. [`simulated`] is one in memory, with switchable faults; [`ec2`] is Amazon's.
//! `tests/behaviour.rs` says what all of them have in common.

mod access;
pub mod ec2;
mod error;
pub mod simulated;

pub use access::{CloudAccess, Purpose, Unusable};
pub use error::FirewallError;

use futures_util::future::BoxFuture;
pub use model::account::AccountId;
pub use model::ingress::GroupRef;
use model::ingress::{Ingress, IpVersion};

/// Inbound rules that a security group takes for each address family, unless AWS was asked for more (AWS, "Amazon VPC
/// quotas").
pub const RULES_MAX: u32 = 60;

/// Whose a rule is. Every rule that Postern makes has this mark from its first moment on, and no other rule has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleTag {
    /// The deployment of Postern; nothing in rules of versions that knew none.
    pub deployment: Option<String>,
    /// The organization.
    pub org: String,
    /// The entry of the ledger; empty where somebody has made it unreadable.
    pub rule: String,
}

/// An inbound rule of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudRule {
    /// The provider's id of it, such as `sgr-0123456789abcdef0`.
    pub id: String,
    /// What it lets in, where that is one address. Postern makes no rules for other sources.
    pub ingress: Option<Ingress>,
    /// For which family it takes a place; nothing where it takes one for both.
    pub version: Option<IpVersion>,
    /// Whose it is, where it has the mark.
    pub tag: Option<RuleTag>,
}

/// A rule to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRule {
    /// What it lets in.
    pub ingress: Ingress,
    /// Whose it is.
    pub tag: RuleTag,
}

/// What a provider says of a group: its inbound rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupDescription {
    /// The rules.
    pub rules: Vec<CloudRule>,
}

impl GroupDescription {
    /// How many rules take a place for a family.
    #[must_use]
    pub fn in_use(&self, version: IpVersion) -> u32 {
        let taken =
            self.rules.iter().filter(|rule| rule.version.is_none_or(|taken| taken == version)).count();
        u32::try_from(taken).unwrap_or(u32::MAX)
    }

    /// How many more rules of a family fit into a group of the usual size ([`RULES_MAX`]).
    #[must_use]
    pub fn slots_left(&self, version: IpVersion) -> u32 {
        RULES_MAX.saturating_sub(self.in_use(version))
    }

    /// The rule that lets this in.
    #[must_use]
    pub fn find(&self, ingress: &Ingress) -> Option<&CloudRule> {
        self.rules.iter().find(|rule| rule.ingress.as_ref() == Some(ingress))
    }
}

/// A provider's firewall. Each call is one or a few requests to the provider, bounded in time to some seconds.
pub trait Firewall: Send + Sync {
    /// Says whose groups a credential reaches. Only an answer of the account that has a rule says anything about the rule:
    /// to every other account the group is missing. No permission is needed, and a credential that may do nothing else still
    /// has an account.
    ///
    /// # Errors
    /// [`FirewallError`]: `Denied`, `Throttled`, `Unreachable`.
    fn account<'a>(
        &'a self,
        access: &'a CloudAccess,
        region: &'a str,
    ) -> BoxFuture<'a, Result<AccountId, FirewallError>>;

    /// Describes a group with all its inbound rules.
    ///
    /// # Errors
    /// [`FirewallError`]: `GroupMissing`, `Denied`, `Throttled`, `Unreachable`.
    fn describe<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>>;

    /// Makes rules, at least one, with their tags. All of them or none, as far as the provider keeps its word.
    ///
    /// # Errors
    /// [`FirewallError`]: `Full` and `Duplicate` as well, and then none was made. After `Unreachable` and `Throttled` some
    /// or all may be there.
    fn authorize<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        rules: &'a [NewRule],
    ) -> BoxFuture<'a, Result<(), FirewallError>>;

    /// Removes rules, at least one, by the provider's ids. Some providers answer with success and remove nothing:
    /// describe afterwards.
    ///
    /// # Errors
    /// [`FirewallError`]: `RuleMissing` as well, when one of them is not there; whether the others were removed is open.
    fn revoke<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<(), FirewallError>>;
}
