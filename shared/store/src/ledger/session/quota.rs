//! How many sessions of one person run at the same time.
//!
//! A start notes its session on the person's item, in its own transaction and only while there is room. Nothing takes the note away
//! when the session ends: that would be a write for each end, and one that could be lost. Instead, a start that finds no room looks at
//! the sessions that are noted, and forgets those that do not run. So the count is exact where it matters, and nothing that fails
//! midway keeps a place for good.

use futures_util::{StreamExt, stream};
use model::id::{OrgId, SessionId, UserId};
use model::time::Timestamp;

use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::set;
use crate::table::keys::{self, SESSION_IDS};

/// Sessions that are looked at at once.
const AT_ONCE: usize = 16;

impl Store {
    /// Forgets those of a person's noted sessions that do not run, and says whether there is room for another one by now. A start beside this
    /// one may have forgotten them before.
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
        let has_room = u32::try_from(noted.len() - over.len()).is_ok_and(|running| running < most);
        if over.is_empty() {
            return Ok(has_room);
        }
        let update = Expression::new(format!("DELETE #{SESSION_IDS} :over"), [(":over", set(over))]);
        Ok(self.update_if(&key, &update, &Expression::exists()).await? && has_room)
    }

    /// Whether a person has room for another session, before much is written for one. Its own transaction asks again.
    pub(crate) async fn has_room_for_a_session(
        &self,
        org: &OrgId,
        user: &UserId,
        most: u32,
    ) -> Result<bool, StoreError> {
        let noted = self.get(&keys::user(org, user)).await?.map_or(0, |item| item.set(SESSION_IDS).len());
        Ok(u32::try_from(noted).is_ok_and(|noted| noted < most))
    }

    /// The id of a session, unless it runs. What cannot be read does not count: its owner could not stop it.
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
