//! Waking rules: an immediate attempt for rules that wait for one.
//!
//! The table's stream wakes a worker for rules whose generation has changed. So waking a rule is an update of its entry: no failed
//! attempts, due now, the next generation. The provider's last error stays, so that people see why the rule waited.

use futures_util::{StreamExt, stream};
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject, details};
use model::id::{OrgId, RuleId};
use model::ingress::GroupRef;
use model::principal::Actor;
use model::refusal::Refusal;
use model::rule::{Rule, RuleState};
use model::time::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;

use super::{key_of, rule};
use crate::ledger::due::{SET_DUE, due_values};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Each, data, keys_of, number, text};
use crate::table::keys::{self, Key, Round};
use crate::table::retry::{Attempt, retry_stale};
use crate::table::transaction::{Commit, Failed, Transaction};

/// Concurrent updates of rules.
const AT_ONCE: usize = 8;

/// The organization's rules from the listing index. Rules of the last second may be missing.
pub(crate) struct ListedRules {
    pub(crate) rules: Vec<Rule>,
    /// Number of unreadable rules.
    pub(crate) unreadable: usize,
}

impl ListedRules {
    fn read(items: Vec<Each>) -> Self {
        let mut listed = Self { rules: Vec::new(), unreadable: 0 };
        for found in items {
            match found.and_then(|item| item.read_as(rule)) {
                Ok(rule) => listed.rules.push(rule),
                Err(error) => {
                    tracing::error!(?error, "a rule cannot be read, and is not woken");
                    listed.unreadable += 1;
                }
            }
        }
        listed
    }
}

impl Store {
    /// Makes a rule that waits after a failed attempt due at once. A rule that is being tried is refused: each wake-up makes its worker
    /// read it again, so repeated calls could stop the work.
    ///
    /// # Errors
    /// `RuleNotFound`; `RuleNotWaiting`; busy or defect.
    pub async fn retry_rule(&self, actor: &Actor, id: RuleId, now: Timestamp) -> Result<RuleId, StoreError> {
        self.idempotent(actor, now, async {
            retry_stale("the rule changed", || async {
                let rule = self.rule_with_id(&actor.org, id).await?.ok_or(Refusal::RuleNotFound(id))?;
                if !is_waiting(&rule) || rule.state() == RuleState::Applied {
                    return Err(Refusal::RuleNotWaiting.into());
                }
                let key = key_of(&actor.org, &rule);
                let mut tx = Transaction::idempotent(self, actor, &id, now)?;
                tx.update(&key, &awake(&key, now)?, &super::finding::unchanged(&rule)?, |_| Failed::Stale);
                if let Commit::Done(_) = tx.commit(actor, &entry(&rule), now).await? {
                    return Ok(Attempt::Done(id));
                }
                Ok(Attempt::STALE)
            })
            .await
        })
        .await
    }

    /// Wakes the rules of a group that wait for an attempt after a failed one.
    pub(crate) async fn wake_rules_of_group(
        &self,
        org: &OrgId,
        group: &GroupRef,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut items = self.query_partition_each(&keys::group_partition(org, group)).await?;
        items.retain(|found| keys_of(found).1.starts_with("RULE#"));
        let listed = ListedRules::read(items);
        self.wake_rules(org, &listed.rules.iter().collect::<Vec<_>>(), now).await.map(drop)
    }

    /// The organization's rules, as the list has them.
    pub(crate) async fn listed_rules(&self, org: &OrgId) -> Result<ListedRules, StoreError> {
        let all = Expression::new("#listingPk = :pk", [(":pk", text(keys::rules(org)))]);
        Ok(ListedRules::read(self.query_listing(&all, None, |_| false).await?))
    }

    /// Wakes the rules that wait after a failed attempt, and returns their groups. The others are woken even if one fails.
    pub(crate) async fn wake_rules(
        &self,
        org: &OrgId,
        rules: &[&Rule],
        now: Timestamp,
    ) -> Result<BTreeSet<GroupRef>, StoreError> {
        let waiting: Vec<&Rule> = rules.iter().copied().filter(|rule| is_waiting(rule)).collect();
        let jobs = waiting.iter().map(|rule| self.wake(org, rule, now)).collect::<Vec<_>>();
        let outcomes: Vec<_> = stream::iter(jobs).buffer_unordered(AT_ONCE).collect().await;
        outcomes.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(waiting.into_iter().map(|rule| rule.group.clone()).collect())
    }

    /// The condition requires the same entry, still waiting. A new finding or new holders make no difference.
    async fn wake(&self, org: &OrgId, rule: &Rule, now: Timestamp) -> Result<(), StoreError> {
        let key = key_of(org, rule);
        let waits = Expression::new(
            "#data.#id = :id AND (#found.#attempts > :zero OR #found.#isRefused = :yes)",
            [(":id", data(&rule.id)?), (":yes", data(&true)?)],
        );
        self.update_if(&key, &awake(&key, now)?, &waits).await.map(drop)
    }
}

fn is_waiting(rule: &Rule) -> bool {
    rule.attempts > 0 || rule.is_refused
}

/// The update that wakes a worker and allows an immediate attempt.
fn awake(key: &Key, now: Timestamp) -> Result<Expression, StoreError> {
    let text = format!(
        "SET {SET_DUE}, #found.#attempts = :zero, #found.#isRefused = :no ADD #{} :one",
        keys::GENERATION
    );
    let update = Expression::new(text, due_values(key, Round::Sweep, now));
    Ok(update.with(":zero", number(0)).with(":no", data(&false)?).with(":one", number(1)))
}

fn entry(rule: &Rule) -> AuditEntry {
    let described = json!({
        "region": rule.group.region, "groupId": rule.group.group_id, "cidr": rule.ingress.cidr(),
        "providerRuleId": rule.provider_rule_id, "state": rule.state(), "attempts": rule.attempts,
        "lastError": rule.last_error,
    });
    AuditEntry {
        event: AuditEvent::RuleRetry,
        subject: AuditSubject::Rule,
        subject_id: rule.id.to_string(),
        subject_name: None,
        result: AuditResult::Success,
        details: details(described),
    }
}
