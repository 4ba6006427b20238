//! An administrator says that a stuck rule is gone.

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject, details};
use model::id::RuleId;
use model::principal::Actor;
use model::refusal::Refusal;
use model::rule::{Resolution, Rule, RuleState};
use model::session::RuleEvent;
use model::time::Timestamp;
use serde_json::json;

use super::Notice;
use crate::ledger::due::{SET_DUE, due_values};
use crate::ledger::rule::{FoundData, RuleEntry, finding, key_of};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::idempotency::Recorded;
use crate::table::item::{data, number};
use crate::table::keys::Round;
use crate::table::retry::{Attempt, retry_stale};
use crate::table::transaction::{Commit, Failed, Transaction};

/// Only the id of a resolved rule is kept.
impl Recorded for RuleId {
    type Data = Self;

    fn to_data(&self) -> Self {
        *self
    }

    fn from_data(data: Self) -> Result<Self, StoreError> {
        Ok(data)
    }
}

impl Store {
    /// Settles the rows of a stuck rule because an administrator says that it is gone. Its resources can be deleted then. If the rule
    /// still exists, the reconciler finds it by its mark.
    ///
    /// # Errors
    /// `RuleNotFound`; `RuleNotStuck`; busy or defect.
    pub async fn resolve_rule(
        &self,
        actor: &Actor,
        id: RuleId,
        resolution: &Resolution,
        now: Timestamp,
    ) -> Result<RuleId, StoreError> {
        self.idempotent(actor, now, async {
            retry_stale("the rule changed", || async {
                let rule = self.rule_with_id(&actor.org, id).await?.ok_or(Refusal::RuleNotFound(id))?;
                if rule.state() != RuleState::Stuck {
                    return Err(Refusal::RuleNotStuck.into());
                }
                if self.write_resolution(actor, &rule, resolution, now).await? {
                    self.finish_resolution(actor, &rule, resolution, now).await?;
                    return Ok(Attempt::Done(id));
                }
                Ok(Attempt::STALE)
            })
            .await
        })
        .await
    }

    async fn write_resolution(
        &self,
        actor: &Actor,
        rule: &Rule,
        resolution: &Resolution,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = key_of(&actor.org, rule);
        let found = FoundData { last_error: rule.last_error.clone(), ..FoundData::absent() };
        let text = format!("SET #found = :found, #revision = #revision + :one, {SET_DUE}");
        let update = Expression::new(text, due_values(&key, Round::Sweep, now))
            .with(":found", data(&found)?)
            .with(":one", number(1));
        // A stuck rule has no holders. A row that joins it changes its generation.
        let seen = finding::unchanged(rule)?;
        let mut tx = Transaction::idempotent(self, actor, &rule.id, now)?;
        tx.update(&key, &update, &seen, |_| Failed::Stale);
        Ok(matches!(tx.commit(actor, &entry(rule, resolution), now).await?, Commit::Done(_)))
    }

    /// The sweeper finishes what is interrupted here.
    async fn finish_resolution(
        &self,
        actor: &Actor,
        rule: &RuleEntry,
        resolution: &Resolution,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let note = format!("Resolved by an administrator: {}", resolution.reason);
        let event = RuleEvent::Removed(Some(note));
        let notice = Notice { rule: rule.clone(), holders: rule.leaving.clone(), event };
        self.notify_rows(&actor.org, &[notice], now).await?;
        if let Some(rule) = self.rule_with_id(&actor.org, rule.id).await? {
            self.forget_rule(&actor.org, &rule).await?;
        }
        Ok(())
    }
}

fn entry(rule: &Rule, resolution: &Resolution) -> AuditEntry {
    let described = json!({
        "reason": resolution.reason, "region": rule.group.region, "groupId": rule.group.group_id,
        "cidr": rule.ingress.cidr(), "providerRuleId": rule.provider_rule_id, "lastError": rule.last_error,
    });
    AuditEntry {
        event: AuditEvent::RuleResolve,
        subject: AuditSubject::Rule,
        subject_id: rule.id.to_string(),
        subject_name: None,
        result: AuditResult::Success,
        details: details(described),
    }
}
