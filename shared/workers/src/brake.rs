//! Throttling is obeyed: once the provider takes no more calls of an organization in a region, a run leaves the other groups
//! there for the next one. They stay due.

use model::id::OrgId;
use model::ingress::GroupRef;
use model::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use store::StoreError;

use crate::{Report, Tools};

/// Where a run has been told to stop.
#[derive(Default)]
pub(crate) struct Brake(Mutex<BTreeSet<(OrgId, String)>>);

impl Brake {
    /// Looks after a group, unless the provider takes no more calls there.
    pub(crate) async fn look_after_group(
        &self,
        tools: &Tools,
        (org, group): (&OrgId, &GroupRef),
        now: Timestamp,
    ) -> Result<Report, StoreError> {
        let place = (org.clone(), group.region.clone());
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&place) {
            return Ok(Report { groups_postponed: 1, ..Report::default() });
        }
        let report = tools.look_after_group(org, group, now).await?;
        if report.groups_throttled > 0 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
        }
        Ok(report)
    }
}
