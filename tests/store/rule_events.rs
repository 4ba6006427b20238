//! RuleEvent of rules that cross each other on their way to a session's rows, and leases that cross.

use aws_sdk_dynamodb::types::AttributeValue;
use model::id::SessionId;
use model::ingress::GroupRef;
use model::rule::{Holder, Rule};
use model::session::{ClaimState, RuleEvent};
use serde_json::json;
use std::collections::BTreeSet;
use std::future::Future;
use store::{Notice, StoreError, keys};
use support::sessions::{entered, start};
use support::{ORG, TestApp, org};

use crate::fixture::{active_resource, copies, credential_id, is_shard, put_raw, raw};
use crate::interleavings::between;

fn group() -> GroupRef {
    GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def456".into() }
}

/// A session whose rows share one rule.
struct Shared {
    app: TestApp,
    session: SessionId,
    rule: Rule,
}

impl Shared {
    async fn new(rows: usize) -> Self {
        let app = TestApp::new().await;
        let credential = app.admin().new_credential("AWS").await;
        let first = active_resource(&app, &credential).await;
        let mut resources = copies(&app, first, rows - 1).await;
        resources.push(first);
        let user = entered(&app.db, ORG, "holder", app.now()).await;
        let body = json!({"resourceIds": resources});
        let session = start(&app.db, &user, body, app.now()).await.unwrap().head.id;
        let lease = app.db.lease_group(&org(ORG), &group(), app.now()).await.unwrap().unwrap();
        let rules = app.db.rules_of_group(&lease).await.unwrap().rules;
        assert_eq!((rules.len(), rules[0].fresh.len()), (1, rows));
        Self { app, session, rule: rules[0].clone() }
    }

    fn notify_rows(
        &self,
        holders: BTreeSet<Holder>,
        event: RuleEvent,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'static {
        let (db, now) = (self.app.db.clone(), self.app.now());
        let notice = Notice { rule: self.rule.clone(), holders, event };
        async move { db.notify_rows(&org(ORG), &[notice], now).await }
    }

    async fn states(&self) -> Vec<ClaimState> {
        let session = self.app.db.session(&org(ORG), self.session).await.unwrap().unwrap();
        session.rows.iter().map(|row| row.claims[0].state).collect()
    }
}

#[tokio::test]
async fn rows_keep_the_first_of_two_crossing_events() {
    for rows in [1, 2] {
        for place in 0..rows {
            let shared = Shared::new(rows).await;
            let all = shared.rule.fresh.clone();
            let one = BTreeSet::from([*all.iter().nth(place).expect("a row")]);
            let applied = shared.notify_rows(all, RuleEvent::Applied(None));
            let refused = async { shared.notify_rows(one, RuleEvent::Refused("no".into())).await.unwrap() };
            between(&shared.app, applied, refused).await.unwrap();
            let mut expected = vec![ClaimState::Applied; rows];
            expected[place] = ClaimState::Failed;
            assert_eq!(shared.states().await, expected);
        }
    }
}

#[tokio::test]
async fn a_count_never_falls_below_zero() {
    let shared = Shared::new(1).await;
    let table = shared.app.db_table().await;
    let (counting, _) = table.iter().find(|(at, item)| is_shard(at) && item["live"] == 1).expect("a shard");
    let key = keys::Key { pk: counting.0.clone(), sk: counting.1.clone() };
    let mut item = raw(&shared.app, &key).await;
    item.insert("live".into(), AttributeValue::N("0".into()));
    put_raw(&shared.app, vec![item]).await;
    let before = shared.app.db_table().await;
    let told = shared.notify_rows(shared.rule.fresh.clone(), RuleEvent::Refused("no".into())).await;
    assert!(matches!(told, Err(StoreError::Busy(_))), "{told:?}");
    assert_eq!(shared.app.db_table().await, before);
}

#[tokio::test]
async fn a_worker_with_a_lost_lease_changes_nothing_of_the_next_lease() {
    let app = TestApp::new().await;
    let credential = app.admin().new_credential("AWS").await;
    let resource = active_resource(&app, &credential).await;
    let lease = || async { app.db.lease_group(&org(ORG), &group(), app.now()).await.unwrap() };
    let late = lease().await.expect("nobody has it");
    app.advance_seconds(61);
    let next = lease().await.expect("the first is over");
    let before = app.db_table().await;
    let used = credential_id(&credential);
    app.db.remember_access(&late, used, resource).await.unwrap();
    app.db.release_group(&late).await.unwrap();
    assert_eq!(app.db_table().await, before);
    assert!(lease().await.is_none());
    app.db.remember_access(&next, used, resource).await.unwrap();
    assert_eq!(
        app.db.rules_of_group(&next).await.unwrap().last_access.map(|(credential, _)| credential),
        Some(used)
    );
    app.db.release_group(&next).await.unwrap();
    assert!(lease().await.is_some());
}
