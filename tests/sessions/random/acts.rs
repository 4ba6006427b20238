//! What people and administrators do in a history.

use model::fields::Fields;
use model::id::{ResourceId, SessionId};
use model::precondition::Precondition;
use model::session::{Extension, SessionLimits};
use model::time::Timestamp;
use model::user::User;
use serde_json::{Value, json};
use store::{Owner, StoreError};
use support::sessions::{enter, start_as};
use support::{ORG, OTHER_ORG, actor, org};

use super::history::{ADDRESSES, History, USERS};
use super::step::{OfRights, OfSession};

/// Whether what was attempted stands against what the table said just before.
enum Allowed {
    Yes,
    No(String),
}

impl History {
    pub(super) async fn use_sessions(&mut self, step: &OfSession, now: Timestamp) -> Result<(), StoreError> {
        match step {
            OfSession::Start { user, is_org_admin, resources, address, minutes } => {
                let (org_name, _) = USERS[*user];
                let of = usize::from(org_name == OTHER_ORG);
                let chosen = self.resources[of].iter().enumerate();
                // At least one of theirs.
                let resources = if of == 0 { *resources } else { resources % 3 + 1 };
                let ids: Vec<_> =
                    chosen.filter(|(number, _)| resources & (1 << number) != 0).map(|(_, id)| *id).collect();
                let allowed = self.reaches(org_name, &self.users[*user], *is_org_admin, &ids).await;
                let body = json!({
                    "resourceIds": ids, "durationMinutes": minutes, "ipv4Address": ADDRESSES[*address],
                });
                let who = (org_name, &self.users[*user], *is_org_admin);
                let session = start_as(&self.world.app.db, who, body, now).await?;
                self.sessions.push((org_name, session.head.id));
                self.note(allowed);
            }
            OfSession::Stop(number) => {
                if let Some((org_name, id)) = self.session(*number) {
                    self.world.app.db.end_or_evict_session(&actor(org_name), id, now).await?;
                }
            }
            OfSession::Extend { session, is_org_admin } => {
                if let Some((org_name, id)) = self.session(*session) {
                    self.extend(org_name, id, *is_org_admin, now).await?;
                }
            }
        }
        Ok(())
    }

    async fn extend(
        &mut self,
        org_name: &'static str,
        id: SessionId,
        is_org_admin: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Value::Object(members) = json!({"additionalMinutes": 2}) else { panic!() };
        let more: Extension = Fields::read(members).unwrap();
        let Some(session) = self.world.app.db.session(&org(org_name), id).await? else { return Ok(()) };
        let owner = session.head.user_id;
        let Some(user) = self.users.iter().find(|user| user.id == owner) else { return Ok(()) };
        let ids: Vec<_> = session.rows.iter().map(|row| row.resource_id).collect();
        let allowed = self.reaches(org_name, user, is_org_admin, &ids).await;
        let whose = (id, Owner { user, is_org_admin });
        self.world
            .app
            .db
            .extend_session(&actor(org_name), whose, &more, &SessionLimits::default(), now)
            .await?;
        self.note(allowed);
        Ok(())
    }

    /// Whether a person reaches resources by what the table says of the role.
    async fn reaches(&self, org_name: &str, user: &User, is_org_admin: bool, ids: &[ResourceId]) -> Allowed {
        if is_org_admin {
            return Allowed::Yes;
        }
        let table = self.world.app.db_table().await;
        let at = |pk: String, sk: String| table.get(&(pk, sk));
        let item = at(format!("ORG#{org_name}#USER#{}", user.id), "#USER".into());
        let roles = item.and_then(|item| item["roleIds"].as_array()).cloned().unwrap_or_default();
        let is_member = roles.iter().any(|role| *role == *self.role);
        for id in ids {
            let linked = at(format!("ORG#{org_name}#ROLE#{}", self.role), format!("RESOURCE#{id}")).is_some();
            if !is_member || !linked {
                return Allowed::No(format!("{} was let in to {id}, which no role leads to", user.id));
            }
        }
        Allowed::Yes
    }

    fn note(&mut self, allowed: Allowed) {
        if let Allowed::No(what) = allowed {
            self.overreach.push(what);
        }
    }

    pub(super) async fn administer(&mut self, step: &OfRights, now: Timestamp) -> Result<(), StoreError> {
        let (app, db) = (&self.world.app, &self.world.app.db);
        match step {
            OfRights::Delete { resource, drains } => {
                let (id, actor) = (self.resources[0][*resource], actor(ORG));
                if *drains {
                    db.drain_resource(&actor, id, &Precondition::None, now).await?;
                } else {
                    db.delete_resource(&actor, id, &Precondition::None, now).await?;
                }
            }
            OfRights::Deactivate { user, is_active } => {
                let Value::Object(members) = json!({"isActive": is_active}) else { panic!() };
                let patch: model::user::UserPatch = Fields::read(members).unwrap();
                let (org_name, _) = USERS[*user];
                let id = &self.users[*user].id;
                db.update_user(&actor(org_name), id, &patch.into(), &Precondition::None, now).await?;
            }
            OfRights::DeletePerson { user } => {
                let (org_name, name) = USERS[*user];
                let id = self.users[*user].id.clone();
                db.delete_user(&actor(org_name), &id, &Precondition::None, now).await?;
                self.users[*user] = enter(db, org_name, name, now).await?;
            }
            // Whether the table is in trouble decides whether these succeed: the history goes on either way.
            OfRights::Assign { user, is_member } => {
                let path = format!("/roles/{}/users/{}", self.role, USERS[*user].1);
                let _ = self.link(&path, *is_member).await;
                // What a request begins with: the person as they are now.
                self.users[*user] = enter(db, ORG, USERS[*user].1, now).await?;
            }
            OfRights::Link { resource, is_linked } => {
                let path = format!("/roles/{}/resources/{}", self.role, self.resources[0][*resource]);
                let _ = self.link(&path, *is_linked).await;
            }
            OfRights::LimitRole { hours } => {
                let body = json!({"maxSessionDurationHours": hours});
                let _ = app.admin().patch(&format!("/roles/{}", self.role), body).await;
            }
            OfRights::Replace { is_other } => self.replace(*is_other).await,
        }
        Ok(())
    }

    async fn link(&self, path: &str, is_wanted: bool) -> support::Reply {
        let admin = self.world.app.admin();
        if is_wanted { admin.post_empty(path).await } else { admin.delete(path).await }
    }

    pub(super) async fn replace(&self, is_other: bool) {
        let key = if is_other { "AKIA2" } else { "AKIA1" };
        let value = json!({"accessKeyId": key, "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let path = format!("/credentials/{}/", self.world.credential);
        let _ = self.world.app.admin().put(&path, body).await;
    }
}
