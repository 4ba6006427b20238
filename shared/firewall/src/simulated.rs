//! A cloud in memory, for `cargo run` and for tests.

use futures_util::future::BoxFuture;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{CloudAccess, Firewall, FirewallError, GroupDescription, GroupRef};

/// The cloud. A clone is the same cloud.
#[derive(Debug, Clone, Default)]
pub struct SimulatedCloud(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    has_every_group: bool,
    groups: BTreeSet<GroupRef>,
    denied: BTreeSet<String>,
    faults: VecDeque<FirewallError>,
    calls: usize,
}

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
        self.state().groups.insert(group);
    }

    /// Removes a group.
    pub fn remove_group(&self, group: &GroupRef) {
        self.state().groups.remove(group);
    }

    /// Denies everything to a key or a role, by its public name.
    pub fn deny(&self, identity: &str) {
        self.state().denied.insert(identity.into());
    }

    /// Answers the next call with this.
    pub fn fail_next(&self, error: FirewallError) {
        self.state().faults.push_back(error);
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.state().calls
    }
}

impl State {
    fn describe(
        &mut self,
        access: &CloudAccess,
        group: &GroupRef,
    ) -> Result<GroupDescription, FirewallError> {
        self.calls += 1;
        if let Some(fault) = self.faults.pop_front() {
            return Err(fault);
        }
        if self.denied.contains(access.identity()) {
            let words = "You are not authorized to perform this operation.";
            return Err(FirewallError::Denied(words.into()));
        }
        if self.has_every_group {
            self.groups.insert(group.clone());
        }
        let is_there = self.groups.contains(group);
        let description = GroupDescription { rules_in_use_v4: 0, rules_in_use_v6: 0 };
        if is_there { Ok(description) } else { Err(FirewallError::GroupMissing) }
    }
}

impl Firewall for SimulatedCloud {
    fn describe<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>> {
        let answer = self.state().describe(access, group);
        Box::pin(async move { answer })
    }
}
