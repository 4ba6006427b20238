//! People who leave: whatever the order of the requests and whatever the clocks say, their sessions end.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use support::interleave::between;
use support::ledger::unrest;
use support::{Client, ORG, TestApp};

use crate::world::{World, session_at, shown, start};

/// Grace, who may open the first group.
async fn with_grace() -> (World, Client) {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    (world, person)
}

/// How an administrator takes the right away.
#[derive(Debug, Clone, Copy)]
enum Leave {
    Deactivated,
    Deleted,
}

impl Leave {
    const BOTH: [Self; 2] = [Self::Deactivated, Self::Deleted];

    async fn take(self, admin: &Client) {
        match self {
            Self::Deactivated => drop(set_active(admin, false).await),
            Self::Deleted => drop(admin.delete("/users/grace").await.expect(204)),
        }
    }
}

async fn set_active(admin: &Client, is_active: bool) -> Value {
    admin.patch("/users/grace", json!({"isActive": is_active})).await.expect(200).json
}

/// The state of a session as an administrator sees it.
async fn status(world: &World, session: &Value) -> String {
    shown(&world.app.admin(), session).await["status"].as_str().unwrap().into()
}

/// The next call for an operation is refused in a way that is not tried again.
fn refuse_next(app: &TestApp, operation: &str) {
    let no = json!({"__type": "AccessDeniedException", "message": "no"});
    app.proxy.fail_next(operation, 400, &no);
}

/// The notes of people whose sessions are to be ended.
async fn notes(world: &World) -> usize {
    world.app.db_table().await.values().filter(|item| item["entity"] == "ENDING").count()
}

async fn assert_at_rest(world: &World) {
    world.app.settle().await;
    world.app.advance_seconds(61);
    let _ = world.app.sweep().await;
    world.app.settle().await;
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}

/// The request to leave comes first and is written last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_starts_before_its_owners_end_is_written_ends() {
    for leave in Leave::BOTH {
        let (world, person) = with_grace().await;
        let admin = world.app.admin();
        let mut session = Value::Null;
        between(&world.app, async move { leave.take(&admin).await }, async {
            world.app.advance_seconds(1);
            session = start(&person, json!({})).await;
        })
        .await;
        assert_eq!(status(&world, &session).await, "EXPIRING", "{leave:?}");
        world.app.settle().await;
        assert_eq!(
            (status(&world, &session).await, world.rules(1).len()),
            ("CANCELLED".into(), 0),
            "{leave:?}"
        );
        assert_at_rest(&world).await;
    }
}

/// Two machines, of which the administrator's is two seconds behind.
#[tokio::test]
async fn a_clock_that_is_behind_keeps_no_session_running() {
    for leave in Leave::BOTH {
        let (world, person) = with_grace().await;
        let session = start(&person, json!({})).await;
        world.app.settle().await;
        world.app.advance_seconds(-2);
        leave.take(&world.app.admin()).await;
        assert_eq!(status(&world, &session).await, "EXPIRING", "{leave:?}");
        assert_at_rest(&world).await;
        assert!(world.rules(1).is_empty(), "{leave:?}");
    }
}

#[tokio::test]
async fn a_repeated_deactivation_ends_what_is_left_and_is_no_change() {
    let (world, person) = with_grace().await;
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    let admin = world.app.admin();
    refuse_next(&world.app, "Query");
    set_active(&admin, false).await;
    assert_eq!(status(&world, &session).await, "ACTIVE");
    // As an earlier version left it: nothing says that a session is left.
    let key = [("pk", format!("ORG#{ORG}#USER#grace")), ("sk", "ENDING".into())];
    #[expect(clippy::disallowed_methods, reason = "what an earlier version left")]
    let mut call = world.app.dynamodb.delete_item().table_name(&world.app.table);
    for (name, value) in key {
        call = call.key(name, AttributeValue::S(value));
    }
    call.send().await.expect("a deletion");
    let user = admin.get("/users/grace").await.expect(200);
    let again = admin.patch("/users/grace", json!({"isActive": false})).await.expect(200);
    assert_eq!((again.json, again.headers.get("etag")), (user.json, user.headers.get("etag")));
    let changes = admin.get("/audit-logs?eventType=USER_UPDATE").await.expect(200).json;
    assert_eq!(changes["content"].as_array().unwrap().len(), 1);
    assert_eq!((status(&world, &session).await, notes(&world).await), ("EXPIRING".into(), 0));
    // What cannot be ended right away is ended by the sweeper.
    let other = person_with_session(&world).await;
    refuse_next(&world.app, "Query");
    set_active(&admin, false).await;
    refuse_next(&world.app, "Query");
    set_active(&admin, false).await;
    assert_eq!((status(&world, &other).await, notes(&world).await), ("ACTIVE".into(), 1));
    assert_at_rest(&world).await;
    assert_eq!(status(&world, &other).await, "CANCELLED");
}

/// Grace is active again and has a session.
async fn person_with_session(world: &World) -> Value {
    set_active(&world.app.admin(), true).await;
    let person = world.app.bearer(&world.app.token("grace", ORG, &["USER"]));
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    session
}

/// The note is processed after its person has been active again for a while. Sessions that they started since then go on.
#[tokio::test]
async fn who_is_active_again_keeps_what_they_started_since_and_nothing_else() {
    for leave in Leave::BOTH {
        let (world, person) = with_grace().await;
        let admin = world.app.admin();
        let before = start(&person, json!({})).await;
        world.app.settle().await;
        refuse_next(&world.app, "Query");
        leave.take(&admin).await;
        match leave {
            Leave::Deactivated => drop(set_active(&admin, true).await),
            Leave::Deleted => {
                let _ = admin.new_user("grace").await;
                let resource = before["resourceIps"][0]["resourceId"].as_str().unwrap();
                let _ = admin.post_empty(&format!("/users/grace/resources/{resource}")).await.expect(200);
            }
        }
        let since = start(&person, json!({})).await;
        world.app.settle().await;
        world.app.advance_seconds(-5);
        let _ = world.app.sweep().await;
        world.app.advance_seconds(66);
        let _ = world.app.sweep().await;
        world.app.settle().await;
        let statuses = (status(&world, &before).await, status(&world, &since).await);
        assert_eq!(statuses, ("CANCELLED".into(), "ACTIVE".into()), "{leave:?}");
        assert_eq!((world.rules(1).len(), notes(&world).await), (1, 0), "{leave:?}");
        assert_at_rest(&world).await;
    }
}

/// The note of an earlier version names a time. Nothing is compared with it.
#[tokio::test]
async fn a_note_of_an_earlier_version_is_looked_after_likewise() {
    let (world, person) = with_grace().await;
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    refuse_next(&world.app, "Query");
    set_active(&world.app.admin(), false).await;
    let key = [("pk", format!("ORG#{ORG}#USER#grace")), ("sk", "ENDING".into())];
    let decided = world.app.now().plus_seconds(-60).unix_millis();
    #[expect(clippy::disallowed_methods, reason = "an item of an earlier version")]
    let mut call = world.app.dynamodb.update_item().table_name(&world.app.table);
    for (name, value) in key {
        call = call.key(name, AttributeValue::S(value));
    }
    let data = AttributeValue::M([("decidedAt".into(), AttributeValue::N(decided.to_string()))].into());
    let call = call.update_expression("SET #data = :data").expression_attribute_names("#data", "data");
    call.expression_attribute_values(":data", data).send().await.expect("an update");
    assert_at_rest(&world).await;
    assert_eq!((status(&world, &session).await, notes(&world).await), ("CANCELLED".into(), 0));
}

/// Whose start meets a deactivation that is taken back starts with what they may do then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_meets_a_deactivation_and_its_end_is_written_anew() {
    let (world, person) = with_grace().await;
    let admin = world.app.admin();
    let session = between(&world.app, async move { start(&person, json!({})).await }, async {
        set_active(&admin, false).await;
        set_active(&admin, true).await;
    })
    .await;
    assert_at_rest(&world).await;
    assert_eq!((status(&world, &session).await, world.rules(1).len()), ("ACTIVE".into(), 1));
}

#[tokio::test]
async fn a_session_that_cannot_be_read_keeps_no_other_running() {
    for leave in Leave::BOTH {
        let (world, person) = with_grace().await;
        let mut sessions = Vec::new();
        for address in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
            world.app.advance_seconds(1);
            sessions.push(start(&person, json!({"ipv4Address": address})).await);
        }
        world.app.settle().await;
        world.set_shape(&session_at(&sessions[1]), 2).await;
        leave.take(&world.app.admin()).await;
        for session in [&sessions[0], &sessions[2]] {
            assert_eq!(status(&world, session).await, "EXPIRING", "{leave:?}");
        }
        world.app.settle().await;
        // The session that cannot be read has lost its rules too.
        assert_eq!(world.addresses(1), Vec::<String>::new(), "{leave:?}");
        // It is not forgotten: the sweeper tries the note and the session again, and says so.
        world.app.advance_seconds(61);
        assert_eq!((notes(&world).await, world.app.sweep().await["failed"].as_u64()), (1, Some(2)));
        world.set_shape(&session_at(&sessions[1]), 1).await;
        world.app.advance_seconds(61);
        let _ = world.app.sweep().await;
        world.app.settle().await;
        assert_eq!((world.rules(1).len(), notes(&world).await), (0, 0), "{leave:?}");
        assert_at_rest(&world).await;
    }
}

/// A session whose end is refused by the table: the others end, and the sweeper ends it.
#[tokio::test]
async fn an_end_that_fails_keeps_no_other_session_running() {
    let (world, person) = with_grace().await;
    let (first, second) = (start(&person, json!({})).await, start(&person, json!({})).await);
    world.app.settle().await;
    let no = json!({"__type": "AccessDeniedException", "message": "no"});
    // The first transaction is the deactivation's own.
    world.app.proxy.fail_after("TransactWriteItems", 1, 400, &no);
    set_active(&world.app.admin(), false).await;
    let mut statuses = [status(&world, &first).await, status(&world, &second).await];
    statuses.sort();
    assert_eq!((statuses, notes(&world).await), (["ACTIVE".into(), "EXPIRING".into()], 1));
    assert_at_rest(&world).await;
    assert_eq!(
        (status(&world, &first).await, status(&world, &second).await),
        ("CANCELLED".into(), "CANCELLED".into())
    );
}
