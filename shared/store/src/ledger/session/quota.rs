//! The limit on a person's running sessions.
//!
//! A start adds its session to a set on the person's item, under the condition that there is room. An end does not remove it: that would
//! be another write, which could be lost. A start that finds no room reads the sessions of the set and removes those that have ended. So
//! the count is exact when it matters, and an interrupted operation never keeps a place.

use futures_util::{StreamExt, stream};
use model::id::{OrgId, SessionId, UserId};
use model::time::Timestamp;

use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::set;
use crate::table::keys::{self, SESSION_IDS};

/// Concurrent reads of sessions.
const AT_ONCE: usize = 16;

impl Store {
    /// Removes ended sessions from a person's set, and returns whether there is room for another one now. A concurrent start may have removed
    /// them before.
    ///
    /// # Errors
    /// Busy or defect.
    pub(crate) async fn forget_what_does_not_run(
        &self,
        org: &OrgId,
        user: &UserId,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = keys::user(org, user);
        let Some(item) = self.get(&key).await? else { return Ok(false) };
        let noted = item.set(SESSION_IDS);
        let looks: Vec<_> = noted.iter().map(|id| self.unless_running(org, id, now)).collect();
        let looks: Vec<_> = stream::iter(looks).buffered(AT_ONCE).collect().await;
        let over: Vec<String> =
            looks.into_iter().collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten().collect();
        let has_room = has_room(noted.len() - over.len(), most);
        if over.is_empty() {
            return Ok(has_room);
        }
        let update = Expression::new(format!("DELETE #{SESSION_IDS} :over"), [(":over", set(over))]);
        Ok(self.update_if(&key, &update, &Expression::exists()).await? && has_room)
    }

    /// Whether a person has room for another session. It is asked before the blocks are written, and the session's transaction requires
    /// it again.
    pub(crate) async fn has_room_for_a_session(
        &self,
        org: &OrgId,
        user: &UserId,
        most: u32,
    ) -> Result<bool, StoreError> {
        let noted = self.get(&keys::user(org, user)).await?.map_or(0, |item| item.set(SESSION_IDS).len());
        Ok(has_room(noted, most))
    }

    /// The id of a session that is not running. An unreadable session does not count, because its owner could not stop it.
    async fn unless_running(
        &self,
        org: &OrgId,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let over = Some(text.to_owned());
        let Ok(id) = SessionId::parse(text) else { return Ok(over) };
        let Ok(Some(loaded)) = self.found_session(org, id).await? else { return Ok(over) };
        let may_be_open =
            loaded.fault.is_some() && loaded.head.ended_reason.is_none() && now < loaded.head.expires_at;
        let runs = may_be_open || loaded.session().status(now).is_stoppable();
        Ok(over.filter(|_| !runs))
    }
}

fn has_room(sessions: usize, most: u32) -> bool {
    u32::try_from(sessions).is_ok_and(|sessions| sessions < most)
}
