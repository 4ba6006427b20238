//! Roles that lead to none of a session's resources shortened it.
//!
//! Reported of Teleport, where the lowest `max_session_ttl` of all roles counts: gravitational/teleport#9463 and #31095 ("it is common to
//! assume we do max(...) over available values, where in practice we do min(...)").

use serde_json::{Value, json};
use support::{Client, TestApp};

use crate::scene::{active_resource, person, sentences};

async fn role(admin: &Client, hours: Value, resource: Option<&str>) {
    let body = json!({"name": format!("{hours} {resource:?}"), "maxSessionDurationHours": hours});
    let role = admin.post("/roles", body).await.expect(201).id();
    let _ = admin.post_empty(&format!("/roles/{role}/users/grace")).await.expect(200);
    if let Some(resource) = resource {
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    }
}

/// Grace reaches the first resource for eight hours. Beside it she has a role for an hour with nothing in it, one that leads to another
/// resource, and one that leads to a resource that is not active.
async fn grace(app: &TestApp) -> (Client, [String; 2]) {
    let (first, second) = (active_resource(app, 1).await, active_resource(app, 2).await);
    let asleep = active_resource(app, 3).await;
    let (admin, grace) = (app.admin(), person(app, "grace").await);
    let _ = admin.patch(&format!("/resources/{asleep}"), json!({"isActive": false})).await.expect(200);
    role(&admin, json!(3), Some(&first)).await;
    role(&admin, json!(8), Some(&first)).await;
    role(&admin, json!(1), None).await;
    role(&admin, json!(2), Some(&second)).await;
    role(&admin, json!(1), Some(&asleep)).await;
    (grace, [first, second])
}

#[tokio::test]
async fn a_session_is_as_long_as_the_roles_that_lead_to_its_resources_allow() {
    let app = TestApp::alive().await;
    let (grace, [first, second]) = grace(&app).await;
    let start = async |body: Value| grace.post("/sessions", body).await;
    for (resources, hours) in
        [(json!([first]), 8), (json!([second]), 2), (json!([first, second]), 2), (json!(null), 2)]
    {
        let refused =
            start(json!({"resourceIds": resources, "durationHours": hours + 1})).await.expect(400).json;
        let sentence = format!("durationHours must not be longer than {hours} hours");
        assert_eq!(sentences(&refused), json!({"durationHours": sentence}), "{resources}");
        let _ = start(json!({"resourceIds": resources, "durationHours": hours})).await.expect(201);
    }
}

#[tokio::test]
async fn an_extension_too() {
    let app = TestApp::alive().await;
    let (grace, [first, _]) = grace(&app).await;
    let body = json!({"resourceIds": [first], "durationHours": 7});
    let session = grace.post("/sessions", body).await.expect(201).id();
    app.settle().await;
    let extend = format!("/sessions/{session}/extend");
    let refused = grace.post(&extend, json!({"additionalHours": 2})).await.expect(400).json;
    let sentence = "The session must not be longer than 8 hours in all: it can be extended by at most 1 hour";
    assert_eq!(sentences(&refused), json!({"additionalHours": sentence}));
    let extended = grace.post(&extend, json!({"additionalHours": 1})).await.expect(200).json;
    assert_eq!(extended["expiresAt"], "2026-02-18T18:30:00Z");
}
