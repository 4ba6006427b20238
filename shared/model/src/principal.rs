//! Who calls, and who is on record as having done something.

use serde::{Deserialize, Serialize};

use crate::id::{ApiKeyId, OrgId, UserId};
use crate::idempotency::IdempotencyKey;

/// The claim's word for an administrator of an organization.
pub const ORG_ADMIN: &str = "ORG_ADMIN";

/// An authenticated person and the organization that they act in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The tenant. Every key that the request touches begins with it.
    pub org: OrgId,
    /// The token's subject.
    pub user: UserId,
    /// The token's roles include [`ORG_ADMIN`]. Whether a caller is an admin is the token's word alone.
    pub is_org_admin: bool,
    /// For the record and for display. It decides nothing, unless it is verified.
    pub email: Option<String>,
    /// Whether the identity provider says that the person reads this email.
    pub email_is_verified: bool,
    /// For display only.
    pub name: Option<String>,
    /// How they showed who they are.
    pub kind: ActorType,
}

/// What kind of party acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActorType {
    /// A person with a token.
    User,
    /// A program with an API key, on behalf of the person who made the key.
    ApiKey,
    /// Postern itself: sweeps, reconciliation, rules that ran out.
    System,
}

/// Who created a credential, as the token said at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creator {
    /// The token's subject.
    pub id: UserId,
    /// The token's email, if any.
    pub email: Option<String>,
    /// The token's name, if any.
    pub name: Option<String>,
}

/// Who does something, and from where. The store cannot be changed without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The tenant in which the change happens.
    pub org: OrgId,
    /// What kind of party acts.
    pub kind: ActorType,
    /// The person's id; `postern` for the system.
    pub id: UserId,
    /// For the audit log.
    pub email: Option<String>,
    /// For the audit log and the credential's creator.
    pub name: Option<String>,
    /// The API key with which they act, for the audit log.
    pub api_key: Option<ApiKeyId>,
    /// The address that the gateway saw, for the audit log.
    pub ip_address: Option<String>,
    /// The gateway's id of the request, for the audit log.
    pub request_id: Option<String>,
    /// The request's `Idempotency-Key`, where it has one.
    pub idempotency: Option<IdempotencyKey>,
}

impl Actor {
    /// Postern itself: what happens because time has passed, or because the cloud has answered.
    #[must_use]
    pub fn system(org: OrgId) -> Self {
        let (id, kind) = (UserId::postern(), ActorType::System);
        Self {
            org,
            kind,
            id,
            email: None,
            name: None,
            api_key: None,
            ip_address: None,
            request_id: None,
            idempotency: None,
        }
    }

    /// The actor as the creator of something.
    #[must_use]
    pub fn as_creator(&self) -> Creator {
        Creator { id: self.id.clone(), email: self.email.clone(), name: self.name.clone() }
    }
}
