//! One resource, one person and a cloud that can misbehave: what workers make of it, run by run.

use serde_json::{Value, json};
use support::ledger::unrest;
use support::{Client, InFunction as _, ORG, TestApp, org};
use workers::{RuleWorker, SessionSweeper, WorkerContext};

use crate::double::Misbehaving;
use crate::world::{World, group, shown, start};

/// A resource on group 1, a person who may open it, and a cloud that can misbehave.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) person: Client,
    pub(crate) cloud: Misbehaving,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let world = World::of(TestApp::new().await).await;
        let resource = world.resource(1).await;
        let person = world.person("grace", &[&resource]).await;
        let cloud = Misbehaving::of(&world);
        Self { world, person, cloud }
    }

    pub(crate) fn worker_context(&self) -> WorkerContext {
        self.cloud.worker_context(&self.world)
    }

    pub(crate) async fn start(&self) -> Value {
        start(&self.person, json!({"durationHours": 8})).await
    }

    pub(crate) async fn stop(&self, session: &Value) {
        let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
        let _ = self.person().post_empty(&path).await.expect(200);
    }

    /// The person, with a token of this moment.
    pub(crate) fn person(&self) -> Client {
        self.world.app.bearer(&self.world.app.token("grace", ORG, &["USER"]))
    }

    pub(crate) async fn status(&self, session: &Value) -> String {
        shown(&self.person(), session).await["status"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn work(&self) {
        let worker = RuleWorker::new(self.worker_context());
        let _ = worker.run([(org(ORG), group(1))], self.world.app.now()).in_function("rule-worker").await;
    }

    /// A sweep a minute, so many times.
    pub(crate) async fn sweeps(&self, minutes: usize) {
        for _ in 0..minutes {
            self.world.app.advance_seconds(60);
            let _ = SessionSweeper::new(self.worker_context())
                .run(self.world.app.now())
                .in_function("session-sweeper")
                .await
                .unwrap();
        }
    }

    /// After so many minutes of sweeps nothing is open, and nothing is left.
    pub(crate) async fn ends_within(&self, minutes: usize, session: &Value) {
        self.sweeps(minutes).await;
        assert_eq!(self.world.addresses(1), Vec::<String>::new(), "after {minutes} minutes");
        assert_eq!(self.status(session).await, "CANCELLED");
        assert_eq!(unrest(&self.world.app).await, Vec::<String>::new());
    }

    /// Somebody takes the tag off the only rule.
    pub(crate) fn take_the_tag_off(&self) {
        let id = self.world.rules(1)[0].id.clone();
        self.world.app.cloud.edit_rule(&group(1), &id, |rule| rule.tag = None);
    }
}
