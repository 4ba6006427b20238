//! A cloud that answers some callers late, wrongly, or never.

use firewall::simulated::SimulatedCloud;
use firewall::{AccountId, CloudAccess, Firewall, FirewallError, GroupDescription, GroupRef, NewRule};
use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use workers::WorkerContext;

use crate::world::World;

#[derive(Default)]
struct Behaviour {
    /// Identities that get no answer until the call is given up.
    hanging: BTreeSet<String>,
    throttled: BTreeSet<String>,
    /// Groups of which every look shows this picture.
    stale: BTreeMap<GroupRef, GroupDescription>,
    /// Whether a call that makes rules gets no answer, and takes effect later.
    is_late: bool,
    under_way: Vec<(CloudAccess, GroupRef, Vec<NewRule>)>,
    denies_removals: bool,
    /// With which words every call is refused.
    refusal: Option<String>,
    calls: BTreeMap<String, usize>,
}

/// The simulated cloud behind a provider that misbehaves. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Misbehaving {
    cloud: SimulatedCloud,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Misbehaving {
    pub(crate) fn of(world: &World) -> Self {
        Self { cloud: world.app.cloud.clone(), behaviour: Arc::default() }
    }

    pub(crate) fn worker_context(&self, world: &World) -> WorkerContext {
        world.app.worker_context_with(self.clone())
    }

    pub(crate) fn hang(&self, identity: &str) {
        self.behaviour.lock().unwrap().hanging.insert(identity.into());
    }

    /// Everybody is answered as they should be. What is under way stays so.
    pub(crate) fn heal(&self) {
        let mut behaviour = self.behaviour.lock().unwrap();
        behaviour.hanging.clear();
        behaviour.throttled.clear();
        behaviour.stale.clear();
        (behaviour.is_late, behaviour.denies_removals) = (false, false);
    }

    pub(crate) fn throttle(&self, identity: &str) {
        self.behaviour.lock().unwrap().throttled.insert(identity.into());
    }

    /// From now on every look at a group shows it as it is now.
    pub(crate) fn freeze(&self, group: &GroupRef) {
        let rules = self.cloud.groups().into_iter().find(|(found, _)| found == group).unwrap().1;
        self.show(group, rules);
    }

    /// From now on every look at a group shows these rules.
    pub(crate) fn show(&self, group: &GroupRef, rules: Vec<firewall::CloudRule>) {
        self.behaviour.lock().unwrap().stale.insert(group.clone(), GroupDescription { rules });
    }

    pub(crate) fn thaw(&self) {
        self.behaviour.lock().unwrap().stale.clear();
    }

    pub(crate) fn make_late(&self, is_late: bool) {
        self.behaviour.lock().unwrap().is_late = is_late;
    }

    /// The calls that got no answer arrive.
    pub(crate) async fn arrive(&self) {
        let calls = std::mem::take(&mut self.behaviour.lock().unwrap().under_way);
        for (access, group, rules) in calls {
            let _ = self.cloud.authorize(&access, &group, &rules).await;
        }
    }

    pub(crate) fn deny_removals(&self, denies: bool) {
        self.behaviour.lock().unwrap().denies_removals = denies;
    }

    /// How many calls came from an identity.
    pub(crate) fn calls(&self, identity: &str) -> usize {
        self.behaviour.lock().unwrap().calls.get(identity).copied().unwrap_or(0)
    }

    /// Every call is refused with these words.
    pub(crate) fn refuse_everything(&self, words: &str) {
        self.behaviour.lock().unwrap().refusal = Some(words.into());
    }

    async fn meet(&self, access: &CloudAccess) -> Result<(), FirewallError> {
        let identity = access.identity();
        let (hangs, is_throttled, refusal) = {
            let mut behaviour = self.behaviour.lock().unwrap();
            *behaviour.calls.entry(identity.into()).or_default() += 1;
            let hangs = behaviour.hanging.contains(identity);
            (hangs, behaviour.throttled.contains(identity), behaviour.refusal.clone())
        };
        if let Some(words) = refusal {
            return Err(FirewallError::Denied(words));
        }
        if hangs {
            std::future::pending::<()>().await;
        }
        if is_throttled { Err(FirewallError::Throttled) } else { Ok(()) }
    }
}

impl Firewall for Misbehaving {
    fn account<'a>(
        &'a self,
        access: &'a CloudAccess,
        region: &'a str,
    ) -> BoxFuture<'a, Result<AccountId, FirewallError>> {
        self.cloud.account(access, region)
    }

    fn describe<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>> {
        Box::pin(async move {
            self.meet(access).await?;
            let picture = self.behaviour.lock().unwrap().stale.get(group).cloned();
            match picture {
                Some(picture) => Ok(picture),
                None => self.cloud.describe(access, group).await,
            }
        })
    }

    fn authorize<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        rules: &'a [NewRule],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        Box::pin(async move {
            self.meet(access).await?;
            {
                let mut behaviour = self.behaviour.lock().unwrap();
                if behaviour.is_late {
                    behaviour.under_way.push((access.clone(), group.clone(), rules.to_vec()));
                    return Err(FirewallError::Unreachable("the answer did not arrive".into()));
                }
            }
            self.cloud.authorize(access, group, rules).await
        })
    }

    fn revoke<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        Box::pin(async move {
            self.meet(access).await?;
            if self.behaviour.lock().unwrap().denies_removals {
                return Err(FirewallError::Denied(
                    "You are not authorized to perform this operation.".into(),
                ));
            }
            self.cloud.revoke(access, group, ids).await
        })
    }
}
