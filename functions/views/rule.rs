//! Rules of the ledger as administrators see them.

use model::id::{CredentialId, ResourceId, RuleId, SessionId};
use model::ingress::Protocol;
use model::rule::{Rule, RuleState};
use model::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use store::{ListedRule, UnreadableRule};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    id: RuleId,
    state: RuleState,
    resource_id: ResourceId,
    credential_id: CredentialId,
    region: String,
    group_id: String,
    cidr: String,
    protocol: Protocol,
    from_port: Option<u16>,
    to_port: Option<u16>,
    provider_rule_id: Option<String>,
    attempts: u32,
    last_error: Option<String>,
    next_attempt_at: Option<Timestamp>,
    session_ids: BTreeSet<SessionId>,
    waiting_session_ids: BTreeSet<SessionId>,
    created_at: Timestamp,
}

impl RuleView {
    #[must_use]
    pub fn listed(rule: ListedRule) -> Self {
        match rule {
            ListedRule::Known(rule) => Self::of(*rule),
            ListedRule::Unreadable(rule) => Self::unreadable(*rule),
        }
    }

    /// An unknown member is `null`. An unknown id that must be present is the nil UUID.
    fn unreadable(rule: UnreadableRule) -> Self {
        let ports = rule.ingress.opening.ports;
        Self {
            id: rule.id,
            state: RuleState::Unreadable,
            resource_id: rule.resource_id.unwrap_or_else(ResourceId::nil),
            credential_id: rule.credential_id.unwrap_or_else(CredentialId::nil),
            cidr: rule.ingress.cidr(),
            protocol: rule.ingress.opening.protocol,
            from_port: ports.map(|(from, _)| from),
            to_port: ports.map(|(_, to)| to),
            region: rule.group.region,
            group_id: rule.group.group_id,
            provider_rule_id: None,
            attempts: 0,
            last_error: Some(String::from("The entry cannot be read")),
            next_attempt_at: rule.due_at,
            session_ids: rule.session_ids,
            waiting_session_ids: rule.waiting_session_ids,
            created_at: rule.created_at,
        }
    }

    #[must_use]
    pub fn of(rule: Rule) -> Self {
        let ports = rule.ingress.opening.ports;
        Self {
            id: rule.id,
            state: rule.state(),
            resource_id: rule.resource_id,
            credential_id: rule.credential_id,
            cidr: rule.ingress.cidr(),
            protocol: rule.ingress.opening.protocol,
            from_port: ports.map(|(from, _)| from),
            to_port: ports.map(|(_, to)| to),
            region: rule.group.region,
            group_id: rule.group.group_id,
            provider_rule_id: rule.provider_rule_id,
            attempts: rule.attempts,
            last_error: rule.last_error,
            next_attempt_at: rule.due_at,
            session_ids: rule.holders.iter().map(|holder| holder.session).collect(),
            waiting_session_ids: rule.leaving.iter().map(|holder| holder.session).collect(),
            created_at: rule.created_at,
        }
    }
}
