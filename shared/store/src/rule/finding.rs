//! What a worker found out about a rule.

use model::id::OrgId;
use model::rule::{Presence, Rule};
use model::time::Timestamp;

use super::{FoundData, key_of, rule};
use crate::Store;
use crate::due::{SET_DUE, due_values};
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{data, number};
use crate::keys::{self, Round};

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
            due_at,
        }
    }
}

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
        let found = FoundData {
            presence: finding.presence,
            provider_rule_id: finding.provider_rule_id.clone(),
            attempts: finding.attempts,
            last_error: finding.last_error.clone(),
            is_refused: finding.is_refused,
        };
        let found = Expression::new("#found = :found, #revision = #revision + :one", [(":one", number(1))])
            .with(":found", data(&found)?);
        let due = due_values(&key, Round::Sweep, finding.due_at);
        let with_due = due.into_iter().fold(found.clone(), |update, (name, value)| update.with(name, value));
        let with_due = Expression { text: format!("SET {}, {SET_DUE}", found.text).into(), ..with_due };
        let unchanged = unchanged(seen)?;
        if let Some(item) = self.updated_if(&key, &with_due, &unchanged).await? {
            return rule(&item).map(Some);
        }
        // Whoever joined or left meanwhile has said when to look after the rule.
        let without_due = Expression { text: format!("SET {}", found.text).into(), ..found };
        self.updated_if(&key, &without_due, &same(seen)?).await?.as_ref().map(rule).transpose()
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
pub(super) fn unchanged(seen: &Rule) -> Result<Expression, StoreError> {
    let same = same(seen)?;
    let text = format!("{} AND #{} = :generation", same.text, keys::GENERATION);
    Ok(Expression { text: text.into(), values: same.values }.with(":generation", number(seen.generation)))
}

/// The same, and something else holds.
fn unchanged_and(seen: &Rule, further: &str) -> Result<Expression, StoreError> {
    let unchanged = unchanged(seen)?;
    Ok(Expression { text: format!("{} AND {further}", unchanged.text).into(), ..unchanged })
}
