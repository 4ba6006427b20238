//! What is shown could not be sent back: a client that reads an object and writes it again is refused, or changes it.
//!
//! Reported where an API shows a `null` that it does not take: ets-berkeley-edu/suitec#371 ("undefined email is OK, null email is not").

use aws_sdk_dynamodb::types::AttributeValue;
use axum::body::Bytes;
use local::template::Route;
use model::principal::ORG_ADMIN;
use serde_json::{Value, json};
use support::objects::Objects;
use support::{ADMIN, Client, InFunction as _, ORG, TestApp, resource_body};

use crate::scene::{active_resource, place, plant};

/// What was answered, which may be more than the description allows: some of the objects are older than its rules.
struct Answer {
    status: u16,
    text: String,
    tag: Option<String>,
}

/// Asks as an administrator who expects a state, without a look into the description.
async fn ask(app: &TestApp, (method, path): (&str, &str), tag: &str, body: &str) -> Answer {
    let path = format!("/api/v1{path}");
    let request = http::Request::builder().method(method).uri(&path).header("if-match", tag);
    let request = request.header("authorization", format!("Bearer {}", app.token(ADMIN, ORG, &[ORG_ADMIN])));
    let request = request.header("content-type", "application/json").body(Bytes::from(body.to_owned()));
    let function = app.admin().function(method, &path);
    let source = "203.0.113.7".parse().unwrap();
    let reply = Box::pin(app.gateway().handle(request.unwrap(), source)).in_function(function).await;
    let tag = reply.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    Answer {
        status: reply.status().as_u16(),
        text: String::from_utf8(reply.into_body().to_vec()).unwrap(),
        tag,
    }
}

/// The table without what keeps starts in order with changes: a change that may have broken off is completed by its repetition.
async fn but_shards(app: &TestApp) -> Vec<((String, String), String)> {
    app.db_items().await.into_iter().filter(|((_, sort), _)| sort != "#SHARD").collect()
}

/// Sends an object back by a method, and says what is wrong with the answer.
async fn sent_back(app: &TestApp, (method, path): (&str, &str)) -> Vec<String> {
    let shown = ask(app, ("GET", path), "*", "").await;
    assert_eq!(shown.status, 200, "{path}: {}", shown.text);
    let before = but_shards(app).await;
    // A change would move `updatedAt`.
    app.advance_seconds(10);
    let reply = ask(app, (method, path), shown.tag.as_deref().unwrap(), &shown.text).await;
    let mut wrong = Vec::new();
    if reply.status != 200 || reply.text != shown.text || reply.tag != shown.tag {
        wrong.push(format!("{method} {path} of {}: {} {}", shown.text, reply.status, reply.text));
    }
    if but_shards(app).await != before {
        wrong.push(format!("{method} {path} of {}: the table changed", shown.text));
    }
    wrong
}

/// An object in a state, and how it is changed.
type States = Vec<(&'static str, String)>;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.into())
}

async fn users(app: &TestApp) -> States {
    let admin = app.admin();
    let _ = admin.get("/me").await.expect(200);
    for id in ["plain", "inactive", "linked", "nameless", "odd"] {
        let _ = admin.new_user(id).await;
    }
    let _ = admin.patch("/users/inactive", json!({"isActive": false})).await.expect(200);
    let _ = admin.patch("/users/nameless", json!({"name": null})).await.expect(200);
    // Their token says an email that another person has, so the directory has none.
    let _ = app.bearer(&app.token("plai", ORG, &[])).get("/me").await.expect(200);
    let _ = admin.patch("/users/plai", json!({"name": null})).await.expect(200);
    let _ = app.bearer(&app.token("odd-one", ORG, &[])).get("/me").await.expect(200);
    let _ = admin.patch("/users/plain", json!({"email": "odd-@acme.example"})).await;
    let without_email = place("USER", "plai");
    plant(app, &without_email, "data.email", AttributeValue::Null(true)).await;
    let (role, resource) = (admin.new_role("Of a user").await, active_resource(app, 90).await);
    let _ = admin.post_empty(&format!("/roles/{role}/users/linked")).await.expect(200);
    let _ = admin.post_empty(&format!("/users/linked/resources/{resource}")).await.expect(200);
    let odd = place("USER", "odd");
    plant(app, &odd, "data.email", text("no email at all")).await;
    plant(app, &odd, "data.name", text("with\u{7}a bell")).await;
    let ids = ["plain", "inactive", "linked", "nameless", "plai", "odd", "odd-one", ADMIN];
    ids.iter().map(|id| ("PATCH", format!("/users/{id}"))).collect()
}

async fn roles(app: &TestApp) -> States {
    let admin = app.admin();
    let objects = Objects::new(app, &admin, "roles").await;
    let whole = json!({"name": "Whole", "description": "a\nb", "maxSessionDurationHours": 8784});
    let whole = admin.post("/roles", whole).await.expect(201).id();
    let bare = admin.new_role("Bare").await;
    let _ = admin.post_empty(&format!("/roles/{whole}/resources/{}", objects.resource())).await.expect(200);
    let _ = admin.post_empty(&format!("/roles/{whole}/users/{ADMIN}")).await.expect(200);
    let odd = admin.new_role("Odd").await;
    plant(app, &place("ROLE", &odd), "data.name", text("a\u{1b}[31mred role")).await;
    plant(app, &place("ROLE", &odd), "data.description", text(&"long ".repeat(1000))).await;
    plant(app, &place("ROLE", &odd), "data.maxSessionDurationHours", AttributeValue::N("99999".into())).await;
    [whole, bare, odd].iter().map(|id| ("PATCH", format!("/roles/{id}"))).collect()
}

async fn resources(app: &TestApp) -> States {
    let admin = app.admin();
    let active = active_resource(app, 1).await;
    let inactive = active_resource(app, 2).await;
    let _ = admin.patch(&format!("/resources/{inactive}"), json!({"isActive": false})).await.expect(200);
    let credential = admin.new_credential("Of resources").await;
    let unverified = admin.new_resource(&credential).await;
    let mut rich = resource_body(&credential);
    rich["config"] =
        json!({"protocol": "tcp", "ports": [1, 2], "note": {"deep": [[1.5, -0.25, 1e9, null, "é"]]}});
    let rich = admin.post("/resources", rich).await.expect(201).id();
    let mut objects = Objects::new(app, &admin, "draining").await;
    let _ = objects.begin_session(&admin).await;
    let draining = objects.resource().to_owned();
    let _ = admin.delete(&format!("/resources/{draining}?drain=true")).await.expect(202);
    let odd = admin.new_resource(&credential).await;
    let at = place("RESOURCE", &odd);
    plant(app, &at, "data.name", text("two\nlines")).await;
    plant(app, &at, "data.region", text("Frankfurt")).await;
    plant(app, &at, "data.resourceIdentifier", text("SG-1")).await;
    plant(app, &at, "data.config", text(r#"{"from_port":99999}"#)).await;
    let ids = [active, inactive, unverified, rich, draining, odd];
    ids.iter().map(|id| ("PATCH", format!("/resources/{id}"))).collect()
}

async fn credentials(app: &TestApp) -> States {
    let admin = app.admin();
    let made = async |body: Value| admin.post("/credentials/", body).await.expect(201).id();
    let role = admin.new_role("Team").await;
    let team =
        admin.post("/credentials/", json!({"name": "x", "value": "x", "team": role})).await.expect(201).json;
    let gone = admin.new_role("Gone").await;
    let of_gone = made(json!({"name": "of a team that is gone", "value": "x", "team": gone})).await;
    let _ = admin.delete(&format!("/roles/{gone}")).await.expect(204);
    let readable = |value: Value| json!({"name": "readable", "is_sensitive": false, "value": value});
    let odd = made(readable(json!("odd"))).await;
    let uuid = |id: &str| model::id::CredentialId::parse_any(id).unwrap().to_string();
    let at = place("CREDENTIAL", &uuid(&odd));
    plant(app, &at, "data.name", text(" \u{7}bell ")).await;
    plant(app, &at, "data.description", text(&"long ".repeat(1000))).await;
    let foreign =
        made(readable(json!({"roleArn": "arn:aws:iam::444455556666:role/x", "externalId": "other"}))).await;
    let at = place("CREDENTIAL", &uuid(&foreign));
    plant(app, &at, "data.credentialType", text("ASSUME_ROLE")).await;
    let used = Objects::new(app, &admin, "credentials").await;
    let used =
        admin.get(&format!("/resources/{}", used.resource())).await.expect(200).json["credentialId"].clone();
    let ids = [
        made(json!({"name": "sensitive", "value": "x"})).await,
        made(json!({"name": "key", "credential_type": "ACCESS_KEY", "value": {"accessKeyId": "A", "secretAccessKey": "s"}})).await,
        team["id"].as_str().unwrap().into(),
        of_gone,
        made(readable(Value::Null)).await,
        made(readable(json!("text é"))).await,
        made(readable(json!({"b": [1, 1.5, {"a": null}], "a": "\u{1F600}"}))).await,
        made(readable(json!(true))).await,
        odd,
        foreign,
        used.as_str().unwrap().into(),
    ];
    let both =
        ids.iter().flat_map(|id| ["PATCH", "PUT"].map(|method| (method, format!("/credentials/{id}/"))));
    both.collect()
}

#[tokio::test]
async fn every_object_in_every_state_can_be_sent_back_and_nothing_changes() {
    let app = TestApp::new().await;
    let mut states = users(&app).await;
    states.extend(roles(&app).await);
    states.extend(resources(&app).await);
    states.extend(credentials(&app).await);
    let mut wrong = Vec::new();
    for (method, path) in &states {
        wrong.extend(sent_back(&app, (method, path)).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every route that changes an object is among them.
#[test]
fn no_kind_of_object_is_left_out() {
    let routes = support::TEMPLATE.functions.iter().flat_map(|function| &function.routes);
    let mut found: Vec<_> = routes
        .filter_map(Route::asked)
        .map(|(method, path)| (method, path.trim_end_matches('/')))
        .filter(|(method, _)| ["PATCH", "PUT"].contains(method))
        .collect();
    found.sort_unstable();
    found.dedup();
    let expected = [
        ("PATCH", "/api/v1/credentials/{id}"),
        ("PATCH", "/api/v1/resources/{id}"),
        ("PATCH", "/api/v1/roles/{id}"),
        ("PATCH", "/api/v1/users/{id}"),
        ("PUT", "/api/v1/credentials/{id}"),
    ];
    assert_eq!(found, expected);
}

/// What is shown does not keep the rest from being changed, and is checked where it is new.
#[tokio::test]
async fn beside_what_is_shown_the_rest_can_be_changed() {
    let app = TestApp::new().await;
    let admin: Client = app.admin();
    let role = admin.new_role("Odd").await;
    plant(&app, &place("ROLE", &role), "data.description", text(&"long ".repeat(1000))).await;
    let (path, nowhere) = (format!("/roles/{role}"), "/roles/550e8400-e29b-41d4-a716-446655440000");
    let patch = async |path: &str, body: &Value| ask(&app, ("PATCH", path), "*", &body.to_string()).await;
    let mut shown: Value = serde_json::from_str(&ask(&app, ("GET", &path), "*", "").await.text).unwrap();
    shown["name"] = json!("Renamed");
    let changed = patch(&path, &shown).await;
    assert_eq!(changed.status, 200);
    let changed: Value = serde_json::from_str(&changed.text).unwrap();
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Renamed"), &shown["description"]));
    shown["description"] = json!("longer ".repeat(1000));
    assert_eq!(patch(&path, &shown).await.status, 400);
    // Nor where there is nothing to compare with.
    assert_eq!(patch(nowhere, &shown).await.status, 400);
    shown["description"] = json!("short");
    assert_eq!(patch(nowhere, &shown).await.status, 404);
    // A team that is gone stays, and cannot be taken by others.
    let gone = admin.new_role("Gone").await;
    let body = json!({"name": "x", "value": "x", "team": gone});
    let credential = admin.post("/credentials/", body).await.expect(201).json;
    let other = admin.new_credential("other").await;
    let _ = admin.delete(&format!("/roles/{gone}")).await.expect(204);
    let path = |id: &str| format!("/credentials/{id}/");
    let renamed = json!({"name": "y", "value": null, "team": credential["team"]});
    let _ = admin.put(&path(credential["id"].as_str().unwrap()), renamed.clone()).await.expect(200);
    let _ = admin.put(&path(&other), renamed).await.expect(400);
}

/// A value that nobody is shown is replaced by whatever is sent: the answer says nothing about whether it was guessed.
#[tokio::test]
async fn an_update_with_the_right_secret_looks_like_any_other() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let id = admin.new_credential("secret").await;
    let path = format!("/credentials/{id}/");
    for guess in ["PLANTED-hunter2", "PLANTED-hunter3"] {
        app.advance_seconds(60);
        let before = admin.get(&path).await.expect(200).json["updated_at"].clone();
        let after = admin.patch(&path, json!({"value": guess})).await.expect(200).json["updated_at"].clone();
        assert_ne!(before, after, "{guess}");
    }
}

#[tokio::test]
async fn the_answer_of_a_verification_can_be_sent_back() {
    let app = TestApp::alive().await;
    let admin = app.admin();
    let resource = active_resource(&app, 1).await;
    let path = format!("/resources/{resource}");
    let verified = admin.post_empty(&format!("{path}/verify")).await.expect(200).json;
    assert!(verified["ruleSlotsLeft"].is_object() && verified["warnings"].is_array(), "{verified}");
    let shown = admin.get(&path).await.expect(200).text;
    assert_eq!(admin.patch(&path, verified).await.expect(200).text, shown);
}
