//! Messages that did not say what was expected, or named a limit that is not the caller's.
//!
//! An empty body was "EOF while parsing a value at line 1 column 0" to callers of many programs: http-rs/http-types#177,
//! self-xdsd/self-core#1146.

use serde_json::{Value, json};
use support::{Client, ORG, TestApp};

use crate::scene::{active_resource, person, sentences};

/// Grace, with a session of an hour through a role that allows two.
async fn running(app: &TestApp) -> (Client, String) {
    let (resource, grace, admin) = (active_resource(app, 1).await, person(app, "grace").await, app.admin());
    let role = json!({"name": "Engineers", "maxSessionDurationHours": 2});
    let role = admin.post("/roles", role).await.expect(201).id();
    let _ = admin.post_empty(&format!("/roles/{role}/users/grace")).await.expect(200);
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    let session = grace.post("/sessions", json!({"durationHours": 1})).await.expect(201).id();
    app.settle().await;
    (grace, format!("/sessions/{session}"))
}

#[tokio::test]
async fn an_extension_says_what_it_expects() {
    let app = TestApp::alive().await;
    let (grace, path) = running(&app).await;
    let extend = format!("{path}/extend");
    let refused = async |body: Value| sentences(&grace.post(&extend, body).await.expect(400).json);
    let missing = json!({"additionalHours": "additionalHours or additionalMinutes is required"});
    assert_eq!(sentences(&grace.post_empty(&extend).await.expect(400).json), missing);
    assert_eq!(refused(json!({})).await, missing);
    let limit = "The session must not be longer than 2 hours in all: it can be extended by at most 1 hour";
    for (body, expected) in [
        (
            json!({"additionalHours": "two"}),
            json!({"additionalHours": "additionalHours must be a whole number, 1 or more, and not a text"}),
        ),
        (
            json!({"additionalMinutes": 0}),
            json!({"additionalMinutes": "additionalMinutes must be a whole number, 1 or more"}),
        ),
        (json!({"additionalMinutes": 61}), json!({"additionalMinutes": limit})),
        // What nobody may is no other error than what this caller may not.
        (json!({"additionalHours": 8785}), json!({"additionalHours": limit})),
        (json!({"additionalHours": 1e18}), json!({"additionalHours": limit})),
        (json!({"additionalMinutes": u64::MAX}), json!({"additionalMinutes": limit})),
        (
            json!({"additionalHours": 1, "expectedExpiresAt": "in an hour"}),
            json!({"expectedExpiresAt": "expectedExpiresAt must be a time such as 2026-02-18T10:30:00Z"}),
        ),
    ] {
        assert_eq!(refused(body.clone()).await, expected, "{body}");
    }
    let _ = grace.post(&extend, json!({"additionalHours": 1})).await.expect(200);
    let full = json!({"additionalMinutes": "The session must not be longer than 2 hours in all: it cannot be extended"});
    assert_eq!(refused(json!({"additionalMinutes": 1})).await, full);
}

#[tokio::test]
async fn a_start_says_what_it_expects() {
    let app = TestApp::alive().await;
    let (grace, _) = running(&app).await;
    let limit = "durationHours must not be longer than 2 hours";
    let id = "550e8400-e29b-41d4-a716-446655440000";
    for (body, expected) in [
        (
            json!({"durationHours": "2"}),
            json!({"durationHours": "durationHours must be a whole number, 1 or more, and not a text"}),
        ),
        (json!({"durationHours": 3}), json!({"durationHours": limit})),
        (json!({"durationHours": 8785}), json!({"durationHours": limit})),
        (json!({"durationHours": 1e18}), json!({"durationHours": limit})),
        (
            json!({"resourceIds": []}),
            json!({"resourceIds": "resourceIds must be a list of at least one UUID"}),
        ),
        (
            json!({"resourceIds": "Resource 1"}),
            json!({"resourceIds": "resourceIds must be a list of at least one UUID"}),
        ),
        (
            json!({"resourceIds": [id, "Resource 1"]}),
            json!({"resourceIds": "resourceIds[1] must be the id of a resource, which is a UUID, and not its name"}),
        ),
    ] {
        assert_eq!(
            sentences(&grace.post("/sessions", body.clone()).await.expect(400).json),
            expected,
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_empty_body_is_called_empty() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for (method, path) in [
        ("POST", "/api/v1/roles"),
        ("POST", "/api/v1/users"),
        ("PATCH", "/api/v1/users/grace"),
        ("POST", "/api/v1/resources"),
    ] {
        let reply = admin.send(method, path, Some("application/json"), Vec::new()).await.expect(400);
        let sentence = "The body is not valid JSON: it is empty, and must be a JSON object";
        assert_eq!(reply.json["message"], sentence, "{method} {path}");
    }
}

/// The end that the caller has seen makes an extension safe to repeat. A session has no tag.
#[tokio::test]
async fn an_extension_of_another_end_changes_nothing() {
    let app = TestApp::alive().await;
    let (grace, path) = running(&app).await;
    let extend = format!("{path}/extend");
    let seen = grace.get(&path).await.expect(200).json["expiresAt"].clone();
    let more = json!({"additionalMinutes": 10, "expectedExpiresAt": seen});
    let extended = grace.post(&extend, more.clone()).await.expect(200).json["expiresAt"].clone();
    assert_eq!(extended, "2026-02-18T11:40:00Z");
    let before = app.db_table().await;
    let again = grace.post(&extend, more.clone()).await.expect(412).json;
    assert_eq!(again["message"], "The session ends at 2026-02-18T11:40:00Z, which is not expectedExpiresAt");
    for tag in ["\"abc\"", "W/\"abc\""] {
        let _ = grace
            .with_header("if-match", tag)
            .post(&extend, json!({"additionalMinutes": 1}))
            .await
            .expect(412);
    }
    let _ =
        grace.with_header("if-match", "abc").post(&extend, json!({"additionalMinutes": 1})).await.expect(400);
    assert_eq!(app.db_table().await, before);
    // With a key the first answer is repeated, whatever the end is by then.
    let once = grace.with_header("idempotency-key", "once").with_header("if-match", "*");
    let more = json!({"additionalMinutes": 10, "expectedExpiresAt": extended});
    for _ in 0..2 {
        let reply = once.post(&extend, more.clone()).await.expect(200).json;
        assert_eq!(reply["expiresAt"], "2026-02-18T11:50:00Z");
    }
    // Nobody learns when somebody else's session ends.
    let other = person(&app, "ada").await;
    let _ = other.post(&extend, more).await.expect(404);
}

/// What a request finds when its caller is deleted while it is under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_was_deleted_is_not_called_deactivated() {
    for (is_deleted, sentence) in [(true, "This user was deleted"), (false, "This user was deactivated")] {
        let app = TestApp::alive().await;
        let (grace, path) = running(&app).await;
        let extend =
            async move { grace.post(&format!("{path}/extend"), json!({"additionalMinutes": 1})).await };
        let admin = app.admin();
        let reply = support::interleave::between(&app, extend, async {
            if is_deleted {
                let _ = admin.delete("/users/grace").await.expect(204);
            } else {
                let _ = admin.patch("/users/grace", json!({"isActive": false})).await.expect(200);
            }
        })
        .await;
        assert_eq!(reply.expect(403).json["message"], sentence);
    }
    let app = TestApp::new().await;
    let ada = app.bearer(&app.token("ada", ORG, &["ORG_ADMIN"]));
    let _ = ada.get("/me").await.expect(200);
    let key = json!({"name": "CI", "scopes": ["audit:read"]});
    let make = async move { ada.post("/api-keys", key).await };
    let reply = support::interleave::between(&app, make, async {
        let _ = app.admin().delete("/users/ada").await.expect(204);
    });
    assert_eq!(reply.await.expect(403).json["message"], "This user was deleted");
}
