//! What Postern asks of a cloud.
//!
//! [`Firewall`] is the only way to a provider. [`simulated`] is one in memory, with switchable faults.

mod access;
pub mod simulated;

pub use access::{CloudAccess, Unusable};

use futures_util::future::BoxFuture;

/// Inbound rules that a security group takes for each address family, unless AWS was asked for more (AWS, "Amazon VPC
/// quotas").
pub const RULES_MAX: u32 = 60;

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupRef {
    /// Its region.
    pub region: String,
    /// Its id, such as `sg-0abc123def4567890`.
    pub group_id: String,
}

/// What a provider says of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupDescription {
    /// Inbound rules for IPv4 addresses.
    pub rules_in_use_v4: u32,
    /// Inbound rules for IPv6 addresses.
    pub rules_in_use_v6: u32,
}

/// Why a provider gave no answer, or a negative one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirewallError {
    /// There is no such group.
    GroupMissing,
    /// The credential may not; in the provider's words.
    Denied(String),
    /// Too many calls; later.
    Throttled,
    /// No answer; the cause is for the log.
    Unreachable(String),
}

impl FirewallError {
    /// Whether this is the provider's answer, rather than the lack of one.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::GroupMissing | Self::Denied(_) => true,
            Self::Throttled | Self::Unreachable(_) => false,
        }
    }

    /// A sentence for the caller, or for the log where it is no refusal.
    #[must_use]
    pub fn reason(&self, group: &GroupRef) -> String {
        let GroupRef { region, group_id } = group;
        match self {
            Self::GroupMissing => format!("The security group {group_id} does not exist in {region}"),
            Self::Denied(words) => format!("The credential may not describe {group_id}: {words}"),
            Self::Throttled => "The provider takes no more calls for now".into(),
            Self::Unreachable(cause) => format!("The provider gave no answer: {cause}"),
        }
    }
}

/// A provider's firewall.
pub trait Firewall: Send + Sync {
    /// Describes a group with a credential.
    ///
    /// # Errors
    /// [`FirewallError`].
    fn describe<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>>;
}

/// In place of a provider that this build cannot ask: every question goes without an answer, and nothing changes for it.
#[derive(Debug, Clone, Copy)]
pub struct NotBuiltIn;

impl Firewall for NotBuiltIn {
    fn describe<'a>(
        &'a self,
        _: &'a CloudAccess,
        _: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>> {
        let cause = "this build has no firewall of the provider";
        Box::pin(async move { Err(FirewallError::Unreachable(cause.into())) })
    }
}
