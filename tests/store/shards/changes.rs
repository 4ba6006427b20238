//! Changes of a resource or role: what a start beside them sees, and how one that broke off is completed.

use super::*;

/// Changes that a start must know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Update,
    Deactivate,
    Refused,
    Drain,
    Unassign,
    Limit,
    DeleteRole,
}

const CHANGES: [(Change, Of); 7] = [
    (Change::Update, Of::Resource),
    (Change::Deactivate, Of::Resource),
    (Change::Refused, Of::Resource),
    (Change::Drain, Of::Resource),
    (Change::Unassign, Of::Role),
    (Change::Limit, Of::Role),
    (Change::DeleteRole, Of::Role),
];

impl Ready {
    async fn change(&self, change: Change) -> Result<(), StoreError> {
        let (db, actor, now) = (&self.app.db, actor(ORG), self.app.now());
        let (id, role, none) = (self.resource, self.role, Precondition::None);
        let patch = |body: Value| async move {
            db.update_resource(&support::actor(ORG), id, &sent(body), &Precondition::None, now)
                .await
                .map(drop)
        };
        match change {
            Change::Update => patch(json!({"config": {"protocol": "tcp", "port": 2222}})).await,
            Change::Deactivate => patch(json!({"isActive": false})).await,
            Change::Refused => {
                let asked = db.resource(&actor.org, id).await?.unwrap().value;
                let answer = Err("It is no group of ours".into());
                let record = db.record_verification(&actor, &asked, answer, now);
                db.verify_once(&actor, now, record).await.map(drop)
            }
            Change::Drain => db.drain_resource(&actor, id, &none, now).await.map(|outcome| {
                assert_eq!(outcome, Deletion::Draining);
            }),
            Change::Unassign => db.unassign(&actor, &Link::RoleResource(role, id), now).await,
            Change::Limit => {
                let body = sent(json!({"maxSessionDurationHours": 1}));
                db.update_role(&actor, role, &body, &none, now).await.map(drop)
            }
            Change::DeleteRole => db.delete_role(&actor, role, &none, now).await,
        }
    }

    /// Whether every shard has heard of what the owner's own item says.
    async fn assert_raised(&self, change: Change, of: Of) {
        let expected =
            if change == Change::DeleteRole { 1_000_000_000_000_000 } else { self.own_state(of).await };
        assert_eq!(self.states(of).await, vec![Some(expected); usize::from(SHARDS)], "{change:?}");
    }

    /// A start of the same person, which is refused for good or reads again and is as the change left things.
    fn assert_as_after(&self, change: Change, started: Started) {
        match (change, started) {
            (Change::Update, Ok(session)) => {
                let ports = session.rows[0].claims[0].opening.ports;
                assert_eq!(ports, Some((2222, 2222)));
            }
            (Change::Limit, Ok(session)) => assert_eq!(session.head.limit_minutes, Some(60)),
            (Change::Update | Change::Limit, Err(error)) => panic!("{change:?}: {error:?}"),
            (_, started) => {
                assert_eq!(refusal(started), Refusal::ResourceNotOpenable(self.resource), "{change:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_answered_after_every_shard_is_raised() {
    for (change, of) in CHANGES {
        let ready = Ready::new().await;
        // Somebody else's session, for whose end a drain waits.
        let _ = ready.app.db_hold(ready.resource).await.unwrap();
        let started = between(&ready.app, ready.start(), async { ready.change(change).await.unwrap() }).await;
        ready.assert_raised(change, of).await;
        ready.assert_as_after(change, started);
    }
}

/// It breaks off between the owner's own item and its shards. Its repetition, or the sweeper, is answered when they have heard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_repetition_of_an_interrupted_change_raises_the_shards() {
    for (change, of) in CHANGES {
        for is_swept in [false, true] {
            if is_swept && change != Change::Drain {
                continue;
            }
            let ready = Ready::new().await;
            let _ = ready.app.db_hold(ready.resource).await.unwrap();
            let (mut before, denied) = (ready.states(of).await, json!({"__type": DENIED}));
            if change == Change::DeleteRole {
                // By its transaction.
                before[0] = Some(1_000_000_000_000_000);
            }
            let updates = if change == Change::DeleteRole { SHARDS - 1 } else { SHARDS };
            let started = between(&ready.app, ready.start(), async {
                for _ in 0..updates {
                    ready.app.proxy.fail_next("UpdateItem", 400, &denied);
                }
                let broken =
                    if change == Change::Limit { ready.longer().await } else { ready.change(change).await };
                assert!(matches!(broken, Err(StoreError::Defect(_))), "{change:?}: {broken:?}");
                assert_eq!(ready.states(of).await, before, "{change:?}");
                if is_swept {
                    ready.app.advance_seconds(31);
                    ready.app.sweep().await;
                } else {
                    let again = if change == Change::Limit {
                        ready.longer().await
                    } else {
                        ready.change(change).await
                    };
                    match (change, again) {
                        (Change::Unassign | Change::DeleteRole, again) => drop(refusal(again)),
                        (_, again) => again.unwrap(),
                    }
                }
            })
            .await;
            if change == Change::Limit {
                assert_eq!(started.unwrap().head.limit_minutes, Some(120));
                continue;
            }
            if !is_swept {
                ready.assert_raised(change, of).await;
            }
            ready.assert_as_after(change, started);
        }
    }
}

impl Ready {
    async fn longer(&self) -> Result<(), StoreError> {
        let body = sent(json!({"maxSessionDurationHours": 2}));
        let (db, now) = (&self.app.db, self.app.now());
        db.update_role(&actor(ORG), self.role, &body, &Precondition::None, now).await.map(drop)
    }
}
