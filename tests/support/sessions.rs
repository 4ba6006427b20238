//! Sessions past HTTP.

use model::fields::Fields;
use model::id::{ResourceId, SessionId};
use model::ingress::GroupRef;
use model::principal::{ActorType, Principal};
use model::session::{Session, SessionDraft};
use model::time::Timestamp;
use model::user::User;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{StartRequest, Store, StoreError};
use workers::RuleWorker;

use crate::InFunction as _;
use crate::{ORG, TestApp, actor, many_sessions, org};

/// The address that [`start`] lets in unless its body says otherwise.
pub const ADDRESS: &str = "198.51.100.7";

/// A user of an organization, entered in its directory.
pub async fn entered(db: &Store, org_name: &str, id: &str, now: Timestamp) -> User {
    enter(db, org_name, id, now).await.expect("a user")
}

/// The same while the table may be in trouble.
///
/// # Errors
/// The store's.
pub async fn enter(db: &Store, org_name: &str, id: &str, now: Timestamp) -> Result<User, StoreError> {
    let actor = actor(org_name);
    let principal = Principal {
        org: actor.org.clone(),
        user: model::id::UserId::parse(id).expect("a user"),
        is_org_admin: false,
        email: None,
        email_is_verified: false,
        name: None,
        kind: ActorType::User,
    };
    db.enter_user(&actor, &principal, now).await
}

/// Starts a session of somebody who may open everything, with a body of `POST /sessions`.
///
/// # Errors
/// The store's.
pub async fn start(db: &Store, user: &User, body: Value, now: Timestamp) -> Result<Session, StoreError> {
    Box::pin(start_as(db, (ORG, user, true), body, now)).await
}

/// The same of a user of an organization, who is an administrator or not.
///
/// # Errors
/// The store's.
pub async fn start_as(
    db: &Store,
    (org_name, user, is_org_admin): (&str, &User, bool),
    body: Value,
    now: Timestamp,
) -> Result<Session, StoreError> {
    let Value::Object(members) = body else { panic!("no object") };
    let draft: SessionDraft = Fields::read(members).expect("a draft");
    let source = ADDRESS.parse().ok();
    let request = StartRequest {
        user,
        is_org_admin,
        draft: &draft,
        addresses: draft.addresses(source),
        source_ip: source,
        limits: many_sessions(),
    };
    db.start_session(&actor(org_name), &request, now).await.map(|shown| shown.session)
}

impl TestApp {
    /// A session of [`ORG`] on one resource: its id.
    ///
    /// # Errors
    /// The store's.
    pub async fn db_hold(&self, resource: ResourceId) -> Result<SessionId, StoreError> {
        let user = entered(&self.db, ORG, "holder", self.now()).await;
        let body = json!({"resourceIds": [resource]});
        Ok(start(&self.db, &user, body, self.now()).await?.head.id)
    }

    /// Ends a session of [`ORG`], and has its rules removed.
    pub async fn db_release(&self, session: SessionId) {
        self.db.end_or_evict_session(&actor(ORG), session, self.now()).await.expect("an end");
        let session = self.db.session(&org(ORG), session).await.expect("a session").expect("one");
        let groups: BTreeSet<GroupRef> = session.rows.into_iter().map(|row| row.group).collect();
        let groups = groups.into_iter().map(|group| (org(ORG), group));
        let (report, again) =
            RuleWorker::new(self.worker_context()).run(groups, self.now()).in_function("rule-worker").await;
        assert!(again.is_empty(), "{report:?}");
    }
}
