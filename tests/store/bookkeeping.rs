//! Writes without an audit row: what buckets give, what was found of a rule, what rows are told.

use model::id::{ResourceId, RuleId, SessionId};
use model::ingress::GroupRef;
use model::rate::{RateLimit, TokenRequest, micros};
use model::refusal::Refusal;
use model::rule::{Presence, Resolution, Rule, RuleState};
use model::session::RuleEvent;
use serde_json::json;
use std::fmt::Debug;
use std::future::Future;
use store::{Finding, GroupLease, Notice, Payer, StoreError, Taken};
use support::{ORG, TestApp, actor, org};

use crate::fixture::{active_resource, refusal};
use crate::interleavings::between;

/// A session's only rule, in a group that is leased.
struct Held {
    app: TestApp,
    session: SessionId,
    resource: ResourceId,
    lease: GroupLease,
}

impl Held {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let credential = app.admin().new_credential("AWS").await;
        let resource = active_resource(&app, &credential).await;
        let session = app.db_hold(resource).await.unwrap();
        let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def456".into() };
        let lease = app.db.lease_group(&org(ORG), &group, app.now()).await.unwrap().unwrap();
        Self { app, session, resource, lease }
    }

    async fn rules(&self) -> Vec<Rule> {
        self.app.db.rules_of_group(&self.lease).await.unwrap().rules
    }

    async fn rule(&self) -> Rule {
        let rules = self.rules().await;
        assert_eq!(rules.len(), 1, "{rules:?}");
        rules[0].clone()
    }

    /// The rule, which nothing but its id tells from an earlier one.
    async fn made_anew(&self, earlier: &Rule) -> Rule {
        let anew = self.rule().await;
        assert_ne!(anew.id, earlier.id);
        assert_eq!((anew.revision, anew.generation), (earlier.revision, earlier.generation));
        anew
    }

    async fn find(&self, seen: &Rule, presence: Presence, seconds: i64) -> Option<Rule> {
        let due_at = self.app.now().plus_seconds(seconds);
        let finding = Finding { presence, ..Finding::of(seen, due_at) };
        self.app.db.record_finding(&org(ORG), seen, &finding).await.unwrap()
    }

    async fn notify_rows(&self, rule: &Rule, event: RuleEvent) {
        let holders = rule.fresh.union(&rule.leaving).copied().collect();
        let notice = Notice { rule: rule.clone(), holders, event };
        self.app.db.notify_rows(&org(ORG), &[notice], self.app.now()).await.unwrap();
    }

    /// Ends a session, whose rows are told that the rule is removed.
    async fn leave(&self, session: SessionId) {
        self.app.db.end_or_evict_session(&actor(ORG), session, self.app.now()).await.unwrap();
        self.notify_rows(&self.rule().await, RuleEvent::Removed(None)).await;
    }

    /// Ends a session whose rule then cannot be removed.
    async fn stuck(&self, session: SessionId) -> Rule {
        self.app.db.end_or_evict_session(&actor(ORG), session, self.app.now()).await.unwrap();
        let leaving = self.rule().await;
        let of = Finding::of(&leaving, self.app.now());
        let finding = Finding { presence: Presence::Present, is_refused: true, ..of };
        self.app.db.record_finding(&org(ORG), &leaving, &finding).await.unwrap().unwrap()
    }

    fn resolve(&self, id: RuleId) -> impl Future<Output = Result<RuleId, StoreError>> + Send + 'static {
        let (db, now) = (self.app.db.clone(), self.app.now());
        let resolution = Resolution { reason: "The group is gone".into() };
        async move { db.resolve_rule(&actor(ORG), id, &resolution, now).await }
    }

    async fn settle(&self, seen: &Rule) -> bool {
        self.app.db.settle_rule(&org(ORG), seen).await.unwrap()
    }

    async fn forget(&self, seen: &Rule) -> bool {
        self.app.db.forget_rule(&org(ORG), seen).await.unwrap()
    }
}

#[tokio::test]
async fn a_bucket_says_when_it_is_full_whether_it_gives_or_not() {
    let app = TestApp::new().await;
    let (limit, payer) = (RateLimit::new(60, 10).unwrap(), Payer::Address("198.51.100.7".into()));
    let after = |seconds: i64| micros(app.now()) + seconds * 1_000_000;
    for (tokens, known, taken, calls) in [
        (4, 0, Taken::Tokens { tokens: 4, full_at: after(4) }, 1),
        // Others took some since: as many as there are.
        (8, 0, Taken::Tokens { tokens: 6, full_at: after(10) }, 2),
        (1, after(4), Taken::Nothing { full_at: after(10) }, 1),
    ] {
        let request = TokenRequest { tokens, full_at: known };
        assert_eq!(app.db.take_tokens(&payer, &limit, request, app.now()).await.unwrap(), taken);
        assert_eq!(app.proxy.take_calls(), vec!["UpdateItem"; calls]);
    }
    // It has filled up meanwhile, whatever the caller thinks: what is over the brim is lost.
    app.advance_seconds(3600);
    let now = micros(app.now());
    let request = TokenRequest { tokens: 1, full_at: now + 5_000_000 };
    let taken = app.db.take_tokens(&payer, &limit, request, app.now()).await.unwrap();
    assert_eq!(taken, Taken::Tokens { tokens: 1, full_at: now + 1_000_000 });
}

#[tokio::test]
async fn a_finding_counts_unless_another_one_came_first() {
    let held = Held::new().await;
    let seen = held.rule().await;
    let found = held.find(&seen, Presence::Present, 7).await.expect("nobody else found anything");
    assert_eq!((found.presence, found.revision), (Presence::Present, seen.revision + 1));
    assert_eq!(found.due_at, Some(held.app.now().plus_seconds(7)));
    assert_eq!(held.rule().await, found);
    assert_eq!(held.find(&seen, Presence::Absent, 9).await, None);
    assert_eq!(held.rule().await, found);
    // Whoever joined has said when to look after it.
    held.app.db_hold(held.resource).await.unwrap();
    let joined = held.rule().await;
    let found = held.find(&found, Presence::Unknown, 9).await.expect("it is true all the same");
    assert_eq!((found.presence, found.holders.len(), found.due_at), (Presence::Unknown, 2, joined.due_at));
    assert_ne!(found.due_at, Some(held.app.now().plus_seconds(9)));
}

#[tokio::test]
async fn a_rule_is_settled_when_rows_are_told_and_forgotten_when_they_are_gone() {
    let held = Held::new().await;
    let fresh = held.rule().await;
    assert!(!held.settle(&fresh).await && !held.forget(&fresh).await);
    assert_eq!(held.rule().await, fresh);
    held.notify_rows(&fresh, RuleEvent::Applied(None)).await;
    let told = held.rule().await;
    assert!(told.fresh.is_empty() && held.settle(&told).await);
    assert_eq!(held.rule().await, Rule { due_at: None, ..told });
    held.app.db.end_or_evict_session(&actor(ORG), held.session, held.app.now()).await.unwrap();
    let leaving = held.rule().await;
    assert!(!held.forget(&leaving).await && !held.settle(&leaving).await);
    held.notify_rows(&leaving, RuleEvent::Removed(None)).await;
    let left = held.rule().await;
    assert!(left.leaving.is_empty() && held.forget(&left).await);
    assert_eq!(held.rules().await, []);
    assert!(!held.forget(&left).await && !held.settle(&left).await);
    // Rows that know it are taken from a rule that is gone: nothing.
    let before = held.app.db_table().await;
    held.notify_rows(&leaving, RuleEvent::Removed(None)).await;
    assert_eq!(held.app.db_table().await, before);
}

#[tokio::test]
async fn an_entry_created_again_is_another_one() {
    let held = Held::new().await;
    let seen = held.rule().await;
    held.notify_rows(&seen, RuleEvent::Applied(None)).await;
    held.leave(held.session).await;
    assert!(held.forget(&held.rule().await).await);
    held.app.db_hold(held.resource).await.unwrap();
    let anew = held.made_anew(&seen).await;
    assert_eq!(held.find(&seen, Presence::Present, 7).await, None);
    assert_eq!(held.rule().await, anew);
    held.notify_rows(&anew, RuleEvent::Applied(None)).await;
    let told = held.rule().await;
    assert!(!held.settle(&Rule { id: seen.id, ..told.clone() }).await);
    assert_eq!(held.rule().await, told);
    let session = *told.holders.first().expect("a holder");
    held.leave(session.session).await;
    let left = held.rule().await;
    assert!(!held.forget(&Rule { id: seen.id, ..left.clone() }).await);
    assert_eq!(held.rule().await, left);
}

#[tokio::test]
async fn a_resolution_is_about_the_entry_that_was_looked_at() {
    let held = Held::new().await;
    let seen = held.stuck(held.session).await;
    let again = between(&held.app, held.resolve(seen.id), async {
        assert_eq!(held.resolve(seen.id).await.unwrap(), seen.id);
        let session = held.app.db_hold(held.resource).await.unwrap();
        held.stuck(session).await;
    });
    let refused = refusal(again.await);
    assert_eq!(refused, Refusal::RuleNotFound(seen.id));
    let anew = held.made_anew(&seen).await;
    assert_eq!(anew.state(), RuleState::Stuck);
}

#[tokio::test]
async fn a_rule_with_a_newer_finding_is_not_settled_or_forgotten() {
    let held = Held::new().await;
    held.notify_rows(&held.rule().await, RuleEvent::Applied(None)).await;
    let seen = held.rule().await;
    let found = held.find(&seen, Presence::Unknown, 7).await.expect("nobody else found anything");
    assert!(!held.settle(&seen).await);
    assert_eq!(held.rule().await, found);
    // Nor is one that somebody joined and left.
    let session = held.app.db_hold(held.resource).await.unwrap();
    let joined = held.rule().await;
    held.notify_rows(&joined, RuleEvent::Applied(None)).await;
    held.leave(session).await;
    let left = held.rule().await;
    assert!(left.revision == found.revision && left.generation != found.generation);
    assert!(!held.settle(&found).await);
    assert_eq!(held.rule().await, left);
    held.leave(held.session).await;
    let free = held.rule().await;
    let found = held.find(&free, Presence::Present, 7).await.expect("nobody else found anything");
    assert!(!held.forget(&free).await, "it is there again");
    let session = held.app.db_hold(held.resource).await.unwrap();
    held.notify_rows(&held.rule().await, RuleEvent::Applied(None)).await;
    held.leave(session).await;
    assert!(!held.forget(&found).await, "somebody joined and left");
    assert!(held.forget(&held.rule().await).await);
}

#[tokio::test]
async fn a_resolution_is_for_what_is_still_stuck() {
    let held = Held::new().await;
    let seen = held.stuck(held.session).await;
    // Somebody asked the cloud again.
    let again = between(&held.app, held.resolve(seen.id), async {
        let of = Finding::of(&seen, held.app.now());
        let finding = Finding { is_refused: false, attempts: 1, ..of };
        held.app.db.record_finding(&org(ORG), &seen, &finding).await.unwrap().unwrap();
    });
    assert_eq!(refusal(again.await), Refusal::RuleNotStuck);
    // Somebody joined and left.
    let held = Held::new().await;
    let seen = held.stuck(held.session).await;
    let again = between(&held.app, held.resolve(seen.id), async {
        let session = held.app.db_hold(held.resource).await.unwrap();
        held.app.db.end_or_evict_session(&actor(ORG), session, held.app.now()).await.unwrap();
    });
    assert_eq!(refusal(again.await), Refusal::RuleNotStuck);
    assert_eq!(held.rule().await.id, seen.id);
}

fn assert_defect<T: Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Defect(_))), "{result:?}");
}

#[tokio::test]
async fn a_forbidden_call_is_not_a_false_condition() {
    let held = Held::new().await;
    let (app, org, rule) = (&held.app, org(ORG), held.rule().await);
    let before = app.db_table().await;
    let deny = |operation| app.proxy.fail_next(operation, 400, &json!({"__type": "AccessDeniedException"}));
    app.proxy.take_calls();
    deny("UpdateItem");
    assert_defect(app.db.settle_rule(&org, &rule).await);
    deny("UpdateItem");
    assert_defect(app.db.record_finding(&org, &rule, &Finding::of(&rule, app.now())).await);
    deny("UpdateItem");
    let (payer, request) = (Payer::Address("198.51.100.7".into()), TokenRequest { tokens: 1, full_at: 0 });
    assert_defect(app.db.take_tokens(&payer, &RateLimit::default(), request, app.now()).await);
    deny("DeleteItem");
    assert_defect(app.db.forget_rule(&org, &rule).await);
    assert_eq!(app.proxy.take_calls(), ["UpdateItem", "UpdateItem", "UpdateItem", "DeleteItem"]);
    assert_eq!(app.db_table().await, before);
}
