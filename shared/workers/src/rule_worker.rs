//! The worker of the table's stream.

use model::id::OrgId;
use model::ingress::GroupRef;
use model::time::Timestamp;
use std::collections::BTreeSet;
use std::pin::pin;
use store::StoreError;

use crate::context::WorkerContext;
use crate::report::Report;
use crate::turns::Pace;
use crate::turns::{in_turn, until_time_is_over};
use crate::worker::Worker;

/// Concurrent visits. AWS limits an account's calls a second that change groups, and a few visits stay below the limit.
const AT_ONCE: usize = 8;

/// Visits the groups whose rules changed.
pub type RuleWorker = Worker<AppliesRules>;

/// The task of a [`RuleWorker`].
pub enum AppliesRules {}

impl Worker<AppliesRules> {
    #[must_use]
    pub fn new(context: WorkerContext) -> Self {
        Self::of(context, Pace::STREAM)
    }

    /// Visits groups in the order in which they changed, and returns those that must be visited again because the table gave no answer.
    /// Other failures are in the ledger, where the sweeper finds them. So the following records, which belong to other organizations, do
    /// not wait for a provider.
    pub async fn run(
        &self,
        groups: impl IntoIterator<Item = (OrgId, GroupRef)>,
        now: Timestamp,
    ) -> (Report, BTreeSet<(OrgId, GroupRef)>) {
        let visitor = &self.visitor(now);
        let mut seen = BTreeSet::new();
        let groups = groups.into_iter().filter(|group| seen.insert(group.clone()));
        let job = |(org, group): (OrgId, GroupRef)| async move {
            let outcome = visitor.visit(&org, &group).await;
            ((org, group), outcome)
        };
        let turns = in_turn(groups, |(org, _)| org);
        let end = pin!(tokio::time::sleep(self.pace.run));
        let (outcomes, left) = until_time_is_over(turns, AT_ONCE, end, job).await;
        let (mut report, mut again) = (Report { left, ..Report::default() }, BTreeSet::new());
        for (group, outcome) in outcomes {
            let is_again = match outcome {
                Ok(done) => {
                    report.add(&done);
                    done.interrupted > 0
                }
                Err(error) => {
                    tracing::error!(group = %group.1, ?error, "a group was not visited");
                    report.failed += 1;
                    matches!(error, StoreError::Busy(_))
                }
            };
            if is_again {
                again.insert(group);
            }
        }
        (report, again)
    }
}
