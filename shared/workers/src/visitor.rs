//! What a run needs to visit groups, and what each visit does with its lease and its failures.

use model::id::OrgId;
use model::time::Timestamp;
use store::{GroupLease, StoreError};

use crate::circuit::CircuitBreaker;
use crate::context::{Clock, WorkerContext};
use crate::mark::Mark;
use crate::report::Report;
use crate::turns::Pace;

/// What a run needs to visit groups.
pub(crate) struct Visitor<'a> {
    pub(crate) context: &'a WorkerContext,
    pub(crate) circuit: &'a CircuitBreaker,
    pub(crate) pace: Pace,
    /// When the run began.
    pub(crate) now: Timestamp,
    pub(crate) clock: Option<&'a Clock>,
    /// Seconds after which a rule of another organization or deployment is looked at again.
    pub(crate) looks_again_after: i64,
}

impl Visitor<'_> {
    /// The time at which something was seen. A clock that goes back is not followed.
    pub(crate) fn seen_at(&self) -> Timestamp {
        self.clock.map_or(self.now, |clock| clock().max(self.now))
    }

    /// The mark of an organization's rules. One without a deployment, where that cannot be read: what is known by its id goes all the same.
    pub(crate) async fn mark(&self, org: &OrgId) -> Result<Mark, StoreError> {
        let deployment = match self.context.store.deployment(self.now).await {
            Ok(id) => Some(id),
            Err(StoreError::Defect(cause)) => {
                tracing::error!(?cause, "the deployment cannot be read, and no rules are made");
                None
            }
            Err(error) => return Err(error),
        };
        Ok(Mark { org: org.clone(), deployment })
    }

    /// Works on a leased group. A group is given back also when that fails.
    pub(crate) async fn hold(
        &self,
        lease: &GroupLease,
        report: &mut Report,
        work: impl Future<Output = Result<Report, StoreError>>,
    ) -> Result<(), StoreError> {
        let error = match work.await {
            Ok(done) => {
                report.add(&done);
                return Ok(());
            }
            Err(error) => error,
        };
        if let Err(error) = self.context.store.give_up_group(lease).await {
            // The lease ends by itself.
            tracing::warn!(group = %lease.group, ?error, "a group was not given back");
        }
        Err(error)
    }

    pub(crate) fn failed(&self, lease: &GroupLease, error: &StoreError, what: &str, report: &mut Report) {
        tracing::error!(group = %lease.group, ?error, "{what}");
        report.failed += 1;
        report.interrupted += usize::from(matches!(error, StoreError::Busy(_)));
    }
}
