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

/// Groups that are visited at once. AWS allows an account some calls a second to change groups; a few groups at once stay below
/// that.
const AT_ONCE: usize = 8;

/// Visits the groups whose rules changed.
pub type RuleWorker = Worker<AppliesRules>;

/// The task of a [`RuleWorker`].
pub enum AppliesRules {}

impl Worker<AppliesRules> {
    /// A worker that knows nothing of any account yet.
    #[must_use]
    pub fn new(context: WorkerContext) -> Self {
        Self::of(context, Pace::STREAM)
    }

    /// Visits some groups in the order in which they changed, and says which of them must be visited again because the table gave
    /// no answer. Everything else that did not succeed is in the ledger, and the sweeper finds it there: the records of other
    /// organizations stand behind these, and must not wait for a provider.
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
