//! A worker can be killed at any await. After two sweeps the cloud agrees with the ledger, and nothing is left over.

use model::fields::Fields;
use model::id::SessionId;
use model::session::{Extension, SessionFilter, SessionLimits};
use model::user::User;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{Owner, PageRequest};
use support::sessions::{entered, start};
use support::{InFunction as _, ORG, TestApp, actor, org};
use workers::{RuleWorker, SessionSweeper};

use crate::killed::Killed;
use crate::world::{World, group};
use support::ledger::unrest;

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Start,
    Stop,
    Extend,
    Expire,
    Apply,
    Revoke,
}

/// Somebody who starts sessions over some resources.
struct Scene {
    world: World,
    user: User,
    resources: Vec<String>,
}

impl Scene {
    async fn of(configs: &[Value]) -> Self {
        let world = World::of(TestApp::new().await).await;
        let user = entered(&world.app.db, ORG, "grace", world.app.now()).await;
        let mut resources = Vec::new();
        for (number, config) in configs.iter().enumerate() {
            resources.push(world.resource_with(number + 1, config.clone()).await);
        }
        Self { world, user, resources }
    }

    async fn start(&self) -> SessionId {
        let body = json!({"resourceIds": self.resources, "durationMinutes": 5});
        start(&self.world.app.db, &self.user, body, self.world.app.now()).await.unwrap().head.id
    }

    async fn stop(&self, id: SessionId) {
        self.world.app.db.end_or_evict_session(&actor(ORG), id, self.world.app.now()).await.unwrap();
    }

    async fn extend(&self, id: SessionId) {
        let Value::Object(members) = json!({"additionalMinutes": 2}) else { panic!() };
        let more: Extension = Fields::read(members).unwrap();
        let (limits, now) = (SessionLimits::default(), self.world.app.now());
        let whose = (id, Owner { user: &self.user, is_org_admin: true });
        self.world.app.db.extend_session(&actor(ORG), whose, &more, &limits, now).await.unwrap();
    }

    /// What the stream's worker does for every group.
    async fn work(&self) {
        let groups: BTreeSet<_> =
            (1..=self.resources.len()).map(|number| (org(ORG), group(number))).collect();
        RuleWorker::new(self.world.app.worker_context())
            .run(groups, self.world.app.now())
            .in_function("rule-worker")
            .await;
    }

    async fn sweep(&self) {
        let app = &self.world.app;
        let _ = SessionSweeper::new(app.worker_context())
            .run(app.now())
            .in_function("session-sweeper")
            .await
            .unwrap();
    }

    /// What must have happened before some work: the session that it is about.
    async fn prepare(&self, work: Work) -> Option<SessionId> {
        if work == Work::Start {
            return None;
        }
        let id = self.start().await;
        if work != Work::Apply {
            self.work().await;
        }
        match work {
            Work::Expire => self.world.app.advance_seconds(301),
            Work::Revoke => self.stop(id).await,
            Work::Start | Work::Stop | Work::Extend | Work::Apply => {}
        }
        Some(id)
    }

    async fn carry_out(&self, work: Work, id: Option<SessionId>) {
        match (work, id) {
            (Work::Stop, Some(id)) => self.stop(id).await,
            (Work::Extend, Some(id)) => self.extend(id).await,
            (Work::Expire, _) => self.sweep().await,
            (Work::Apply | Work::Revoke, _) => self.work().await,
            (Work::Start | Work::Stop | Work::Extend, _) => drop(self.start().await),
        }
    }

    /// Sweeps a minute apart, until every call that was killed on its way has taken effect or never will.
    async fn sweeps(&self) -> Vec<String> {
        for _ in 0..3 {
            self.world.app.advance_seconds(61);
            self.sweep().await;
        }
        unrest(&self.world.app).await
    }

    async fn stop_all(&self) {
        let (db, org, part) = (&self.world.app.db, org(ORG), PageRequest { limit: Some(3), cursor: None });
        let filter = SessionFilter::default();
        let now = self.world.app.now();
        let list = db.sessions_of_user_newest_first(&org, &self.user.id, &filter, &part, now).await;
        for shown in list.unwrap().items {
            self.stop(shown.session.head.id).await;
        }
    }
}

/// Kills some work after one poll, two polls, and so on until it is done; and ends what runs at once, or not.
async fn killed_at_every_await(scene: &Scene, work: Work, ends_at_once: bool) -> usize {
    for polls in 1.. {
        let id = scene.prepare(work).await;
        let outcome = Killed::after(polls, scene.carry_out(work, id)).await;
        if ends_at_once {
            scene.stop_all().await;
        }
        let wrong = scene.sweeps().await;
        assert!(wrong.is_empty(), "{work:?} killed after {polls} polls: {wrong:#?}");
        scene.stop_all().await;
        let wrong = scene.sweeps().await;
        assert!(wrong.is_empty(), "{work:?} killed after {polls} polls, at the end: {wrong:#?}");
        if outcome.is_some() {
            return polls;
        }
    }
    0
}

async fn all_killed(configs: &[Value], work: Work, least: usize) {
    for ends_at_once in [false, true] {
        let scene = Scene::of(configs).await;
        let polls = killed_at_every_await(&scene, work, ends_at_once).await;
        assert!(polls >= least, "{work:?} is done after {polls} polls: there is nothing to kill");
    }
}

/// Two groups, and three rules.
async fn killed(work: Work, least: usize) {
    let configs = [json!({"port": 22}), json!({"ports": [80, 443], "protocol": "tcp"})];
    all_killed(&configs, work, least).await;
}

#[tokio::test]
async fn a_start_can_die_anywhere() {
    killed(Work::Start, 3).await;
}

#[tokio::test]
async fn a_stop_can_die_anywhere() {
    killed(Work::Stop, 3).await;
}

#[tokio::test]
async fn an_extension_can_die_anywhere() {
    killed(Work::Extend, 3).await;
}

#[tokio::test]
async fn an_expiry_can_die_anywhere() {
    killed(Work::Expire, 10).await;
}

#[tokio::test]
async fn an_application_can_die_anywhere() {
    killed(Work::Apply, 10).await;
}

#[tokio::test]
async fn a_revocation_can_die_anywhere() {
    killed(Work::Revoke, 10).await;
}

/// More rules than one transaction takes: reserved in blocks.
fn large() -> [Value; 2] {
    let ports: Vec<u16> = (1..=50).collect();
    [json!({"ports": ports}), json!({"ports": ports})]
}

#[tokio::test]
async fn a_large_start_can_die_anywhere() {
    all_killed(&large(), Work::Start, 5).await;
}

#[tokio::test]
async fn a_large_stop_can_die_anywhere() {
    all_killed(&large(), Work::Stop, 5).await;
}
