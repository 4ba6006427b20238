//! Lists of sessions, newest first.

use futures_util::future::try_join_all;
use model::id::{ActivationId, OrgId, SessionId, UserId};
use model::refusal::Refusal;
use model::session::{DURATION_HOURS_MAX, Session, SessionFilter, SessionHead};
use model::time::Timestamp;
use model::violation::Violations;
use std::collections::{BTreeMap, BTreeSet};

use super::{BLOCKS, Loaded};
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::item::{Each, Unreadable, keys_of, text};
use crate::table::keys::{self, DUE_SK, Key, SESSION_PREFIX};
use crate::table::list::{Listed, PageRequest, position};
use crate::table::{Store, cursor};

/// Most places that one call reads.
const PLACES_A_CALL: usize = 100;

/// Calls for places that one part may cost when a filter leaves sessions out. A part that is short by then has a cursor all the
/// same.
const CALLS_A_PART: usize = 10;

/// A session as the API shows it.
#[derive(Debug, Clone)]
pub struct ShownSession {
    /// The session, as far as it can be read.
    pub session: Session,
    /// Whether its item, or some of its rows, cannot be read.
    pub is_unreadable: bool,
}

impl ShownSession {
    /// Whether a filter wants it. Nobody can say that an unreadable one is not wanted.
    fn is_admitted(&self, filter: &SessionFilter, now: Timestamp) -> bool {
        self.is_unreadable || filter.admits(&self.session, now)
    }

    fn of(loaded: &Loaded) -> Self {
        Self { session: loaded.session(), is_unreadable: loaded.fault.is_some() }
    }

    /// What can be shown of a session whose item cannot be read: what the keys say, and its end while that is due.
    fn unreadable((id, owner): (SessionId, Option<UserId>), item: &Unreadable) -> Result<Self, StoreError> {
        let time = |millis| Timestamp::from_unix_millis(millis).ok();
        let started_at = time(id.unix_millis()).ok_or_else(|| item.error())?;
        let due = item.text(DUE_SK).and_then(|millis| millis.parse().ok()).and_then(time);
        // Every session has an owner, whose id is beside the item where it is not in it.
        let owner = owner.or_else(|| UserId::parse(item.member("userId")?).ok());
        let owner = owner.or_else(|| UserId::parse(NOBODY).ok()).ok_or_else(|| item.error())?;
        let head = SessionHead {
            id,
            user_id: owner,
            user_name: None,
            user_email: None,
            ipv4_address: None,
            ipv6_address: None,
            source_ip: None,
            reason: None,
            started_at,
            expires_at: due.unwrap_or(started_at),
            ended_at: None,
            ended_reason: None,
            activation: None,
            limit_minutes: None,
        };
        Ok(Self { session: Session { head, rows: Vec::new() }, is_unreadable: true })
    }
}

/// Stands for an owner of whom nothing can be read.
const NOBODY: &str = "unknown";

/// A place among somebody's sessions.
struct Place {
    id: SessionId,
    owner: Option<UserId>,
}

/// A session that can be stopped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stoppable {
    pub(crate) id: SessionId,
    /// The owner's activation at its start.
    pub(crate) activation: Option<ActivationId>,
}

/// Sessions of a person: those that can be stopped, and those of which nobody can say so.
#[derive(Default)]
pub(crate) struct StoppableSessions {
    pub(crate) found: Vec<Stoppable>,
    pub(crate) unreadable: Vec<SessionId>,
}

impl StoppableSessions {
    fn add(&mut self, shown: &ShownSession) {
        let session = &shown.session;
        if shown.is_unreadable {
            // It may be running, and nobody can say since when.
            self.unreadable.push(session.head.id);
        } else if !session.has_ended() {
            self.found.push(Stoppable { id: session.head.id, activation: session.head.activation });
        }
    }
}

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
            Self::User(org, user) => keys::assignee_partition(org, &keys::Assignee::User((*user).clone())),
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
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Listed<ShownSession>, StoreError> {
        self.sessions_newest_first(Whose::User(org, user), filter, page, now).await
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
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Listed<ShownSession>, StoreError> {
        match &filter.user_id {
            // Whose id is a UUID in another spelling than theirs is found in the list of all.
            Some(user) if !user.has_spellings() => {
                self.sessions_newest_first(Whose::User(org, user), filter, page, now).await
            }
            Some(_) | None => self.sessions_newest_first(Whose::Org(org), filter, page, now).await,
        }
    }

    async fn sessions_newest_first(
        &self,
        whose: Whose<'_>,
        filter: &SessionFilter,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Listed<ShownSession>, StoreError> {
        let list = whose.list();
        let after = page.cursor.as_deref().map(|cursor| position(&list, cursor)).transpose()?;
        let not_ours = || Refusal::Invalid(Violations::one("cursor", "cursor was not made for this list"));
        let after = after.map(|id| SessionId::parse(&id).map_err(|_| not_ours()));
        let (mut before, limit) = (after.transpose()?, page.limit.unwrap_or(usize::MAX));
        let is_filtered = *filter != SessionFilter::default();
        let (mut found, mut calls): (Vec<ShownSession>, usize) = (Vec::new(), 0);
        loop {
            // One more than wanted tells the last part from one that is just full.
            let wanted = if is_filtered { PLACES_A_CALL } else { limit.saturating_add(1) - found.len() };
            let count = wanted.min(PLACES_A_CALL);
            let places = self.session_places(whose, before, count).await?;
            let is_last = places.len() < count;
            before = places.last().map(|place| place.id);
            calls += 1;
            let sessions = self.sessions_at(whose.org(), places).await?;
            found.extend(sessions.into_iter().filter(|shown| shown.is_admitted(filter, now)));
            if found.len() > limit {
                found.truncate(limit);
                let next = found.last().map(|last| cursor::encode(&list, &last.session.head.id.to_string()));
                return Ok(Listed { items: found, next, unreadable: Vec::new() });
            }
            let is_at_its_bound = is_filtered && page.limit.is_some() && calls == CALLS_A_PART;
            if is_last || is_at_its_bound {
                let next = before.filter(|_| !is_last);
                let next = next.map(|last| cursor::encode(&list, &last.to_string()));
                return Ok(Listed { items: found, next, unreadable: Vec::new() });
            }
        }
    }

    /// The sessions of a person that have not ended. None runs for more than a year, and no clock is a day behind.
    pub(crate) async fn stoppable_sessions_of(
        &self,
        org: &OrgId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<StoppableSessions, StoreError> {
        let oldest = now.plus_seconds(-i64::from(DURATION_HOURS_MAX + 24) * 3600).unix_millis();
        let (mut before, mut sessions) = (None, StoppableSessions::default());
        loop {
            let places = self.session_places(Whose::User(org, user), before, PLACES_A_CALL).await?;
            let is_last = places.len() < PLACES_A_CALL;
            before = places.last().map(|place| place.id);
            for shown in self.sessions_at(org, places).await? {
                sessions.add(&shown);
            }
            if is_last || before.is_some_and(|last| last.unix_millis() < oldest) {
                return Ok(sessions);
            }
        }
    }

    /// Those of some sessions that are a person's, among the thousand that they started last.
    pub(crate) async fn sessions_of_user_among(
        &self,
        org: &OrgId,
        user: &UserId,
        ids: &BTreeSet<SessionId>,
    ) -> Result<BTreeSet<SessionId>, StoreError> {
        let (mut own, mut before) = (BTreeSet::new(), None);
        for _ in 0..CALLS_A_PART {
            let places = self.session_places(Whose::User(org, user), before, PLACES_A_CALL).await?;
            own.extend(places.iter().map(|place| place.id).filter(|id| ids.contains(id)));
            before = places.last().map(|place| place.id);
            if places.len() < PLACES_A_CALL || before.as_ref() <= ids.first() {
                break;
            }
        }
        Ok(own)
    }

    /// The next places before one, newest first.
    async fn session_places(
        &self,
        whose: Whose<'_>,
        before: Option<SessionId>,
        count: usize,
    ) -> Result<Vec<Place>, StoreError> {
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
        let place = |one: &Each| {
            // A place is its keys: it has no members that could be unreadable.
            let (pk, sk) = keys_of(one);
            let id = sk.strip_prefix(SESSION_PREFIX).and_then(|id| SessionId::parse(id).ok());
            let id = id.ok_or_else(|| corrupt("a place has no session"))?;
            Ok(Place { id, owner: keys::user_of_partition(pk).map(|(_, user)| user) })
        };
        items.iter().map(place).collect()
    }

    /// The sessions at some places with their rows, newest first. A place whose session is gone is passed over.
    async fn sessions_at(&self, org: &OrgId, places: Vec<Place>) -> Result<Vec<ShownSession>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key> = places.iter().map(|place| keys::session(org, place.id)).collect();
        let items = self.get_each(&keys).await?;
        let mut by_id: BTreeMap<SessionId, Each> = BTreeMap::new();
        for one in items {
            let session = keys::session_of_partition(keys_of(&one).0);
            let (_, id) = session.ok_or_else(|| corrupt("a session's key"))?;
            by_id.insert(id, one);
        }
        let load = places.into_iter().filter_map(|place| Some((by_id.remove(&place.id)?, place)));
        let shown = try_join_all(load.map(|(one, place)| self.session_at(org, place, one))).await?;
        Ok(shown.into_iter().flatten().collect())
    }

    async fn session_at(
        &self,
        org: &OrgId,
        place: Place,
        one: Each,
    ) -> Result<Option<ShownSession>, StoreError> {
        let has_further = one.as_ref().is_ok_and(|item| item.number(BLOCKS).is_ok_and(|blocks| blocks > 0));
        let found = if has_further { self.found_session(org, place.id).await? } else { Loaded::read(&[one]) };
        match found {
            Ok(loaded) => Ok(loaded.as_ref().map(ShownSession::of)),
            Err(item) => ShownSession::unreadable((place.id, place.owner), &item).map(Some),
        }
    }

    /// The session with this id as somebody may see it: an administrator, who is no `viewer`, any of the organization's, and a
    /// viewer their own. Whose an unreadable one is, the places among their sessions say.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn shown_session(
        &self,
        org: &OrgId,
        id: SessionId,
        viewer: Option<&UserId>,
    ) -> Result<Option<ShownSession>, StoreError> {
        match self.found_session(org, id).await? {
            Ok(loaded) => {
                let loaded = loaded.filter(|loaded| viewer.is_none_or(|user| loaded.head.user_id == *user));
                Ok(loaded.as_ref().map(ShownSession::of))
            }
            Err(item) if self.has_place(org, id, viewer).await? => {
                ShownSession::unreadable((id, viewer.cloned()), &item).map(Some)
            }
            Err(_) => Ok(None),
        }
    }

    /// Whether a session is among those of an owner; without one, whether it is the organization's, which it is.
    pub(crate) async fn has_place(
        &self,
        org: &OrgId,
        id: SessionId,
        owner: Option<&UserId>,
    ) -> Result<bool, StoreError> {
        match owner {
            Some(user) => {
                let place = keys::session_of_user(org, user, id);
                Ok(self.get_readable_or_not(&place).await?.is_some())
            }
            None => Ok(true),
        }
    }
}
