//! A parameter that an operation does not know narrows nothing, and the answer looks as if it did. Reported as
//! <https://github.com/fecgov/openFEC/issues/160>, <https://github.com/JSONbored/metagraphed/issues/9149> and
//! <https://github.com/intuitem/ciso-assistant-community/issues/4701>.

use serde_json::{Value, json};
use support::{ADMIN, Client, Reply, TestApp};

const OF_THE_LOG: &str = "eventType, actorId, resourceId, from, to, limit, cursor";

/// The one sentence of a refusal, on the formats that have a message.
#[track_caller]
fn sentence(reply: &Reply, parameter: &str) -> String {
    assert_eq!(reply.status, 400, "{}", reply.text);
    let sentence = match &reply.json["validationErrors"] {
        Value::Null => reply.json["message"].clone(),
        fields @ (Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_)) => fields[parameter].clone(),
    };
    sentence.as_str().unwrap_or_else(|| panic!("{parameter}: {}", reply.text)).into()
}

#[tokio::test]
async fn an_auditor_is_told_which_filters_the_log_has() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for (query, parameter) in
        [("result=DENIED", "result"), ("actor=eve", "actor"), ("EventType=X", "EventType")]
    {
        let reply = admin.get(&format!("/audit-logs?{query}")).await;
        assert_eq!(reply.json["message"], "Validation failed");
        let expected = format!("{parameter} is not a parameter of this operation, which has {OF_THE_LOG}");
        assert_eq!(sentence(&reply, parameter), expected);
    }
}

#[tokio::test]
async fn an_empty_or_repeated_parameter_is_no_filter_either() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for (query, parameter, says) in [
        ("actorId=", "actorId", "actorId must not be empty"),
        ("actorId", "actorId", "actorId must not be empty"),
        ("eventType=", "eventType", "eventType must not be empty"),
        ("actorId=eve&actorId=ada", "actorId", "actorId must not be repeated"),
        ("limit=1&limit=1", "limit", "limit must not be repeated"),
        ("cursor=", "cursor", "cursor must not be empty"),
    ] {
        let reply = admin.get(&format!("/audit-logs?{query}")).await;
        assert_eq!(sentence(&reply, parameter), format!("{says}: parameters are {OF_THE_LOG}"), "{query}");
    }
    // Separators alone say nothing.
    for query in ["?", "?&", "?&&limit=1&"] {
        let _ = admin.get(&format!("/audit-logs{query}")).await.expect(200);
    }
}

#[tokio::test]
async fn each_format_says_it_in_its_own_way() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let resources = admin.get("/resources?name=DB").await.expect(400);
    assert_eq!(resources.json["error"], "VALIDATION_ERROR");
    let expected = "name is not a parameter of this operation, which has limit, cursor";
    assert_eq!(resources.json["message"], expected);
    let credentials = admin.get("/credentials/?team=1&ordering=name").await.expect(400);
    let known = "search, is_sensitive, ordering, page, length";
    assert_eq!(credentials.json, json!({"team": [format!("Unknown parameter. Known are: {known}.")]}));
    let credentials = admin.get("/credentials/?search=").await.expect(400);
    let expected = json!({"search": [format!("This parameter may not be blank. Known are: {known}.")]});
    assert_eq!(credentials.json, expected);
    let me = admin.get("/me?fields=id").await;
    assert_eq!(sentence(&me, "fields"), "fields is not a parameter of this operation, which has none");
}

#[tokio::test]
async fn a_change_with_a_parameter_that_it_does_not_have_changes_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let resource = admin.new_resource(&credential).await;
    let before = app.db_table().await;
    for (method, path) in [
        ("DELETE", format!("/resources/{resource}?dryRun=true")),
        ("PATCH", format!("/resources/{resource}?dryRun=true")),
        ("PUT", format!("/credentials/{credential}/?force=1")),
        ("POST", String::from("/roles?name=Engineers")),
        ("POST", String::from("/sessions?durationMinutes=5")),
    ] {
        let body = json!({"name": "New", "value": "PLANTED-v"}).to_string().into_bytes();
        let path = support::whole_path(&path);
        let reply = admin.send(method, &path, Some("application/json"), body).await.expect(400);
        assert!(reply.text.contains("dryRun") || reply.text.contains("arameter"), "{}", reply.text);
    }
    assert_eq!(app.db_table().await, before);
}

async fn count(caller: &Client, path: &str) -> usize {
    let reply = caller.get(path).await.expect(200).json;
    reply["content"].as_array().or_else(|| reply.as_array()).unwrap().len()
}

#[tokio::test]
async fn a_filter_by_kind_ignores_the_case_of_letters() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let _ = admin.new_role("Engineers").await;
    for kind in ["ROLE_CREATE", "role_create", "Role_Create"] {
        assert_eq!(count(&admin, &format!("/audit-logs?eventType={kind}")).await, 1, "{kind}");
    }
    for path in ["/sessions?status=active", "/sessions/admin?status=Active", "/rules?state=Stuck"] {
        assert_eq!(count(&admin, path).await, 0, "{path}");
    }
}

#[tokio::test]
async fn a_filter_by_a_uuid_takes_every_spelling() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let resource = admin.new_resource(&credential).await;
    let uuid =
        admin.get(&format!("/resources/{resource}")).await.json["credentialId"].as_str().unwrap().to_owned();
    let spellings = |id: &str| {
        let (plain, upper) = (id.replace('-', ""), id.to_uppercase());
        [id.into(), upper, plain, format!("urn:uuid:{id}"), format!("%7B{id}%7D")]
    };
    for id in spellings(&resource) {
        assert_eq!(count(&admin, &format!("/audit-logs?resourceId={id}")).await, 1, "{id}");
        assert_eq!(count(&admin, &format!("/sessions?resourceId={id}")).await, 0, "{id}");
        assert_eq!(count(&admin, &format!("/sessions/admin?resourceId={id}")).await, 0, "{id}");
    }
    // The log names credentials in Base58, and resources name them by their UUID.
    for id in spellings(&uuid).into_iter().chain([credential.clone(), format!("credentials://{credential}")])
    {
        assert_eq!(count(&admin, &format!("/audit-logs?resourceId={id}")).await, 1, "{id}");
    }
    for id in spellings(ADMIN) {
        assert_eq!(count(&admin, &format!("/audit-logs?actorId={id}")).await, 2, "{id}");
    }
}

#[tokio::test]
async fn a_wrong_value_names_the_right_ones() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let event = admin.get("/audit-logs?eventType=EVERYTHING").await;
    let event = sentence(&event, "eventType");
    assert!(event.starts_with("eventType must be one of RESOURCE_CREATE, RESOURCE_UPDATE, "), "{event}");
    assert!(event.contains(", ACCESS_DENIED"), "{event}");
    let ordering = admin.get("/credentials/?ordering=secret").await.expect(400);
    let choices = "name, -name, created_at, -created_at, updated_at, -updated_at, usage_count, -usage_count";
    assert_eq!(ordering.json, json!({"ordering": [format!("Must be one of: {choices}.")]}));
    for (query, field, says) in [
        ("length=all", "length", "Must be a whole number of at least 1."),
        ("length=0", "length", "Must be a whole number of at least 1."),
        ("page=first", "page", "Must be a whole number of at least 1."),
        ("is_sensitive=maybe", "is_sensitive", "Must be a valid boolean: true or false."),
    ] {
        let reply = admin.get(&format!("/credentials/?{query}")).await.expect(400);
        assert_eq!(reply.json, json!({field: [says]}), "{query}");
    }
    let beyond = admin.get("/credentials/?page=99999999999999999999").await.expect(404);
    assert_eq!(beyond.json, json!({"detail": "Invalid page."}));
}

#[tokio::test]
async fn names_of_the_callers_making_make_no_long_answer() {
    let app = TestApp::new().await;
    let many: Vec<_> = (0..1000).map(|number| format!("a{number}=1")).collect();
    let long = "x".repeat(7000);
    for query in [many.join("&"), format!("{long}=1"), String::from("%00%1b%5B31m=1"), String::from("=1")] {
        for path in ["/audit-logs", "/resources", "/credentials/"] {
            let reply = app.admin().get(&format!("{path}?{query}")).await.expect(400);
            assert!(reply.text.len() < 4096, "{} bytes", reply.text.len());
            assert!(!reply.text.contains("\\u001b") && !reply.text.contains("\\u0000"), "{}", reply.text);
        }
    }
}

/// What answers everybody the same may be asked with anything: a cache buster, the mark of a campaign.
#[tokio::test]
async fn public_pages_take_any_query() {
    let app = TestApp::new().await;
    for path in ["/health?v=1", "/docs?v=1&v=2", "/openapi.json?utm_source="] {
        let whole = if path.starts_with("/health") { support::whole_path(path) } else { path.into() };
        let bare = whole.split('?').next().unwrap();
        let caller = app.anonymous();
        let with = caller.send("GET", &whole, None, Vec::new()).await;
        let without = caller.send("GET", bare, None, Vec::new()).await;
        assert!(with.status == 200 && with.text == without.text, "{path}: {}", with.status);
    }
}

/// Who may not call learns that first.
#[tokio::test]
async fn rights_come_before_parameters() {
    let app = TestApp::new().await;
    let _ = app.anonymous().get("/audit-logs?x=1").await.expect(401);
    let _ = app.member().get("/audit-logs?x=1").await.expect(403);
}
