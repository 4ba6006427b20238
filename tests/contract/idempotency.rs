//! `Idempotency-Key` on every POST: a repetition answers with the first result and changes nothing.

use serde_json::{Value, json};
use support::{Client, ORG, Reply, TestApp};

use crate::repository::{assert_nothing_wrong, exact_routes};
use support::objects::{body, open_the_cloud, path};

const DAY_SECONDS: i64 = 24 * 3600;

/// A request with its key.
struct Repeated {
    path: String,
    body: Option<Value>,
}

impl Repeated {
    async fn send(&self, caller: &Client, key: &str) -> Reply {
        let text = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let media_type = self.body.as_ref().map(|_| "application/json");
        caller
            .with_header("idempotency-key", key)
            .send("POST", &self.path, media_type, text.into_bytes())
            .await
    }
}

fn post_routes() -> Vec<String> {
    let posts = exact_routes().into_iter().filter(|(method, _)| method == "POST");
    posts.map(|(_, route)| route).collect()
}

async fn request(app: &TestApp, route: &str) -> Repeated {
    let admin = app.admin();
    Repeated { path: path(app, &admin, "POST", route).await, body: body(&admin, "POST", route, 1).await }
}

/// What a repetition shows: all of the first answer, but for the text of a key, which is shown once.
fn repeated(reply: &Reply) -> Value {
    let mut body = reply.json.clone();
    if let Some(text) = body.get_mut("plainTextKey") {
        *text = Value::Null;
    }
    body
}

#[tokio::test]
async fn a_repetition_of_any_post_has_the_first_result() {
    let app = TestApp::new().await;
    open_the_cloud(&app);
    let mut wrong = Vec::new();
    for route in post_routes() {
        let request = request(&app, &route).await;
        let first = request.send(&app.admin(), &route).await;
        assert!(first.status.is_success(), "{route}: {}", first.text);
        let before = app.db_items().await;
        app.advance_seconds(DAY_SECONDS / 2);
        // A day's half later the caller has another token.
        let again = request.send(&app.admin(), &route).await;
        let expected = if route.contains("/sessions") {
            // Of a session its id is kept: it is shown as it is by then.
            // Whether a port is still open is looked up for `GET` alone.
            let mut shown = app.admin().get(&format!("/sessions/{}", first.id())).await.expect(200).json;
            for row in shown["resourceIps"].as_array_mut().unwrap() {
                row.as_object_mut().unwrap().remove("stillOpen");
            }
            shown
        } else {
            repeated(&first)
        };
        if (again.status, &again.json) != (first.status, &expected) {
            wrong.push(format!("{route}: {} {} and not {expected}", again.status, again.text));
        }
        if app.db_items().await != before {
            wrong.push(format!("{route}: the repetition changed something"));
        }
    }
    assert_nothing_wrong(&wrong);
}

#[tokio::test]
async fn the_same_key_with_another_request_is_refused_in_every_format() {
    let app = TestApp::new().await;
    open_the_cloud(&app);
    let admin = app.admin();
    let mut first = request(&app, "/api/v1/roles").await;
    let _ = first.send(&admin, "k").await.expect(201);
    first.body = Some(json!({"name": "Another"}));
    let before = app.db_items().await;
    let message = "Idempotency-Key was used before for another request";
    let reply = first.send(&admin, "k").await.expect(400);
    assert_eq!((&reply.json["message"], &reply.json["status"]), (&json!(message), &json!(400)));
    assert_eq!(app.db_items().await, before);
    for (route, expected) in [
        ("/api/v1/resources", ("error", json!("IDEMPOTENCY_KEY_REUSED"))),
        ("/api/v1/credentials/", ("non_field_errors", json!([format!("{message}.")]))),
    ] {
        let other = request(&app, route).await;
        let before = app.db_items().await;
        let reply = other.send(&admin, "k").await.expect(400);
        assert_eq!(reply.json[expected.0], expected.1, "{route}");
        assert_eq!(app.db_items().await, before);
    }
}

#[tokio::test]
async fn a_key_belongs_to_its_caller_and_to_its_day() {
    let app = TestApp::new().await;
    let request = Repeated {
        path: "/api/v1/api-keys".into(),
        body: Some(json!({"name": "CI", "scopes": ["audit:read"]})),
    };
    let first = request.send(&app.admin(), "k").await.expect(201).id();
    let colleague = app.bearer(&app.token("colleague", ORG, &["ORG_ADMIN"]));
    for other in [&app.other_admin(), &colleague] {
        assert_ne!(request.send(other, "k").await.expect(201).id(), first);
    }
    app.advance_seconds(DAY_SECONDS - 1);
    assert_eq!(request.send(&app.admin(), "k").await.expect(201).id(), first);
    app.advance_seconds(1);
    let tomorrow = request.send(&app.admin(), "k").await.expect(201).id();
    assert_ne!(tomorrow, first);
    assert_eq!(request.send(&app.admin(), "k").await.expect(201).id(), tomorrow);
}

#[tokio::test]
async fn what_was_refused_is_tried_again() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let request = Repeated { path: "/api/v1/roles".into(), body: Some(json!({"name": "Engineers"})) };
    let taken = admin.new_role("Engineers").await;
    let _ = request.send(&admin, "k").await.expect(400);
    let _ = admin.delete(&format!("/roles/{taken}")).await.expect(204);
    let first = request.send(&admin, "k").await.expect(201).id();
    let _ = admin.delete(&format!("/roles/{first}")).await.expect(204);
    assert_eq!(
        request.send(&admin, "k").await.expect(201).id(),
        first,
        "the first result, although it is gone"
    );
    let wrong = Repeated { path: "/api/v1/roles".into(), body: Some(json!({"name": ""})) };
    assert_eq!(wrong.send(&admin, "other").await.status, 400);
}

/// The value of a sensitive credential is in no copy; a readable one is shown again as it was.
#[tokio::test]
async fn a_repeated_credential_shows_its_value_when_it_is_readable() {
    let app = TestApp::new().await;
    for (number, is_sensitive) in [true, false].into_iter().enumerate() {
        let body = json!({"name": "n", "value": {"user": "u"}, "is_sensitive": is_sensitive});
        let request = Repeated { path: "/api/v1/credentials/".into(), body: Some(body) };
        let first = request.send(&app.admin(), &number.to_string()).await.expect(201);
        assert_eq!(request.send(&app.admin(), &number.to_string()).await.expect(201).text, first.text);
        assert_eq!(first.json["value"].is_null(), is_sensitive);
        let results: Vec<_> =
            app.db_table().await.into_values().filter(|item| item["entity"] == "ONCE").collect();
        let copies = results.iter().filter(|item| item.to_string().contains("\\\"sealed\\\":\\\"")).count();
        assert_eq!((results.len(), copies), (number + 1, number));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_request_at_once_happens_once() {
    for _ in 0..3 {
        let app = TestApp::new().await;
        open_the_cloud(&app);
        let admin = app.admin();
        for route in post_routes() {
            let request = request(&app, &route).await;
            let replies = futures_util::future::join_all((0..4).map(|_| request.send(&admin, &route))).await;
            let answers: Vec<_> =
                replies.iter().map(|reply| (reply.status.as_u16(), repeated(reply))).collect();
            assert!(replies[0].status.is_success(), "{route}: {}", replies[0].text);
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{route}: {answers:?}");
            let texts = replies.iter().filter(|reply| reply.json["plainTextKey"].is_string()).count();
            assert_eq!(texts, usize::from(route.ends_with("/api-keys")), "a key's text is shown once");
        }
    }
}

#[tokio::test]
async fn keys_that_are_none_are_refused_and_other_methods_take_no_notice() {
    let app = TestApp::new().await;
    let request = Repeated { path: "/api/v1/roles".into(), body: Some(json!({"name": "Engineers"})) };
    let sentence = "Idempotency-Key must have 1 to 255 visible ASCII characters";
    for key in ["", " ", "a b", &"k".repeat(256)] {
        let reply = request.send(&app.admin(), key).await.expect(400);
        assert_eq!(reply.json["validationErrors"], json!({"Idempotency-Key": sentence}), "{key}");
        assert_eq!(request.send(&app.member(), key).await.status, 403, "who may not is told that first");
    }
    assert_eq!(app.db_objects().await.len(), 0);
    let role = app.admin().new_role("Engineers").await;
    let caller = app.admin().with_header("idempotency-key", "a b");
    let _ = caller.patch(&format!("/roles/{role}"), json!({"name": "Renamed"})).await.expect(200);
}
