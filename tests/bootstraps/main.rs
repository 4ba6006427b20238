//! The release bootstraps, each in a process of its own, invoked through the Lambda Runtime API with the events in
//! `functions/*/event.json`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod frozen;
mod journey;

use journey::{Journey, TABLE, logs};
use local::template::{Route, Template};
use serde_json::{Value, json};
use support::lambda::{Bootstrap, Program, recorded_event, settings};
use web::access::Level;

/// The values in the events of `credential-create` and `credential-update`.
const SECRETS: [&str; 2] = ["PLANTED-first", "PLANTED-second"];

/// The functions of the steps behind `people`. Every other function that no step names is invoked there.
const LATER: [&str; 13] = [
    "user-delete",
    "api-key-create",
    "api-key-list",
    "api-key-revoke",
    "resource-verify",
    "resource-delete",
    "role-delete",
    "credential-delete",
    "audit-log-list",
    "health",
    "openapi-get",
    "docs-get",
    "fallback",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_function_answers_its_recorded_event() {
    let mut journey = Journey::begin("every_function_answers_its_recorded_event").await;
    creates(&mut journey).await;
    shows_what_was_created(&mut journey).await;
    changes(&mut journey).await;
    sessions(&mut journey).await;
    people(&mut journey).await;
    keys(&mut journey).await;
    deletes(&mut journey).await;
    needs_no_token(&mut journey).await;
    let token = journey.known("token").to_owned();
    let log = journey.end();
    for secret in SECRETS.into_iter().chain([token.as_str()]) {
        assert!(!log.contains(secret), "a log holds what it must not");
    }
}

async fn creates(journey: &mut Journey) {
    let credential = journey.invoke("credential-create", 201).await;
    journey.apply("credentialId", &credential);
    assert_eq!(credential.body["uri"], format!("credentials://{}", journey.known("credentialId")));
    assert_eq!(credential.body["is_sensitive"], true);
    assert_eq!(credential.body["value"], Value::Null);
    assert!(!credential.text.contains(SECRETS[0]));

    let role = journey.invoke("role-create", 201).await;
    journey.apply("roleId", &role);
    assert_eq!(role.body["maxSessionDurationHours"], 4);
    assert_eq!(role.body["resourceIds"], json!([]));

    let resource = journey.invoke("resource-create", 201).await;
    journey.apply("resourceId", &resource);
    assert_eq!(resource.body["credentialName"], "Production AWS account");
    assert_eq!(resource.body["isActive"], false);
    assert_eq!(resource.body["config"], json!({"protocol": "tcp", "port": 22}));
}

async fn shows_what_was_created(journey: &mut Journey) {
    let credential = journey.invoke("credential-get", 200).await.body;
    assert_eq!(credential["id"], journey.known("credentialId"));
    assert_eq!(credential["usage_count"], 1);
    assert_eq!(credential["references"][0]["root_object_id"], journey.known("resourceId"));
    let credentials = journey.invoke("credential-list", 200).await.body;
    assert_eq!(credentials["count"], 1);
    assert_eq!(credentials["length"], 50);
    assert_eq!(credentials["results"], json!([credential]));

    let resource = journey.invoke("resource-get", 200).await.body;
    assert_eq!(resource["id"], journey.known("resourceId"));
    assert_eq!(journey.invoke("resource-list", 200).await.body, json!([resource]));

    let role = journey.invoke("role-get", 200).await.body;
    assert_eq!(role["id"], journey.known("roleId"));
    assert_eq!(journey.invoke("role-list", 200).await.body, json!([role]));
}

async fn changes(journey: &mut Journey) {
    let assigned = journey.invoke("role-resource-assign", 200).await.body;
    assert_eq!(assigned, json!({"message": "Resource assigned to role successfully"}));
    let role = journey.invoke("role-get", 200).await.body;
    assert_eq!(role["resourceIds"], json!([journey.known("resourceId")]));
    // What another process wrote, a condition of the table refuses here.
    let again = journey.invoke("role-resource-assign", 400).await.body;
    assert_eq!(again["message"], "Resource already assigned to this role");

    let resource = journey.invoke("resource-update", 200).await.body;
    assert_eq!(resource["id"], journey.known("resourceId"));
    assert_eq!(resource["name"], "Production bastion, port 2222");
    assert_eq!(resource["config"], json!({"protocol": "tcp", "port": 2222}));

    assert_eq!(journey.invoke("role-resource-unassign", 204).await.text, "");
    let role = journey.invoke("role-get", 200).await.body;
    assert_eq!(role["resourceIds"], json!([]));

    let credential = journey.invoke("credential-update", 200).await;
    assert_eq!(credential.body["description"], "Rotated each quarter.");
    assert_eq!(credential.body["references"][0]["root_object_display_name"], "Production bastion, port 2222");
    assert_eq!(credential.body["value"], Value::Null);
    assert!(!credential.text.contains(SECRETS[1]));

    let patched = journey.invoke("credential-patch", 200).await.body;
    assert_eq!(patched["description"], "Rotated by hand");
    let role = journey.invoke("role-update", 200).await.body;
    assert_eq!(role["description"], "On call");
}

async fn sessions(journey: &mut Journey) {
    let session = journey.invoke("session-start", 201).await;
    journey.apply("sessionId", &session);
    assert_eq!(
        (&session.body["status"], &session.body["reason"]),
        (&json!("PENDING"), &json!("Ticket 4711"))
    );
    let mut shown = journey.invoke("session-get", 200).await.body;
    // Whether a port is still open is looked up here alone.
    assert_eq!(
        shown["resourceIps"][0].as_object_mut().expect("a row").remove("stillOpen"),
        Some(Value::Null)
    );
    assert_eq!(shown, session.body);
    for list in ["session-list", "session-admin-list"] {
        assert_eq!(journey.invoke(list, 200).await.body, json!([shown]));
    }
    let early = journey.invoke("session-extend", 400).await.body;
    assert_eq!(early["message"], "A session that is PENDING cannot be extended");
    let rules = journey.invoke("rule-list", 200).await.body;
    assert_eq!((&rules[0]["state"], &rules[0]["fromPort"]), (&json!("WANTED"), &json!(2222)));
    journey.learn_text("ruleId", rules[0]["id"].as_str().expect("an id"));
    assert_eq!(journey.invoke("session-stop", 200).await.body["status"], "EXPIRING");
    let twice = journey.invoke("session-admin-stop", 400).await.body;
    assert_eq!(twice["message"], "A session that is EXPIRING cannot be stopped");
    let resolved = journey.invoke("rule-resolve", 400).await.body;
    assert_eq!(resolved["message"], "Only a rule that is stuck can be resolved");
    let retried = journey.invoke("rule-retry", 400).await.body;
    assert_eq!(retried["message"], "Only a rule that waits for an attempt can be tried again");
    // Nobody was asked for the rule yet, so that there is nothing to ask for its removal.
    assert_eq!(journey.wake("rule-worker").await, json!({"batchItemFailures": []}));
    assert_eq!(journey.invoke("session-get", 200).await.body["status"], "CANCELLED");
    // A timer of a session that was stopped lets it pass.
    assert_eq!(journey.wake("session-ender").await, json!({"batchItemFailures": []}));
    assert_eq!(journey.wake("session-sweeper").await["failed"], 0);
    assert_eq!(journey.wake("rule-reconciler").await["failed"], 0);
}

async fn people(journey: &mut Journey) {
    let user = journey.invoke("user-create", 201).await;
    journey.apply("userId", &user);
    assert_eq!(
        journey.invoke("role-user-assign", 200).await.body["message"],
        "User assigned to role successfully"
    );
    let assigned = journey.invoke("user-resource-assign", 200).await.body;
    assert_eq!(assigned, json!({"message": "Resource assigned to user successfully"}));
    let user = journey.invoke("user-get", 200).await.body;
    assert_eq!(user["roleIds"], json!([journey.known("roleId")]));
    assert_eq!(user["resourceIds"], json!([journey.known("resourceId")]));
    assert_eq!(journey.invoke("role-get", 200).await.body["userIds"], json!([journey.known("userId")]));

    assert_eq!(journey.invoke("user-update", 200).await.body["name"], "Grace H.");
    assert_eq!(journey.invoke("user-resource-unassign", 204).await.text, "");
    assert_eq!(journey.invoke("role-user-unassign", 204).await.text, "");
    let me = journey.invoke("me-get", 200).await.body;
    assert_eq!((&me["id"], &me["isOrgAdmin"]), (&json!(support::ADMIN), &json!(true)));
    let users = journey.invoke("user-list", 200).await.body;
    assert_eq!(users.as_array().expect("users").len(), 2, "GET /me enters its caller in the directory");
    journey.invoke_the_rest(&LATER).await;
    assert_eq!(journey.invoke("user-delete", 204).await.text, "");
}

async fn keys(journey: &mut Journey) {
    let key = journey.invoke("api-key-create", 201).await;
    journey.apply("apiKeyId", &key);
    assert!(key.body["plainTextKey"].as_str().expect("a text").starts_with("pst_"));
    let keys = journey.invoke("api-key-list", 200).await.body;
    assert_eq!((&keys[0]["id"], &keys[0]["isRevoked"]), (&json!(journey.known("apiKeyId")), &json!(false)));
    assert_eq!(journey.invoke("api-key-revoke", 204).await.text, "");
    // There is no EC2 here: nobody is told that a resource was verified or refused.
    let unanswered = journey.invoke("resource-verify", 503).await.body;
    assert_eq!(unanswered["error"], "SERVICE_UNAVAILABLE");
}

async fn deletes(journey: &mut Journey) {
    let in_use = journey.invoke("credential-delete", 400).await.body;
    assert!(in_use["non_field_errors"][0].is_string(), "{in_use}");
    assert_eq!(journey.invoke("resource-delete", 204).await.text, "");
    let gone = journey.invoke("resource-get", 404).await.body;
    assert_eq!(gone["error"], "RESOURCE_NOT_FOUND");
    assert_eq!(journey.invoke("role-delete", 204).await.text, "");
    assert_eq!(journey.invoke("credential-delete", 204).await.text, "");
    let log = journey.invoke("audit-log-list", 200).await.body;
    let events: Vec<_> =
        log["content"].as_array().expect("rows").iter().map(|row| &row["eventType"]).collect();
    assert_eq!(events[..3], ["CREDENTIAL_DELETE", "ROLE_DELETE", "RESOURCE_DELETE"]);
}

async fn needs_no_token(journey: &mut Journey) {
    let health = journey.invoke("health", 200).await.body;
    assert_eq!(health["status"], "UP");
    assert_eq!(journey.invoke("openapi-get", 200).await.body["info"]["title"], "Postern");
    let page = journey.invoke("docs-get", 200).await;
    assert!(page.text.len() > 400_000, "{} bytes", page.text.len());
    let nowhere = journey.invoke("fallback", 404).await.body;
    assert_eq!(nowhere["status"], 404);
    assert_eq!(nowhere["path"], "/api/v1/nowhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_function_starts_without_the_issuer_of_tokens() {
    for (name, _) in functions::all().into_iter().filter(|(_, endpoint)| endpoint.level != Level::Anyone) {
        let mut settings = settings(name, "http://127.0.0.1:9/", TABLE);
        settings.remove("POSTERN_JWT_ISSUER").expect("template.yaml sets it");
        let program = Program::built(name, &logs("no_function_starts_without_the_issuer_of_tokens"));
        let mut bootstrap = Bootstrap::start(program, &settings).await;
        let status = bootstrap.end().await.unwrap_or_else(|| panic!("{name} started"));
        assert!(!status.success(), "{name} ended with {status}");
        assert!(
            bootstrap.log().contains("POSTERN_JWT_ISSUER"),
            "{name} says nothing of it: {}",
            bootstrap.log()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_nobody_who_they_are_needs_no_settings() {
    for (name, _) in functions::all().into_iter().filter(|(_, endpoint)| endpoint.level == Level::Anyone) {
        let mut settings = settings(name, "http://127.0.0.1:9/", TABLE);
        settings.retain(|setting, _| !setting.starts_with("POSTERN_"));
        let program = Program::built(name, &logs("who_asks_nobody_who_they_are_needs_no_settings"));
        let mut bootstrap = Bootstrap::start(program, &settings).await;
        assert_eq!(bootstrap.invoke(recorded_event(name)).await["statusCode"], 200, "{name}");
    }
}

#[test]
fn every_recorded_event_came_by_a_route_of_its_function() {
    let functions = Template::built_in().unwrap().functions;
    for function in functions.into_iter().filter(|function| !function.routes.is_empty()) {
        let event: Value = serde_json::from_str(&recorded_event(function.binary())).unwrap();
        let keys: Vec<_> = function.routes.iter().map(Route::key).collect();
        let (key, context) = (event["routeKey"].as_str().unwrap(), &event["requestContext"]);
        assert!(keys.iter().any(|known| known == key), "{key} is none of {keys:?}");
        assert_eq!(context["routeKey"], key);
        assert_eq!(context["http"]["path"], event["rawPath"]);
        if key != "$default" {
            let filled = event["pathParameters"].as_object().into_iter().flatten().fold(
                key.to_owned(),
                |key, (name, value)| {
                    // What is left for a greedy variable stands in its place as well.
                    let variables = [format!("{{{name}}}"), format!("{{{name}+}}")];
                    variables.iter().fold(key, |key, variable| key.replace(variable, value.as_str().unwrap()))
                },
            );
            let sent = [&context["http"]["method"], &event["rawPath"]].map(|part| part.as_str().unwrap());
            assert_eq!(filled, sent.join(" "));
        }
    }
}
