//! The ledger as administrators see it.

use futures_util::future::try_join_all;
use model::id::{OrgId, RuleId};
use model::rule::{Rule, RuleState};

use super::rule;
use crate::error::{StoreError, corrupt};
use crate::expression::Expression;
use crate::item::{Entity, text};
use crate::keys::{self, Key};
use crate::{ListPart, Listed, Store, cursor};

/// A rule of the ledger.
pub type RuleEntry = Rule;

impl Store {
    /// The organization's rules in the order in which they were wanted, those of a state where one is given.
    ///
    /// # Errors
    /// `Invalid` for a cursor that was not made for this list; busy or defect.
    pub async fn rules_in_order_of_creation(
        &self,
        org: &OrgId,
        state: Option<RuleState>,
        part: &ListPart,
    ) -> Result<Listed<RuleEntry>, StoreError> {
        let list = keys::rules(org);
        if state.is_none() {
            let (items, next) = self.list_part(&list, Entity::Rule, part).await?;
            return Ok(Listed { items: items.iter().map(rule).collect::<Result<_, _>>()?, next });
        }
        let limit = part.limit.unwrap_or(usize::MAX);
        let whole = ListPart { limit: None, cursor: part.cursor.clone() };
        let (items, _) = self.list_part(&list, Entity::Rule, &whole).await?;
        let mut rules = Vec::new();
        for item in &items {
            let rule = rule(item)?;
            if state.is_none_or(|state| rule.state() == state) {
                rules.push(rule);
            }
        }
        let more = rules.len() > limit;
        rules.truncate(limit);
        let next = rules.last().filter(|_| more).map(|last| cursor::encode(&list, &last.id.to_string()));
        Ok(Listed { items: rules, next })
    }

    /// The rule with this id, as it is now.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn rule_with_id(&self, org: &OrgId, id: RuleId) -> Result<Option<RuleEntry>, StoreError> {
        let place = Expression::new(
            "#listingPk = :pk AND #listingSk = :id",
            [(":pk", text(keys::rules(org))), (":id", text(id.to_string()))],
        );
        let found = self.query_listing(&place, None, |_| false).await?;
        let keys = found.iter().map(|item| Ok(Key { pk: item.pk()?.into(), sk: item.sk()?.into() }));
        let keys = keys.collect::<Result<Vec<_>, StoreError>>()?;
        let now = try_join_all(keys.iter().map(|key| self.rule_at(key))).await?;
        let mut now = now.into_iter().flatten().filter(|rule| rule.id == id);
        match (now.next(), now.next()) {
            (rule, None) => Ok(rule),
            (_, Some(_)) => Err(corrupt("two rules have one id")),
        }
    }
}
