//! Which ports stay open after a session has given them up, because other sessions of the organization hold their rules.
//!
//! That is looked up when a session is shown and is not kept with its rows: the other sessions end later, and the one that ends
//! last would have to find and change the rows of everybody before.

use model::id::{OrgId, SessionId, SessionRowId, UserId};
use model::rule::Presence;
use model::session::{ClaimState, RowStatus, Session, SessionRow};
use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::rule::{holders_in, rule};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::item::keys_of;
use crate::table::keys::{self, Key};

/// Most rules that are looked at for one session: one call.
const RULES_MAX: usize = 100;

/// Most sessions that are named for one row, the newest.
const SESSIONS_MAX: usize = 100;

/// By how much the clocks of two machines may differ, in milliseconds.
const CLOCKS_DIFFER_BY: i64 = 60_000;

/// By row, the other sessions for which its port is still open, or `None` where the port is closed. Rows that were not looked at
/// are absent.
pub type StillOpen = BTreeMap<SessionRowId, Option<BTreeSet<SessionId>>>;

/// A rule that a row gave up, by its key, and when it did, in milliseconds since 1970.
type GivenUp = ((String, String), Option<i64>);

/// A rule that is there, or may be.
struct Standing {
    since: i64,
    sessions: BTreeSet<SessionId>,
}

impl Store {
    /// Which rows of a session that has given them up are still open. A `viewer` is told of their own sessions alone; without
    /// one, every session is named.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn still_open(
        &self,
        org: &OrgId,
        session: &Session,
        viewer: Option<&UserId>,
    ) -> Result<StillOpen, StoreError> {
        let (given_up, mut open) = looked_at(org, session);
        let keys: BTreeSet<&(String, String)> = given_up.values().flatten().map(|(key, _)| key).collect();
        let keys: Vec<Key> =
            keys.into_iter().map(|(pk, sk)| Key { pk: pk.clone(), sk: sk.clone() }).collect();
        let standing = self.standing_rules(&keys, session.head.id).await?;
        for (row, rules) in given_up {
            let is_older = |rule: &Standing, at: Option<i64>| {
                at.is_none_or(|at| rule.since <= at.saturating_add(CLOCKS_DIFFER_BY))
            };
            let found =
                rules.iter().filter_map(|(key, at)| standing.get(key).filter(|rule| is_older(rule, *at)));
            let sessions: BTreeSet<SessionId> =
                found.flat_map(|rule| rule.sessions.iter().copied()).collect();
            open.insert(row, (!sessions.is_empty()).then_some(sessions));
        }
        let named: BTreeSet<SessionId> = open.values().flatten().flatten().copied().collect();
        let own = match viewer {
            Some(user) if !named.is_empty() => Some(self.sessions_of_user_among(org, user, &named).await?),
            Some(_) | None => None,
        };
        for sessions in open.values_mut().flatten() {
            if let Some(own) = &own {
                sessions.retain(|id| own.contains(id));
            }
            while sessions.len() > SESSIONS_MAX {
                sessions.pop_first();
            }
        }
        Ok(open)
    }

    /// Those of some rules that are there, or may be, while other sessions hold them or wait for their end.
    async fn standing_rules(
        &self,
        keys: &[Key],
        session: SessionId,
    ) -> Result<BTreeMap<(String, String), Standing>, StoreError> {
        let mut standing = BTreeMap::new();
        for one in self.get_each(keys).await? {
            let (pk, sk) = keys_of(&one);
            let key = (pk.to_owned(), sk.to_owned());
            let known = one.as_ref().ok().and_then(|item| rule(item).ok());
            if known.as_ref().is_some_and(|rule| rule.presence == Presence::Absent) {
                continue;
            }
            // A rule whose entry cannot be read counts as there, and as old.
            let since = known.map_or(i64::MIN, |rule| rule.created_at.unix_millis());
            // Another row of the same session says for itself that it is open.
            let others = holders_in(&one).into_iter().map(|holder| holder.session);
            let sessions = others.filter(|other| *other != session).collect();
            standing.insert(key, Standing { since, sessions });
        }
        Ok(standing)
    }
}

/// The rules that the rows of a session gave up, as far as one call has room, and the rows that have given up nothing.
fn looked_at(org: &OrgId, session: &Session) -> (BTreeMap<SessionRowId, Vec<GivenUp>>, StillOpen) {
    let (mut rows, mut open) = (BTreeMap::new(), StillOpen::new());
    let mut keys: BTreeSet<(String, String)> = BTreeSet::new();
    for row in &session.rows {
        if row.status() != RowStatus::Removed {
            open.insert(row.id, None);
            continue;
        }
        let rules = given_up(org, row);
        let further = rules.iter().filter(|(key, _)| !keys.contains(key)).count();
        if keys.len() + further <= RULES_MAX {
            keys.extend(rules.iter().map(|(key, _)| key.clone()));
            rows.insert(row.id, rules);
        }
    }
    (rows, open)
}

fn given_up(org: &OrgId, row: &SessionRow) -> Vec<GivenUp> {
    let removed = row.claims.iter().filter(|claim| claim.state == ClaimState::Removed);
    let rule = |claim: &model::session::Claim| {
        let key = keys::rule(org, &row.group, &row.ingress(claim));
        ((key.pk, key.sk), claim.removed_at)
    };
    removed.map(rule).collect()
}
