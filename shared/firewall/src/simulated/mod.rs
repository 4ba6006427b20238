//! A cloud in memory, for `cargo run` and for tests.
//!
//! It has the semantics of EC2 security groups (60 rules for each family of a group, duplicates refused, all rules of a
//! call or none, the silent revocation of a default VPC) and faults that can be switched on.

mod fault;
mod state;

pub use fault::{Fault, Gate, Operation};

use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    AccountId, CloudAccess, CloudRule, Firewall, FirewallError, GroupDescription, GroupRef, NewRule, RuleTag,
};
use state::State;

/// The cloud. A clone is the same cloud.
#[derive(Debug, Clone, Default)]
pub struct SimulatedCloud(Arc<Mutex<State>>);

impl SimulatedCloud {
    /// A cloud that has the groups that were added to it.
    #[must_use]
    pub fn strict() -> Self {
        Self::default()
    }

    /// A cloud in which a group is there as soon as somebody asks for it.
    #[must_use]
    pub fn with_every_group() -> Self {
        let cloud = Self::default();
        cloud.state().has_every_group = true;
        cloud
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a group.
    pub fn add_group(&self, group: GroupRef) {
        self.state().groups.entry(group).or_default();
    }

    /// Takes the groups with their rules from a cloud that was. Rules that are made from now on have ids that none of these has.
    pub fn restore(&self, groups: Vec<(GroupRef, Vec<CloudRule>)>) {
        self.state().restore(groups);
    }

    /// Removes a group with its rules.
    pub fn remove_group(&self, group: &GroupRef) {
        self.state().groups.remove(group);
    }

    /// Puts a group into a default VPC, where the revocation of a rule that is not there succeeds.
    pub fn put_into_default_vpc(&self, group: &GroupRef) {
        self.state().default_vpc.insert(group.clone());
    }

    /// Says whose a key or a role is, by its public name. All are of account 000000000001 until they are put into another.
    pub fn put_key_into_account(&self, identity: &str, account: AccountId) {
        self.state().key_accounts.insert(identity.into(), account);
    }

    /// Says whose a group is. All are of account 000000000001 until they are put into another; keys of other accounts are told
    /// that the group is missing.
    pub fn put_group_into_account(&self, group: &GroupRef, account: AccountId) {
        self.state().group_accounts.insert(group.clone(), account);
    }

    /// Has a role trust callers with this external id only. Until then it trusts all.
    pub fn require_external_id(&self, role: &str, external_id: &str) {
        self.state().trusted.insert(role.into(), external_id.into());
    }

    /// The names of the sessions of roles that have called.
    #[must_use]
    pub fn session_names(&self) -> Vec<String> {
        self.state().session_names.iter().cloned().collect()
    }

    /// Adds a rule as somebody else would, with any tag or none; its id.
    pub fn add_rule(&self, group: &GroupRef, rule: CloudRule) -> String {
        self.state().add(group, rule)
    }

    /// Removes a rule as somebody else would.
    pub fn remove_rule(&self, group: &GroupRef, id: &str) {
        if let Some(rules) = self.state().groups.get_mut(group) {
            rules.retain(|rule| rule.id != id);
        }
    }

    /// Changes a rule as somebody else would.
    pub fn edit_rule(&self, group: &GroupRef, id: &str, edit: impl FnOnce(&mut CloudRule)) {
        let mut state = self.state();
        if let Some(rule) =
            state.groups.get_mut(group).and_then(|rules| rules.iter_mut().find(|rule| rule.id == id))
        {
            edit(rule);
        }
    }

    /// Every group with its rules.
    #[must_use]
    pub fn groups(&self) -> Vec<(GroupRef, Vec<CloudRule>)> {
        self.state().groups.iter().map(|(group, rules)| (group.clone(), rules.clone())).collect()
    }

    /// With which mark a rule was made, whatever somebody has done to it since.
    #[must_use]
    pub fn given_out(&self, id: &str) -> Option<RuleTag> {
        self.state().given_out.get(id).cloned()
    }

    /// Denies everything to a key or a role, by its public name.
    pub fn deny(&self, identity: &str) {
        self.state().denied.insert(identity.into());
    }

    /// Takes a denial back.
    pub fn allow(&self, identity: &str) {
        self.state().denied.remove(identity);
    }

    /// Ends or begins an outage: no call has an answer or an effect.
    pub fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// Meets the next call that concerns a group with a fault.
    pub fn fault_next(&self, fault: Fault) {
        self.state().faults.push_back((None, fault));
    }

    /// Meets the next call of a kind with a fault.
    pub fn fault_next_of(&self, call: Operation, fault: Fault) {
        self.state().faults.push_back((Some(call), fault));
    }

    /// Ends every outage and every fault that waits.
    pub fn heal(&self) {
        let mut state = self.state();
        state.is_down = false;
        state.faults.clear();
    }

    /// How many calls concerned a group.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    async fn call<T>(
        &self,
        call: Operation,
        carry_out: impl FnOnce(&mut State, Option<&Fault>) -> Result<T, FirewallError>,
    ) -> Result<T, FirewallError> {
        let fault = self.state().arrive(call);
        // A caller can be gone before the call has its effect, and before it has its answer.
        tokio::task::yield_now().await;
        if let Some(Fault::Delay(gate)) = &fault {
            gate.pass().await;
        }
        let answer = {
            let mut state = self.state();
            let reached = state.reach(fault.as_ref());
            reached.and_then(|()| carry_out(&mut state, fault.as_ref()))
        };
        tokio::task::yield_now().await;
        match fault {
            Some(Fault::Drop | Fault::HalfApply) if answer.is_ok() => {
                Err(FirewallError::Unreachable("the connection was reset".into()))
            }
            Some(_) | None => answer,
        }
    }
}

impl Firewall for SimulatedCloud {
    fn account<'a>(
        &'a self,
        access: &'a CloudAccess,
        _: &'a str,
    ) -> BoxFuture<'a, Result<AccountId, FirewallError>> {
        Box::pin(self.call(Operation::Account, |state, _| {
            state.assume(access)?;
            Ok(state.account_of(access))
        }))
    }

    fn describe<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>> {
        Box::pin(self.call(Operation::Describe, |state, _| {
            state.admit(access, group)?;
            state.describe(group)
        }))
    }

    fn authorize<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        rules: &'a [NewRule],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        Box::pin(self.call(Operation::Authorize, |state, fault| {
            state.admit(access, group)?;
            state.authorize(group, rules, fault)
        }))
    }

    fn revoke<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        Box::pin(self.call(Operation::Revoke, |state, fault| {
            state.admit(access, group)?;
            state.revoke(group, ids, fault)
        }))
    }
}
