//! The ledger as administrators see it.

use futures_util::future::try_join_all;
use model::id::{CredentialId, OrgId, ResourceId, RuleId, SessionId};
use model::ingress::{GroupRef, Ingress};
use model::refusal::Refusal;
use model::rule::{Holder, Rule, RuleState};
use model::time::Timestamp;
use std::collections::BTreeSet;

use super::rule;
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::item::{Each, Entity, Unreadable, text};
use crate::table::keys::{self, CREDENTIAL_ID, DUE_SK, HOLDERS, Key, LEAVING, LISTING_SK, RESOURCE_ID};
use crate::table::list::{Listed, PageRequest};
use crate::table::{Store, cursor};

/// A rule of the ledger.
pub type RuleEntry = Rule;

/// A rule as a list has it.
#[derive(Debug, Clone)]
pub enum ListedRule {
    /// One that can be read.
    Known(Box<Rule>),
    /// One whose entry cannot be read.
    Unreadable(Box<UnreadableRule>),
}

/// What can be told of an entry that cannot be read: what its keys say, and whatever else is as it should be.
#[derive(Debug, Clone)]
pub struct UnreadableRule {
    /// Identifier.
    pub id: RuleId,
    /// Where.
    pub group: GroupRef,
    /// What.
    pub ingress: Ingress,
    /// The resource for which it was wanted first.
    pub resource_id: Option<ResourceId>,
    /// With which the provider is asked.
    pub credential_id: Option<CredentialId>,
    /// Sessions that hold it.
    pub session_ids: BTreeSet<SessionId>,
    /// Sessions that wait for its end.
    pub waiting_session_ids: BTreeSet<SessionId>,
    /// When it is looked after next.
    pub due_at: Option<Timestamp>,
    /// When it was wanted first, as its identifier says.
    pub created_at: Timestamp,
}

impl ListedRule {
    fn of(one: &Each) -> Result<Self, StoreError> {
        match one.as_ref().map_err(Unreadable::clone).and_then(|item| item.read_as(rule)) {
            Ok(rule) => Ok(Self::Known(Box::new(rule))),
            Err(item) => Ok(Self::Unreadable(Box::new(UnreadableRule::of(&item)?))),
        }
    }

    fn id(&self) -> RuleId {
        match self {
            Self::Known(rule) => rule.id,
            Self::Unreadable(rule) => rule.id,
        }
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> RuleState {
        match self {
            Self::Known(rule) => rule.state(),
            Self::Unreadable(_) => RuleState::Unreadable,
        }
    }

    /// Whether a list of the rules in a state shows it. Nobody can say that an unreadable one is in another.
    fn is_in(&self, state: RuleState) -> bool {
        self.state() == state || self.state() == RuleState::Unreadable
    }
}

impl UnreadableRule {
    fn of(item: &Unreadable) -> Result<Self, StoreError> {
        let id = item.text(LISTING_SK).and_then(|id| RuleId::parse(id).ok());
        let group = keys::group_of_partition(item.pk()).map(|(_, group)| group);
        let ingress = item.sk().strip_prefix("RULE#").and_then(Ingress::parse);
        let (Some(id), Some(group), Some(ingress)) = (id, group, ingress) else { return Err(item.error()) };
        let sessions = |name: &str| {
            let holders = item.set(name).iter().filter_map(|text| Holder::parse(text));
            holders.map(|holder| holder.session).collect()
        };
        let time = |millis| Timestamp::from_unix_millis(millis).ok();
        let due = item.text(DUE_SK).and_then(|millis| millis.parse().ok());
        Ok(Self {
            id,
            group,
            ingress,
            resource_id: item.text(RESOURCE_ID).and_then(|id| ResourceId::parse(id).ok()),
            credential_id: item.text(CREDENTIAL_ID).and_then(|id| CredentialId::parse(id).ok()),
            session_ids: sessions(HOLDERS),
            waiting_session_ids: sessions(LEAVING),
            due_at: due.and_then(time),
            created_at: time(id.unix_millis()).ok_or_else(|| item.error())?,
        })
    }
}

impl Store {
    /// The organization's rules in the order in which they were wanted, those of a state where one is given. One that cannot be
    /// read is shown in every state.
    ///
    /// # Errors
    /// `Invalid` for a cursor that was not made for this list; busy or defect.
    pub async fn rules_in_order_of_creation(
        &self,
        org: &OrgId,
        state: Option<RuleState>,
        page: &PageRequest,
    ) -> Result<Listed<ListedRule>, StoreError> {
        let list = keys::rules(org);
        let Some(state) = state else {
            let (items, next) = self.list_page(&list, Entity::Rule, page).await?;
            let items = items.iter().map(ListedRule::of).collect::<Result<_, _>>()?;
            return Ok(Listed { items, next, unreadable: Vec::new() });
        };
        let limit = page.limit.unwrap_or(usize::MAX);
        let whole = PageRequest { limit: None, cursor: page.cursor.clone() };
        let (items, _) = self.list_page(&list, Entity::Rule, &whole).await?;
        let mut rules = items.iter().map(ListedRule::of).collect::<Result<Vec<_>, _>>()?;
        rules.retain(|rule| rule.is_in(state));
        let more = rules.len() > limit;
        rules.truncate(limit);
        let next = rules.last().filter(|_| more).map(|last| cursor::encode(&list, &last.id().to_string()));
        Ok(Listed { items: rules, next, unreadable: Vec::new() })
    }

    /// The rule with this id, as it is now.
    ///
    /// # Errors
    /// `RuleUnreadable`; busy or defect.
    pub async fn rule_with_id(&self, org: &OrgId, id: RuleId) -> Result<Option<RuleEntry>, StoreError> {
        let place = Expression::new(
            "#listingPk = :pk AND #listingSk = :id",
            [(":pk", text(keys::rules(org))), (":id", text(id.to_string()))],
        );
        let found = self.query_listing(&place, None, |_| false).await?;
        let keys = found.iter().map(|one| {
            let (pk, sk) = crate::table::item::keys_of(one);
            Key { pk: pk.into(), sk: sk.into() }
        });
        let keys: Vec<Key> = keys.collect();
        let now = try_join_all(keys.iter().map(|key| self.get_readable_or_not(key))).await?;
        let mut rules = Vec::new();
        for one in now.iter().flatten() {
            match ListedRule::of(one)? {
                ListedRule::Known(rule) if rule.id == id => rules.push(*rule),
                ListedRule::Known(_) => {}
                ListedRule::Unreadable(_) => return Err(Refusal::RuleUnreadable.into()),
            }
        }
        match (rules.pop(), rules.pop()) {
            (rule, None) => Ok(rule),
            (_, Some(_)) => Err(corrupt("two rules have one id")),
        }
    }
}
