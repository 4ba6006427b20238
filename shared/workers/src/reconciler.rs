//! The reconciler: what the cloud has is compared with what the ledger says.
//!
//! | In the cloud | In the ledger | Then |
//! |---|---|---|
//! | with our mark | no such entry | removed: an orphan |
//! | with our mark, lets in something else | an entry | reported: altered by somebody |
//! | nothing | held by sessions | applied again: it was missing |
//! | without our mark | | never touched |

use firewall::{CloudAccess, CloudRule, GroupDescription, RuleTag};
use futures_util::{StreamExt, stream};
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::gathered;
use model::id::OrgId;
use model::ingress::GroupRef;
use model::principal::Actor;
use model::rule::{Presence, Rule, RuleState};
use model::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::keys::Round;
use store::{Due, Finding, GroupItem, Lease, StoreError};

use crate::access::{AccessError, access_of_either};
use crate::group::{rule_entry, say_stuck};
use crate::{Report, Tools};

/// Most groups that one run compares. What is left is the oldest of the next run.
const GROUPS_A_RUN: usize = 1_000;

/// Groups that are compared at once.
const AT_ONCE: usize = 8;

/// Compares groups with the ledger.
#[derive(Clone)]
pub struct RuleReconciler(Tools);

impl RuleReconciler {
    /// A reconciler.
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self(tools)
    }

    /// A run over the groups that were not compared for an hour.
    ///
    /// # Errors
    /// When the table does not say which.
    pub async fn run(&self, now: Timestamp) -> Result<Report, StoreError> {
        let due = self.0.store.due(Round::Reconcile, now, GROUPS_A_RUN).await?;
        let groups: BTreeSet<(OrgId, GroupRef)> = gathered(due.into_iter().filter_map(group));
        let jobs = groups
            .into_iter()
            .map(|(org, group)| async move { (self.compare(&org, &group, now).await, group) });
        let mut jobs = stream::iter(jobs).buffer_unordered(AT_ONCE);
        let mut report = Report::default();
        while let Some((outcome, group)) = jobs.next().await {
            match outcome {
                Ok(done) => report.add(&done),
                Err(error) => {
                    tracing::error!(%group, ?error, "a group was not compared");
                    report.failed += 1;
                }
            }
        }
        Ok(report)
    }

    async fn compare(&self, org: &OrgId, group: &GroupRef, now: Timestamp) -> Result<Report, StoreError> {
        let Some(lease) = self.0.store.lease_group(org, group, now).await? else {
            return Ok(Report { groups_busy: 1, ..Report::default() });
        };
        let report = self.compare_leased(&lease, now).await;
        if report.is_ok() {
            self.say_what_is_stuck(&lease).await?;
            self.0.store.postpone_comparison(&lease, now).await?;
        }
        self.0.store.release_group(&lease).await?;
        report
    }

    async fn compare_leased(&self, lease: &Lease, now: Timestamp) -> Result<Report, StoreError> {
        let (item, rules) = self.0.store.rules_of_group(lease).await?;
        let mut report = Report::default();
        let Some(access) = self.access(lease, &item, &rules).await? else {
            return Ok(report);
        };
        match self.0.firewall.describe(&access, &lease.group).await {
            Ok(seen) => {
                self.remove_orphans(lease, &access, (&seen, &rules), now, &mut report).await?;
                self.report_altered(lease, (&seen, &rules), now, &mut report).await?;
                self.mark_missing(lease, (&seen, &rules), now, &mut report).await?;
            }
            Err(error) => {
                tracing::warn!(group = %lease.group, reason = error.reason(&lease.group), "a group was not seen");
            }
        }
        report.add(&self.0.passes(lease, now).await?);
        Ok(report)
    }

    /// Says it again each hour, in the words of whoever said it first, so that an alarm lasts for as long as the rule.
    async fn say_what_is_stuck(&self, lease: &Lease) -> Result<(), StoreError> {
        let (_, rules) = self.0.store.rules_of_group(lease).await?;
        for rule in rules.iter().filter(|rule| rule.state() == RuleState::Stuck) {
            say_stuck(rule);
        }
        Ok(())
    }

    /// The credential of a rule that is there, or the one that was used last.
    async fn access(
        &self,
        lease: &Lease,
        item: &GroupItem,
        rules: &[Rule],
    ) -> Result<Option<CloudAccess>, StoreError> {
        let of_rules = rules.iter().map(|rule| (rule.credential_id, rule.resource_id));
        let candidates: BTreeSet<_> = gathered(of_rules.chain(item.credential_id.zip(item.resource_id)));
        for (credential, resource) in candidates {
            match access_of_either(&self.0.store, &self.0.vault, &lease.org, credential, resource).await {
                Ok((access, _)) => return Ok(Some(access)),
                Err(AccessError::Store(error)) => return Err(error),
                Err(why) => {
                    tracing::warn!(group = %lease.group, %why, "a group cannot be compared with this credential");
                }
            }
        }
        Ok(None)
    }

    async fn remove_orphans(
        &self,
        lease: &Lease,
        access: &CloudAccess,
        (seen, rules): (&GroupDescription, &[Rule]),
        now: Timestamp,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        for orphan in seen.rules.iter().filter(|found| is_orphan(found, &lease.org, rules)) {
            let answer = self.0.firewall.revoke(access, &lease.group, std::slice::from_ref(&orphan.id)).await;
            let result = if answer.is_ok() { AuditResult::Success } else { AuditResult::Failure };
            report.orphans += usize::from(answer.is_ok());
            let error = answer.err().map(|error| error.reason(&lease.group));
            self.put_on_record(lease, AuditEvent::RuleOrphan, result, (orphan, error), now).await?;
        }
        Ok(())
    }

    async fn report_altered(
        &self,
        lease: &Lease,
        (seen, rules): (&GroupDescription, &[Rule]),
        now: Timestamp,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let is_altered = |found: &&CloudRule| {
            let rule = owner(found, &lease.org, rules);
            rule.is_some_and(|rule| found.ingress != Some(rule.ingress))
        };
        for altered in seen.rules.iter().filter(is_altered) {
            report.altered += 1;
            self.put_on_record(lease, AuditEvent::RuleAltered, AuditResult::Failure, (altered, None), now)
                .await?;
        }
        Ok(())
    }

    /// Says in the ledger that a rule is not there: the pass that follows applies it again.
    async fn mark_missing(
        &self,
        lease: &Lease,
        (seen, rules): (&GroupDescription, &[Rule]),
        now: Timestamp,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let is_missing = |rule: &&Rule| {
            let is_held = rule.is_wanted() && matches!(rule.presence, Presence::Present | Presence::Foreign);
            is_held && seen.find(&rule.ingress).is_none()
        };
        for rule in rules.iter().filter(is_missing) {
            let absent = Finding { presence: Presence::Absent, ..Finding::of(rule, now) };
            if self.0.store.record_finding(&lease.org, rule, &absent).await?.is_some() {
                report.missing += 1;
                let details = json!({
                    "region": rule.group.region, "groupId": rule.group.group_id, "cidr": rule.ingress.cidr(),
                    "providerRuleId": rule.provider_rule_id,
                });
                let entry = rule_entry(AuditEvent::RuleMissing, &rule.id, AuditResult::Failure, &details);
                self.0.store.record_attempt(&Actor::system(lease.org.clone()), &entry, now).await?;
            }
        }
        Ok(())
    }

    async fn put_on_record(
        &self,
        lease: &Lease,
        event: AuditEvent,
        result: AuditResult,
        (found, error): (&CloudRule, Option<String>),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            event,
            subject: AuditSubject::Rule,
            subject_id: found.tag.as_ref().map_or_else(|| found.id.clone(), |tag| tag.rule.clone()),
            subject_name: None,
            result,
            details: described(&lease.group, found, error).as_object().cloned().unwrap_or_default(),
        };
        tracing::warn!(group = %lease.group, rule = found.id, ?event, "a group differs from the ledger");
        self.0.store.record_attempt(&Actor::system(lease.org.clone()), &entry, now).await
    }
}

fn group(due: Due) -> Option<(OrgId, GroupRef)> {
    match due {
        Due::Group(org, group) => Some((org, group)),
        Due::Session(..)
        | Due::Rows(..)
        | Due::Ending(..)
        | Due::Resource(..)
        | Due::Credential(..)
        | Due::Rule(..) => None,
    }
}

fn described(group: &GroupRef, found: &CloudRule, error: Option<String>) -> Value {
    json!({
        "region": group.region, "groupId": group.group_id, "providerRuleId": found.id,
        "cidr": found.ingress.map(|ingress| ingress.cidr()), "error": error,
    })
}

/// The mark of this organization.
fn own_tag<'r>(found: &'r CloudRule, org: &OrgId) -> Option<&'r RuleTag> {
    found.tag.as_ref().filter(|tag| tag.org == org.as_str())
}

/// The entry whose mark a rule has, or that lets in the same.
fn owner<'r>(found: &CloudRule, org: &OrgId, rules: &'r [Rule]) -> Option<&'r Rule> {
    let tag = own_tag(found, org)?;
    rules.iter().find(|rule| rule.id.to_string() == tag.rule)
}

fn is_orphan(found: &CloudRule, org: &OrgId, rules: &[Rule]) -> bool {
    own_tag(found, org).is_some()
        && owner(found, org, rules).is_none()
        && !rules.iter().any(|rule| found.ingress == Some(rule.ingress))
}
