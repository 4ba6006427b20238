//! The reconciler: it compares the cloud with the ledger.
//!
//! | In the cloud | In the ledger | Then |
//! |---|---|---|
//! | with our mark | no such entry | removed: an orphan |
//! | with our mark, lets in something else | an entry | reported: altered |
//! | nothing | held by sessions | applied again: it was missing |
//! | without our mark, or with that of another deployment | | never touched |

use firewall::{CloudAccess, CloudRule, GroupDescription, Purpose};
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject, details};
use model::id::{CredentialId, OrgId, ResourceId};
use model::ingress::GroupRef;
use model::principal::Actor;
use model::rule::{Presence, Rule, RuleState};
use model::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::pin::pin;
use store::keys::Round;
use store::{Due, Finding, GroupLease, GroupLedger, Released, Store, StoreError};

use crate::access::{access_of_former, candidates};
use crate::circuit::{Ending, Place};
use crate::context::WorkerContext;
use crate::group::{rule_entry, say_stuck};
use crate::mark::Mark;
use crate::patience::Patience;
use crate::report::Report;
use crate::turns::Pace;
use crate::turns::{in_turn, until_time_is_over};
use crate::visitor::Visitor;
use crate::worker::Worker;

/// Most groups of one run. The next run begins with the oldest of the rest.
const GROUPS_A_RUN: usize = 1_000;

/// Concurrent comparisons.
const AT_ONCE: usize = 8;

/// Compares groups with the ledger.
pub type RuleReconciler = Worker<Compares>;

/// The task of a [`RuleReconciler`].
pub enum Compares {}

impl Worker<Compares> {
    #[must_use]
    pub fn new(context: WorkerContext) -> Self {
        Self::of(context, Pace::SCHEDULE)
    }

    /// Compares the groups whose last comparison is an hour old.
    ///
    /// # Errors
    /// If the table does not answer.
    pub async fn run(&self, now: Timestamp) -> Result<Report, StoreError> {
        let due = self.context.store.due(Round::Reconcile, now, GROUPS_A_RUN).await?.due;
        let comparison = &Comparison { visitor: self.visitor(now) };
        let job =
            |(org, group): (OrgId, GroupRef)| async move { (comparison.compare(&org, &group).await, group) };
        let turns = in_turn(due.into_iter().filter_map(group), |(org, _)| org);
        let end = pin!(tokio::time::sleep(self.pace.run));
        let (outcomes, left) = until_time_is_over(turns, AT_ONCE, end, job).await;
        let mut report = Report { left, ..Report::default() };
        for (outcome, group) in outcomes {
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
}

/// The comparisons of a run.
struct Comparison<'a> {
    visitor: Visitor<'a>,
}

/// The description of a group, with its credential.
struct Seen {
    access: CloudAccess,
    description: GroupDescription,
    /// The mark of our rules.
    mark: Mark,
}

impl Comparison<'_> {
    fn store(&self) -> &Store {
        &self.visitor.context.store
    }

    /// Compares a group. A group that cannot be compared is postponed like the others, so that it takes no other group's turn.
    async fn compare(&self, org: &OrgId, group: &GroupRef) -> Result<Report, StoreError> {
        let Some(lease) = self.store().lease_group(org, group, self.visitor.now).await? else {
            return Ok(Report { groups_busy: 1, ..Report::default() });
        };
        let mut report = Report { groups: 1, ..Report::default() };
        self.visitor.hold(&lease, &mut report, self.compare_leased(&lease)).await?;
        Ok(report)
    }

    async fn compare_leased(&self, lease: &GroupLease) -> Result<Report, StoreError> {
        self.store().postpone_comparison(lease, self.visitor.now).await?;
        let (mut report, patience) = (Report::default(), Patience::of(self.visitor.pace.visit));
        match self.look(lease, &mut report, &patience).await? {
            Some(seen) => self.correct(lease, &seen, &mut report, &patience).await?,
            None => report.groups_unseen = 1,
        }
        loop {
            self.visitor.passes(lease, &mut report, &patience).await?;
            if self.store().release_group(lease).await? == Released::Done {
                break;
            }
        }
        self.say_what_is_stuck(lease).await?;
        Ok(report)
    }

    /// Describes a group with each of its known credentials, until one succeeds.
    async fn look(
        &self,
        lease: &GroupLease,
        report: &mut Report,
        patience: &Patience,
    ) -> Result<Option<Seen>, StoreError> {
        let ledger = self.store().rules_of_group(lease).await?;
        let of_rules = ledger.rules.iter().map(|rule| (rule.credential_id, rule.resource_id));
        let known: BTreeSet<_> = of_rules.chain(ledger.last_access).collect();
        for with in known {
            match self.look_with(lease, with, report, patience).await {
                Ok(Some(seen)) => return Ok(Some(seen)),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(group = %lease.group, ?error, "a credential cannot be read");
                    report.failed += 1;
                }
            }
        }
        Ok(None)
    }

    async fn look_with(
        &self,
        lease: &GroupLease,
        with: (CredentialId, ResourceId),
        report: &mut Report,
        patience: &Patience,
    ) -> Result<Option<Seen>, StoreError> {
        let Visitor { context, circuit, now, .. } = self.visitor;
        let place = Place::Credential(lease.org.clone(), with.0, lease.group.region.clone());
        let Some(trial) = circuit.admit(place, now) else {
            report.groups_postponed = 1;
            return Ok(None);
        };
        for access in self.accesses(lease, with, report).await? {
            trial.begin();
            let described = patience.wait_for(context.firewall.describe(&access, &lease.group)).await;
            trial.end(match &described {
                Err(_) if patience.is_over() => Ending::Overloaded,
                Err(error) => Ending::of(error),
                Ok(_) => Ending::Answered,
            });
            report.groups_timed_out = usize::from(patience.is_over());
            match described {
                Ok(description) => {
                    let mark = self.visitor.mark(&lease.org).await?;
                    return Ok(Some(Seen { access, description, mark }));
                }
                Err(error) => {
                    let reason = error.kind();
                    tracing::warn!(group = %lease.group, reason, "a group was not seen with this credential");
                }
            }
        }
        Ok(None)
    }

    /// The usable values of a credential, present and former.
    async fn accesses(
        &self,
        lease: &GroupLease,
        with: (CredentialId, ResourceId),
        report: &mut Report,
    ) -> Result<Vec<CloudAccess>, StoreError> {
        let (context, org) = (self.visitor.context, &lease.org);
        let candidates = candidates(&context.store, &context.vault, org, with, Purpose::Compare).await?;
        report.failed += usize::from(candidates.is_defect);
        let mut accesses = Vec::new();
        match candidates.present {
            Ok(present) => accesses.push(present.access),
            Err(why) => {
                tracing::warn!(group = %lease.group, why, "a group cannot be compared with this credential");
            }
        }
        for former in &candidates.former {
            let access = access_of_former(&context.vault, org, with.0, former).await;
            accesses.extend(access.map(|access| access.on_behalf_of(org, &Purpose::Compare)));
        }
        Ok(accesses)
    }

    /// Corrects the differences. The ledger is read after the description, while this worker has the lease. So an entry that is missing
    /// then was missing when the cloud was described.
    async fn correct(
        &self,
        lease: &GroupLease,
        seen: &Seen,
        report: &mut Report,
        patience: &Patience,
    ) -> Result<(), StoreError> {
        let ledger = self.store().rules_of_group(lease).await?;
        self.mark_missing(lease, (seen, &ledger), report).await?;
        self.report_altered(lease, (seen, &ledger), report).await?;
        let orphans: Vec<_> =
            seen.description.rules.iter().filter(|found| is_orphan(found, &seen.mark, &ledger)).collect();
        self.remove_orphans(lease, (&seen.access, &orphans), report, patience).await
    }

    /// Logged each hour in the same words, so that the alarm lasts as long as the rule.
    async fn say_what_is_stuck(&self, lease: &GroupLease) -> Result<(), StoreError> {
        let ledger = self.store().rules_of_group(lease).await?;
        for rule in ledger.rules.iter().filter(|rule| rule.state() == RuleState::Stuck) {
            say_stuck(rule);
        }
        Ok(())
    }

    async fn remove_orphans(
        &self,
        lease: &GroupLease,
        (access, orphans): (&CloudAccess, &[&CloudRule]),
        report: &mut Report,
        patience: &Patience,
    ) -> Result<(), StoreError> {
        let firewall = &self.visitor.context.firewall;
        for orphan in orphans {
            // The next comparison goes on if there is no time left.
            if patience.is_over() || !self.store().is_leased(lease).await? {
                return Ok(());
            }
            let ids = std::slice::from_ref(&orphan.id);
            let answer = patience.wait_for(firewall.revoke(access, &lease.group, ids)).await;
            let result = if answer.is_ok() { AuditResult::Success } else { AuditResult::Failure };
            report.orphans += usize::from(answer.is_ok());
            let error = answer.err().map(|error| error.reason(&lease.group));
            self.put_on_record(lease, AuditEvent::RuleOrphan, result, (orphan, error)).await?;
        }
        Ok(())
    }

    async fn report_altered(
        &self,
        lease: &GroupLease,
        (seen, ledger): (&Seen, &GroupLedger),
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let is_altered = |found: &&CloudRule| {
            let rule = entry_of(found, &seen.mark, &ledger.rules);
            rule.is_some_and(|rule| found.ingress != Some(rule.ingress))
        };
        for altered in seen.description.rules.iter().filter(is_altered) {
            report.altered += 1;
            let found = (altered, None);
            self.put_on_record(lease, AuditEvent::RuleAltered, AuditResult::Failure, found).await?;
        }
        Ok(())
    }

    /// Records that a rule was not seen. The following pass describes the group again, and applies the rule if it is missing.
    async fn mark_missing(
        &self,
        lease: &GroupLease,
        (seen, ledger): (&Seen, &GroupLedger),
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let now = self.visitor.now;
        let is_missing = |rule: &&Rule| {
            let is_held = rule.is_wanted() && matches!(rule.presence, Presence::Present | Presence::Foreign);
            is_held && seen.description.find(&rule.ingress).is_none()
        };
        for rule in ledger.rules.iter().filter(is_missing) {
            let finding = missing(rule, now);
            if self.store().record_finding(&lease.org, rule, &finding).await?.is_some() {
                report.missing += 1;
                let described = json!({
                    "region": rule.group.region, "groupId": rule.group.group_id, "cidr": rule.ingress.cidr(),
                    "providerRuleId": rule.provider_rule_id,
                });
                let entry = rule_entry(AuditEvent::RuleMissing, &rule.id, AuditResult::Failure, described);
                self.store()
                    .record_denial(&Actor::system(lease.org.clone()), &entry, self.visitor.seen_at())
                    .await?;
            }
        }
        Ok(())
    }

    async fn put_on_record(
        &self,
        lease: &GroupLease,
        event: AuditEvent,
        result: AuditResult,
        (found, error): (&CloudRule, Option<String>),
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            event,
            subject: AuditSubject::Rule,
            subject_id: found.tag.as_ref().map_or_else(|| found.id.clone(), |tag| tag.rule.clone()),
            subject_name: None,
            result,
            details: details(described(&lease.group, found, error)),
        };
        tracing::warn!(group = %lease.group, rule = found.id, ?event, "a group differs from the ledger");
        self.store().record_denial(&Actor::system(lease.org.clone()), &entry, self.visitor.seen_at()).await
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

/// The finding about a rule that a description does not show. The description may be stale, so our rule keeps its id. Another owner's
/// rule must not become ours by its id.
fn missing(rule: &Rule, now: Timestamp) -> Finding {
    let known = Finding::of(rule, now);
    if rule.presence == Presence::Foreign {
        Finding { presence: Presence::Absent, provider_rule_id: None, may_vanish: false, ..known }
    } else {
        Finding { presence: Presence::Unknown, ..known }
    }
}

fn described(group: &GroupRef, found: &CloudRule, error: Option<String>) -> Value {
    json!({
        "region": group.region, "groupId": group.group_id, "providerRuleId": found.id,
        "cidr": found.ingress.map(|ingress| ingress.cidr()), "error": error,
    })
}

/// The entry that a rule's mark names.
fn entry_of<'r>(found: &CloudRule, mark: &Mark, rules: &'r [Rule]) -> Option<&'r Rule> {
    rules.iter().find(|rule| mark.names(found, rule))
}

/// Whether a rule with our tag belongs to no entry, neither by its tag, nor by what it lets in, nor by the provider's id.
fn is_orphan(found: &CloudRule, mark: &Mark, ledger: &GroupLedger) -> bool {
    let is_known = |rule: &Rule| found.ingress == Some(rule.ingress) || rule.is_known_as(&found.id);
    // A rule of an unreadable entry may still be wanted.
    let may_be_wanted = found.ingress.is_none_or(|ingress| ledger.unreadable_ingress.contains(&ingress));
    mark.is_own(found)
        && entry_of(found, mark, &ledger.rules).is_none()
        && !ledger.rules.iter().any(is_known)
        && !(ledger.unreadable > 0 && may_be_wanted)
}
