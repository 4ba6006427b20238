//! A refused extension named another status than the session has.
//!
//! What an extension of a session that has ended is answered was open in CAMARA's Quality on Demand: camaraproject/QualityOnDemand#351.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use support::{Client, ORG, TestApp};

use crate::scene::{active_resource, person, place, plant, sentences};

/// Grace's session of an hour, which is pending.
async fn started(app: &TestApp) -> (Client, String) {
    let (resource, grace) = (active_resource(app, 1).await, person(app, "grace").await);
    let _ = app.admin().post_empty(&format!("/users/grace/resources/{resource}")).await.expect(200);
    let session = grace.post("/sessions", json!({"durationHours": 1})).await.expect(201).id();
    (grace, session)
}

/// Brings the session into a state.
async fn bring(app: &TestApp, grace: &Client, session: &str, state: &str) {
    let stop = format!("/sessions/{session}/stop");
    if state == "FAILED" {
        app.cloud.deny("AKIA1");
    }
    if state != "PENDING" {
        app.settle().await;
    }
    match state {
        "PENDING" | "FAILED" => {}
        "EXPIRING" => app.advance_seconds(3600),
        "EXPIRING, stopped" => drop(grace.post_empty(&stop).await.expect(200)),
        "EXPIRED" => {
            app.advance_seconds(3600);
            app.sweep().await;
            app.settle().await;
        }
        "CANCELLED" => {
            let _ = grace.post_empty(&stop).await.expect(200);
            app.settle().await;
        }
        "CANCELLED, long ago" => {
            let _ = grace.post_empty(&stop).await.expect(200);
            app.settle().await;
            app.advance_seconds(7200);
        }
        "UNREADABLE" => plant(app, &place_of(session), "shape", AttributeValue::N("2".into())).await,
        "UNREADABLE, stopped" => {
            let _ = grace.post_empty(&stop).await.expect(200);
            app.settle().await;
            plant(app, &place_of(session), "blocks", AttributeValue::N("1".into())).await;
        }
        other => panic!("{other}"),
    }
}

fn place_of(session: &str) -> (String, String) {
    place("SESSION", session)
}

#[tokio::test]
async fn a_refusal_names_the_status_that_is_shown() {
    for state in [
        "PENDING",
        "FAILED",
        "EXPIRING",
        "EXPIRING, stopped",
        "EXPIRED",
        "CANCELLED",
        "CANCELLED, long ago",
        "UNREADABLE",
        "UNREADABLE, stopped",
    ] {
        let app = TestApp::alive().await;
        let (grace, session) = started(&app).await;
        bring(&app, &grace, &session, state).await;
        let (admin, path) = (app.admin(), format!("/sessions/{session}"));
        let grace = app.bearer(&app.token("grace", ORG, &[]));
        let shown = grace.get(&path).await.expect(200).json["status"].as_str().unwrap().to_owned();
        assert_eq!(Some(shown.as_str()), state.split(',').next());
        let more = json!({"additionalMinutes": 1});
        let extended = grace.post(&format!("{path}/extend"), more).await.expect(400).json;
        assert_eq!(sentences(&extended), format!("A session that is {shown} cannot be extended"));
        if shown == "PENDING" {
            continue;
        }
        let stopped = format!("A session that is {shown} cannot be stopped");
        let by_owner = grace.post_empty(&format!("{path}/stop")).await.expect(400).json;
        assert_eq!(sentences(&by_owner), stopped);
        let by_admin = admin.post_empty(&format!("/sessions/admin/{session}/stop")).await.expect(400).json;
        assert_eq!(sentences(&by_admin), stopped);
    }
}

/// The state comes before what is out of reach by now.
#[tokio::test]
async fn a_session_that_is_over_is_not_said_to_be_out_of_reach() {
    let app = TestApp::alive().await;
    let (grace, session) = started(&app).await;
    bring(&app, &grace, &session, "CANCELLED").await;
    let links = app.admin().get("/users/grace").await.expect(200).json["resourceIds"].clone();
    let link = format!("/users/grace/resources/{}", links[0].as_str().unwrap());
    let _ = app.admin().delete(&link).await.expect(204);
    let refused = grace.post(&format!("/sessions/{session}/extend"), json!({"additionalMinutes": 1})).await;
    assert_eq!(sentences(&refused.expect(400).json), "A session that is CANCELLED cannot be extended");
}

/// What a stop or an extension answers is what GET shows, for a repetition as well.
#[tokio::test]
async fn an_answer_shows_what_get_shows() {
    for is_unreadable in [false, true] {
        let app = TestApp::alive().await;
        let (grace, session) = started(&app).await;
        app.settle().await;
        let path = format!("/sessions/{session}");
        let once = |key: &str| grace.with_header("idempotency-key", key);
        let extend = async || {
            let more = json!({"additionalMinutes": 1});
            once("extend").post(&format!("{path}/extend"), more).await.expect(200).json
        };
        let shown = async || status(&grace.get(&path).await.expect(200).json);
        assert_eq!(status(&extend().await), shown().await);
        if is_unreadable {
            plant(&app, &place_of(&session), "blocks", AttributeValue::N("1".into())).await;
        }
        assert_eq!(status(&extend().await), shown().await);
        for _ in 0..2 {
            let stopped = once("stop").post_empty(&format!("{path}/stop")).await.expect(200).json;
            assert_eq!(status(&stopped), shown().await);
        }
    }
}

fn status(session: &Value) -> String {
    session["status"].as_str().unwrap().into()
}

/// A session that its owner's deactivation has not ended yet is shown as it is, and no other status is made up for it.
#[tokio::test]
async fn a_session_of_before_a_deactivation_is_refused_for_that() {
    let app = TestApp::alive().await;
    let (grace, session) = started(&app).await;
    app.settle().await;
    let former = AttributeValue::S("019c704c-b040-7218-a8cc-5e16c24a98ac".into());
    plant(&app, &place_of(&session), "data.activation", former).await;
    let path = format!("/sessions/{session}");
    assert_eq!(status(&grace.get(&path).await.expect(200).json), "ACTIVE");
    let refused = grace.post(&format!("{path}/extend"), json!({"additionalMinutes": 1})).await.expect(400);
    assert_eq!(
        sentences(&refused.json),
        "A session that was started before its owner was deactivated cannot be extended: it is being ended"
    );
}
