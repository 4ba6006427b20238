//! What a worker found out about a rule.

use model::account::AccountId;
use model::id::{CredentialId, OrgId, ResourceId};
use model::rule::{Presence, Rule};
use model::text::said;
use model::time::Timestamp;

use super::{FoundData, GroupLease, key_of, rule};
use crate::ledger::due::{SET_DUE, due_values};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{data, number, text as text_value};
use crate::table::keys::{self, Key, Round};
use crate::table::transaction::{Failed, Receipt, Transaction};

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is known of the rule in the cloud.
    pub presence: Presence,
    /// The provider's id.
    pub provider_rule_id: Option<String>,
    /// Attempts that failed since the last one that did not.
    pub attempts: u32,
    /// What the provider said, if it said no.
    pub last_error: Option<String>,
    /// Whether the provider refused, rather than gave no answer.
    pub is_refused: bool,
    /// The account in which the rule was applied.
    pub account: Option<AccountId>,
    /// Until then a call that was sent may still take effect, or may not be visible yet.
    pub unsettled_until: Option<Timestamp>,
    /// Whether the removal of `provider_rule_id` was asked for.
    pub is_removal_sent: bool,
    /// Whether it belongs to another organization or deployment of Postern.
    pub may_vanish: bool,
    /// The last of the other rows' credentials that was tried, where more of them are to be tried.
    pub asked_up_to: Option<CredentialId>,
    /// The credential with which to ask for it, and the resource that has it.
    pub access: (CredentialId, ResourceId),
    /// The generation at which the last attempt failed.
    pub failed_generation: Option<u64>,
    /// When to look after the rule next; the sweeper does.
    pub due_at: Timestamp,
}

impl Finding {
    /// What is known already, to be looked after again at a time.
    #[must_use]
    pub fn of(rule: &Rule, due_at: Timestamp) -> Self {
        Self {
            presence: rule.presence,
            provider_rule_id: rule.provider_rule_id.clone(),
            attempts: rule.attempts,
            last_error: rule.last_error.clone(),
            is_refused: rule.is_refused,
            account: rule.account,
            unsettled_until: rule.unsettled_until,
            is_removal_sent: rule.is_removal_sent,
            may_vanish: rule.may_vanish,
            asked_up_to: rule.asked_up_to,
            access: (rule.credential_id, rule.resource_id),
            failed_generation: rule.failed_generation,
            due_at,
        }
    }

    fn data(&self) -> FoundData {
        FoundData {
            presence: self.presence,
            provider_rule_id: self.provider_rule_id.clone(),
            attempts: self.attempts,
            last_error: self.last_error.as_deref().map(said),
            is_refused: self.is_refused,
            account: self.account,
            unsettled_until: self.unsettled_until.map(Timestamp::unix_millis),
            is_removal_sent: self.is_removal_sent,
            may_vanish: self.may_vanish,
            asked_up_to: self.asked_up_to,
            failed_generation: self.failed_generation,
        }
    }

    /// What is written of it, whenever the rule is looked after next.
    fn expression(&self) -> Result<Expression, StoreError> {
        let text = "#found = :found, #credentialId = :credential, #resourceId = :resource, #revision = #revision + :one";
        let (credential, resource) = self.access;
        Ok(Expression::new(text, [(":one", number(1)), (":found", data(&self.data())?)])
            .with(":credential", text_value(credential.to_string()))
            .with(":resource", text_value(resource.to_string())))
    }

    /// The same, with when the rule is looked after next.
    fn with_due(&self, key: &Key) -> Result<Expression, StoreError> {
        let found = self.expression()?;
        let text = format!("SET {}, {SET_DUE}", found.text).into();
        let due = due_values(key, Round::Sweep, self.due_at);
        let update = due.into_iter().fold(found, |update, (name, value)| update.with(name, value));
        Ok(Expression { text, ..update })
    }

    /// The rule as it is when this has been recorded and nothing else has changed.
    fn applied_to(&self, rule: &Rule) -> Rule {
        Rule {
            presence: self.presence,
            provider_rule_id: self.provider_rule_id.clone(),
            attempts: self.attempts,
            last_error: self.last_error.as_deref().map(said),
            is_refused: self.is_refused,
            account: self.account,
            unsettled_until: self.unsettled_until,
            is_removal_sent: self.is_removal_sent,
            may_vanish: self.may_vanish,
            asked_up_to: self.asked_up_to,
            credential_id: self.access.0,
            resource_id: self.access.1,
            failed_generation: self.failed_generation,
            due_at: Some(self.due_at),
            revision: rule.revision + 1,
            ..rule.clone()
        }
    }
}

/// Intents of one transaction, which also has the condition on the lease.
const INTENTS_AT_ONCE: usize = 90;

impl Store {
    /// Records a finding, and returns the rule as it is then; nothing when somebody else has found something since, or the
    /// rule is another one by now. Who holds it may have changed meanwhile: a finding is true all the same.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn record_finding(
        &self,
        org: &OrgId,
        seen: &Rule,
        finding: &Finding,
    ) -> Result<Option<Rule>, StoreError> {
        let key = key_of(org, seen);
        let found = finding.expression()?;
        let with_due = finding.with_due(&key)?;
        let unchanged = unchanged(seen)?;
        if let Some(item) = self.updated_if(&key, &with_due, &unchanged).await? {
            return rule(&item).map(Some);
        }
        // Whoever joined or left meanwhile has said when to look after the rule.
        let without_due = Expression { text: format!("SET {}", found.text).into(), ..found };
        self.updated_if(&key, &without_due, &same(seen)?).await?.as_ref().map(rule).transpose()
    }

    /// Records what the provider is about to be asked for, before it is asked: the rules for which that was recorded, as they are
    /// then. A rule that somebody has joined, left or looked at since it was read is left out. Nothing at all is recorded when the
    /// group was leased to another worker meanwhile: then this worker must not ask.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn record_intents(
        &self,
        lease: &GroupLease,
        intents: &[(Rule, Finding)],
    ) -> Result<Option<Vec<Rule>>, StoreError> {
        let mut recorded = Vec::new();
        for some in intents.chunks(INTENTS_AT_ONCE) {
            let mut tx = Transaction::new(self);
            lease.require(&mut tx);
            for (rule, intent) in some {
                let key = key_of(&lease.org, rule);
                let update = intent.with_due(&key)?;
                tx.update(&key, &update, &unchanged(rule)?, |_| Failed::Needless);
            }
            let Some(done) = tx.follow_up_as_far_as_unchanged(&Receipt::of_remains()).await? else {
                return Ok(None);
            };
            // The first write is the condition on the lease.
            let done = done.iter().filter_map(|place| some.get(place.checked_sub(1)?));
            recorded.extend(done.map(|(rule, intent)| intent.applied_to(rule)));
        }
        Ok(Some(recorded))
    }

    /// Takes a rule off the sweeper's list, if nobody has joined or left it since it was read.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn settle_rule(&self, org: &OrgId, seen: &Rule) -> Result<bool, StoreError> {
        let update = Expression::new("REMOVE #duePk, #dueSk", []);
        let quiet = unchanged_and(seen, "attribute_not_exists(#fresh) AND attribute_not_exists(#leaving)")?;
        self.update_if(&key_of(org, seen), &update, &quiet).await
    }

    /// Removes the item of a rule that is gone and that nobody holds or waits for.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn forget_rule(&self, org: &OrgId, seen: &Rule) -> Result<bool, StoreError> {
        let free = unchanged_and(seen, "attribute_not_exists(#holders) AND attribute_not_exists(#leaving)")?;
        self.delete_if(&key_of(org, seen), &free).await
    }
}

/// It is the same entry, and nobody has found anything since.
fn same(seen: &Rule) -> Result<Expression, StoreError> {
    Ok(Expression::new(
        "#data.#id = :id AND #revision = :revision",
        [(":id", data(&seen.id)?), (":revision", number(seen.revision))],
    ))
}

/// It is the same entry, nobody has found anything since, and nobody has joined or left.
pub(crate) fn unchanged(seen: &Rule) -> Result<Expression, StoreError> {
    let same = same(seen)?;
    let text = format!("{} AND #{} = :generation", same.text, keys::GENERATION);
    Ok(Expression { text: text.into(), values: same.values }.with(":generation", number(seen.generation)))
}

/// The same, and something else holds.
fn unchanged_and(seen: &Rule, further: &str) -> Result<Expression, StoreError> {
    let unchanged = unchanged(seen)?;
    Ok(Expression { text: format!("{} AND {further}", unchanged.text).into(), ..unchanged })
}
