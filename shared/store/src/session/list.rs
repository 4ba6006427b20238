//! Lists of sessions, newest first.

use futures_util::future::try_join_all;
use model::gathered;
use model::id::{OrgId, SessionId, UserId};
use model::refusal::Refusal;
use model::session::{DURATION_HOURS_MAX, Session, SessionFilter};
use model::time::Timestamp;
use model::violation::Violations;
use std::collections::BTreeMap;

use super::{BLOCKS, Loaded};
use crate::error::{StoreError, corrupt};
use crate::expression::Expression;
use crate::item::{Entity, Item, text};
use crate::keys::{self, Key, SESSION_PREFIX};
use crate::list::position;
use crate::{ListPart, Listed, Store, cursor};

/// Most places that one call reads.
const PLACES_A_CALL: usize = 100;

/// Calls for places that one part may cost when a filter leaves sessions out. A part that is short by then has a cursor all the
/// same.
const CALLS_A_PART: usize = 10;

/// Whose sessions.
#[derive(Debug, Clone, Copy)]
enum Whose<'a> {
    /// The organization's.
    Org(&'a OrgId),
    /// One person's.
    User(&'a OrgId, &'a UserId),
}

impl Whose<'_> {
    fn org(&self) -> &OrgId {
        match self {
            Self::Org(org) | Self::User(org, _) => org,
        }
    }

    /// The partition key: of the listing for an organization, of the table for a person.
    fn partition(&self) -> String {
        match self {
            Self::Org(org) => keys::sessions(org),
            Self::User(org, user) => keys::holder_partition(org, &keys::Holder::User((*user).clone())),
        }
    }

    /// The name of the list, by which its cursors are known.
    fn list(&self) -> String {
        format!("{}#{SESSION_PREFIX}", self.partition())
    }
}

impl Store {
    /// A person's sessions, newest first.
    ///
    /// # Errors
    /// `Invalid` for a cursor that was not made for this list; busy or defect.
    pub async fn sessions_of_user_newest_first(
        &self,
        org: &OrgId,
        user: &UserId,
        filter: &SessionFilter,
        part: &ListPart,
        now: Timestamp,
    ) -> Result<Listed<Session>, StoreError> {
        self.sessions_newest_first(Whose::User(org, user), filter, part, now).await
    }

    /// An organization's sessions, newest first. What was started within the last second may be missing: indexes follow
    /// the table.
    ///
    /// # Errors
    /// `Invalid` for a cursor that was not made for this list; busy or defect.
    pub async fn sessions_of_org_newest_first(
        &self,
        org: &OrgId,
        filter: &SessionFilter,
        part: &ListPart,
        now: Timestamp,
    ) -> Result<Listed<Session>, StoreError> {
        match &filter.user_id {
            Some(user) => self.sessions_newest_first(Whose::User(org, user), filter, part, now).await,
            None => self.sessions_newest_first(Whose::Org(org), filter, part, now).await,
        }
    }

    async fn sessions_newest_first(
        &self,
        whose: Whose<'_>,
        filter: &SessionFilter,
        part: &ListPart,
        now: Timestamp,
    ) -> Result<Listed<Session>, StoreError> {
        let list = whose.list();
        let after = part.cursor.as_deref().map(|cursor| position(&list, cursor)).transpose()?;
        let not_ours = || Refusal::Invalid(Violations::one("cursor", "cursor was not made for this list"));
        let after = after.map(|id| SessionId::parse(&id).map_err(|_| not_ours()));
        let (mut before, limit) = (after.transpose()?, part.limit.unwrap_or(usize::MAX));
        let is_filtered = *filter != SessionFilter::default();
        let (mut found, mut calls): (Vec<Session>, usize) = (Vec::new(), 0);
        loop {
            // One more than wanted tells the last part from one that is just full.
            let wanted = if is_filtered { PLACES_A_CALL } else { limit.saturating_add(1) - found.len() };
            let count = wanted.min(PLACES_A_CALL);
            let places = self.session_places(whose, before, count).await?;
            let is_last = places.len() < count;
            before = places.last().copied();
            calls += 1;
            let sessions = self.sessions_with_ids(whose.org(), &places).await?;
            found.extend(sessions.into_iter().filter(|session| filter.admits(session, now)));
            if found.len() > limit {
                found.truncate(limit);
                let next = found.last().map(|last| cursor::encode(&list, &last.head.id.to_string()));
                return Ok(Listed { items: found, next });
            }
            let is_at_its_bound = is_filtered && part.limit.is_some() && calls == CALLS_A_PART;
            if is_last || is_at_its_bound {
                let next = before.filter(|_| !is_last);
                let next = next.map(|last| cursor::encode(&list, &last.to_string()));
                return Ok(Listed { items: found, next });
            }
        }
    }

    /// The sessions of a person that were started until a time and have not ended. None runs for more than a year.
    pub(crate) async fn stoppable_sessions_of(
        &self,
        org: &OrgId,
        user: &UserId,
        until: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let oldest = until.plus_seconds(-i64::from(DURATION_HOURS_MAX) * 3600).unix_millis();
        let (mut before, mut stoppable) = (None, Vec::new());
        loop {
            let places = self.session_places(Whose::User(org, user), before, PLACES_A_CALL).await?;
            let sessions = self.sessions_with_ids(org, &places).await?.into_iter();
            let meant = sessions.filter(|session| session.head.started_at <= until);
            let meant = meant.filter(|session| !session.has_ended());
            stoppable.extend(meant.map(|session| session.head.id));
            before = places.last().copied();
            if places.len() < PLACES_A_CALL || before.is_some_and(|last| last.unix_millis() < oldest) {
                return Ok(stoppable);
            }
        }
    }

    /// The next places before one, newest first.
    async fn session_places(
        &self,
        whose: Whose<'_>,
        before: Option<SessionId>,
        count: usize,
    ) -> Result<Vec<SessionId>, StoreError> {
        let before = before.map_or_else(|| String::from("~"), |id| keys::before(&id.to_string()));
        let (pk, count) = (whose.partition(), i32::try_from(count).unwrap_or(i32::MAX));
        let items = match whose {
            Whose::Org(_) => {
                let condition = Expression::new(
                    "#listingPk = :pk AND #listingSk <= :before",
                    [(":pk", text(pk)), (":before", text(before))],
                );
                self.query_listing_newest_first(&condition, count).await?
            }
            Whose::User(..) => {
                let (from, to) = (SESSION_PREFIX, format!("{SESSION_PREFIX}{before}"));
                let condition = Expression::new(
                    "#pk = :pk AND #sk BETWEEN :from AND :before",
                    [(":pk", text(pk)), (":from", text(from)), (":before", text(to))],
                );
                self.query_newest_first(&condition, None, count).await?.0
            }
        };
        let id = |item: &Item| {
            let id = item.sk()?.strip_prefix(SESSION_PREFIX).and_then(|id| SessionId::parse(id).ok());
            id.ok_or_else(|| corrupt("a place has no session"))
        };
        items.iter().map(id).collect()
    }

    /// Sessions with their rows, in the order of the ids. A place whose session is gone is passed over.
    async fn sessions_with_ids(&self, org: &OrgId, ids: &[SessionId]) -> Result<Vec<Session>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(|id| keys::session(org, *id)).collect();
        let items = if keys.is_empty() { Vec::new() } else { self.get_all(&keys).await? };
        let load = items.into_iter().filter(|item| item.entity == Entity::Session).map(|item| async move {
            if item.number(BLOCKS)? == 0 {
                return Loaded::read(&[item]);
            }
            let (org, id) = keys::session_of_partition(item.pk()?).ok_or_else(|| corrupt("no session"))?;
            self.loaded_session(&org, id).await
        });
        let loaded = try_join_all(load).await?;
        let by_id = |one: Loaded| (one.head.id, one.session());
        let sessions: BTreeMap<SessionId, Session> = gathered(loaded.into_iter().flatten().map(by_id));
        Ok(sessions.into_values().rev().collect())
    }
}
