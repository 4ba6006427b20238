//! The worker of the table's stream.

use futures_util::{StreamExt, stream};
use model::id::OrgId;
use model::ingress::GroupRef;
use model::time::Timestamp;
use std::collections::BTreeSet;

use crate::brake::Brake;
use crate::{Report, Tools};

/// Groups that are looked after at once. AWS allows an account some calls a second to change groups; a few groups at once
/// stay below that.
const AT_ONCE: usize = 8;

/// Looks after the groups whose rules changed.
#[derive(Clone)]
pub struct RuleWorker(Tools);

impl RuleWorker {
    /// A worker.
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self(tools)
    }

    /// Looks after some groups, and says which of them must be looked after again: the table gave no answer, or another worker
    /// has the group. What the cloud refuses is in the ledger, and is no failure of the worker.
    pub async fn run(
        &self,
        groups: BTreeSet<(OrgId, GroupRef)>,
        now: Timestamp,
    ) -> (Report, BTreeSet<(OrgId, GroupRef)>) {
        let brake = &Brake::default();
        let jobs = groups.into_iter().map(|(org, group)| async move {
            let outcome = brake.look_after_group(&self.0, (&org, &group), now).await;
            ((org, group), outcome)
        });
        let outcomes: Vec<_> = stream::iter(jobs).buffer_unordered(AT_ONCE).collect().await;
        let (mut report, mut again) = (Report::default(), BTreeSet::new());
        for (group, outcome) in outcomes {
            match outcome {
                Ok(done) => {
                    report.add(&done);
                    if done.groups_busy > 0 || done.failed > 0 {
                        again.insert(group);
                    }
                }
                Err(error) => {
                    tracing::error!(group = %group.1, ?error, "a group was not looked after");
                    report.failed += 1;
                    again.insert(group);
                }
            }
        }
        (report, again)
    }
}
