//! What the simulated cloud knows, and EC2's rules about it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::fault::{Fault, Operation};
use crate::{
    AccountId, CloudAccess, CloudRule, FirewallError, GroupDescription, GroupRef, IpVersion, NewRule,
    RULES_MAX, RuleTag,
};

/// Whose everything is that was put into no other account.
const DEFAULT_ACCOUNT: AccountId = AccountId::from_number(1);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) has_every_group: bool,
    pub(super) groups: BTreeMap<GroupRef, Vec<CloudRule>>,
    pub(super) default_vpc: BTreeSet<GroupRef>,
    pub(super) key_accounts: BTreeMap<String, AccountId>,
    pub(super) group_accounts: BTreeMap<GroupRef, AccountId>,
    /// The external id that a role's trust policy asks for.
    pub(super) trusted: BTreeMap<String, String>,
    /// Names of roles' sessions, as the account's own log would have them.
    pub(super) session_names: BTreeSet<String>,
    pub(super) denied: BTreeSet<String>,
    pub(super) is_down: bool,
    pub(super) faults: VecDeque<(Option<Operation>, Fault)>,
    pub(super) calls: usize,
    /// By the id that was given out: with which mark. Rules that somebody else made are not among them.
    pub(super) given_out: BTreeMap<String, RuleTag>,
    rules_made: u64,
}

impl State {
    /// Counts a call, and takes the fault that waits for it.
    pub(super) fn arrive(&mut self, call: Operation) -> Option<Fault> {
        let concerns_group = call != Operation::Account;
        self.calls += usize::from(concerns_group);
        let meets = |wanted: Option<Operation>| wanted.map_or(concerns_group, |wanted| wanted == call);
        let place = self.faults.iter().position(|(wanted, _)| meets(*wanted))?;
        self.faults.remove(place).map(|(_, fault)| fault)
    }

    /// Whether a call arrives.
    pub(super) fn reach(&self, fault: Option<&Fault>) -> Result<(), FirewallError> {
        if self.is_down || matches!(fault, Some(Fault::Lose)) {
            return Err(FirewallError::Unreachable("no connection".into()));
        }
        if matches!(fault, Some(Fault::Throttle)) {
            return Err(FirewallError::Throttled);
        }
        Ok(())
    }

    /// What stands before every answer about a group.
    pub(super) fn admit(&mut self, access: &CloudAccess, group: &GroupRef) -> Result<(), FirewallError> {
        if self.denied.contains(access.identity()) {
            let words = "You are not authorized to perform this operation.";
            return Err(FirewallError::Denied(words.into()));
        }
        self.assume(access)?;
        if self.has_every_group {
            self.groups.entry(group.clone()).or_default();
        }
        let owner = self.group_accounts.get(group).copied().unwrap_or(DEFAULT_ACCOUNT);
        let is_seen = owner == self.account_of(access);
        if is_seen && self.groups.contains_key(group) { Ok(()) } else { Err(FirewallError::GroupMissing) }
    }

    /// What stands before every call of a role.
    pub(super) fn assume(&mut self, access: &CloudAccess) -> Result<(), FirewallError> {
        let CloudAccess::AssumeRole { role_arn, external_id, session_name } = access else {
            return Ok(());
        };
        if self.trusted.get(role_arn).is_some_and(|trusted| trusted != external_id) {
            return Err(FirewallError::Denied("The role cannot be assumed".into()));
        }
        self.session_names.insert(session_name.clone());
        Ok(())
    }

    pub(super) fn account_of(&self, access: &CloudAccess) -> AccountId {
        self.key_accounts.get(access.identity()).copied().unwrap_or(DEFAULT_ACCOUNT)
    }

    fn rules(&mut self, group: &GroupRef) -> Result<&mut Vec<CloudRule>, FirewallError> {
        self.groups.get_mut(group).ok_or(FirewallError::GroupMissing)
    }

    pub(super) fn describe(&mut self, group: &GroupRef) -> Result<GroupDescription, FirewallError> {
        Ok(GroupDescription { rules: self.rules(group)?.clone() })
    }

    pub(super) fn authorize(
        &mut self,
        group: &GroupRef,
        new: &[NewRule],
        fault: Option<&Fault>,
    ) -> Result<(), FirewallError> {
        let present = self.describe(group)?;
        for version in [IpVersion::V4, IpVersion::V6] {
            let more = new.iter().filter(|rule| IpVersion::of(rule.ingress.address) == version).count();
            if more > 0 && present.in_use(version) + u32::try_from(more).unwrap_or(u32::MAX) > RULES_MAX {
                return Err(FirewallError::Full);
            }
        }
        let mut seen = BTreeSet::new();
        if new.iter().any(|rule| present.find(&rule.ingress).is_some() || !seen.insert(rule.ingress)) {
            return Err(FirewallError::Duplicate);
        }
        for rule in new.iter().take(effective(new.len(), fault)) {
            let NewRule { ingress, tag } = rule.clone();
            let version = Some(IpVersion::of(ingress.address));
            let mark = tag.clone();
            let rule = CloudRule { id: String::new(), ingress: Some(ingress), version, tag: Some(tag) };
            let id = self.add(group, rule);
            self.given_out.insert(id, mark);
        }
        Ok(())
    }

    pub(super) fn restore(&mut self, groups: Vec<(GroupRef, Vec<CloudRule>)>) {
        for rule in groups.iter().flat_map(|(_, rules)| rules) {
            let number = rule.id.strip_prefix("sgr-").and_then(|hex| u64::from_str_radix(hex, 16).ok());
            self.rules_made = self.rules_made.max(number.unwrap_or_default());
            if let Some(tag) = &rule.tag {
                self.given_out.insert(rule.id.clone(), tag.clone());
            }
        }
        self.groups.extend(groups);
    }

    /// Adds a rule under an id of its own.
    pub(super) fn add(&mut self, group: &GroupRef, rule: CloudRule) -> String {
        self.rules_made += 1;
        let id = format!("sgr-{:017x}", self.rules_made);
        self.groups.entry(group.clone()).or_default().push(CloudRule { id: id.clone(), ..rule });
        id
    }

    pub(super) fn revoke(
        &mut self,
        group: &GroupRef,
        ids: &[String],
        fault: Option<&Fault>,
    ) -> Result<(), FirewallError> {
        let is_silent = self.default_vpc.contains(group);
        let rules = self.rules(group)?;
        let is_there = |id: &String| rules.iter().any(|rule| rule.id == *id);
        if !ids.iter().all(is_there) {
            return if is_silent { Ok(()) } else { Err(FirewallError::RuleMissing) };
        }
        let removed = ids.get(..effective(ids.len(), fault)).unwrap_or(ids);
        rules.retain(|rule| !removed.contains(&rule.id));
        Ok(())
    }
}

/// How much of a call with so many parts takes effect.
fn effective(parts: usize, fault: Option<&Fault>) -> usize {
    match fault {
        Some(Fault::Lie | Fault::Throttle | Fault::Lose) => 0,
        Some(Fault::HalfApply) => parts / 2,
        Some(Fault::Drop | Fault::Delay(_)) | None => parts,
    }
}
