//! Permissions: what each function may do at AWS is what it does, no less and no more.

use firewall::{CloudRule, GroupRef, RuleTag};
use local::template::TEMPLATE;
use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use support::sessions::{entered, start};
use support::{Client, ORG, Reply, TestApp, resource_body};
use web::access::Level;

use crate::objects::Objects;
use crate::repository::{assert_nothing_wrong, exact_routes, read, route_keys, template};

/// Actions with what they act on, such as `dynamodb:Query Table/index/listing`, by function.
type Actions = BTreeMap<String, BTreeSet<String>>;

/// What an ARN in the template stands for: `Table.Arn` and `${Table.Arn}/index/listing` without the decoration.
fn target(resource: &Yaml) -> String {
    resource.as_str().unwrap_or("?").replace("${", "").replace('}', "").replace(".Arn", "")
}

/// What is left of a target under a condition. There is one kind: buckets of tokens, which every function with callers writes.
fn conditional(target: String, condition: Option<&Yaml>) -> String {
    let Some(condition) = condition else { return target };
    let keys = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    assert_eq!(keys, &Yaml::from(vec!["RATE#*"]));
    format!("{target}/RATE")
}

fn statements(function: &Yaml) -> impl Iterator<Item = &Yaml> {
    let policies = function["Properties"].get("Policies").and_then(Yaml::as_sequence).into_iter().flatten();
    policies.filter_map(|policy| policy.get("Statement")?.as_sequence()).flatten()
}

/// What the template allows.
fn allowed() -> Actions {
    let yaml: Yaml = serde_yaml_ng::from_str(TEMPLATE).unwrap();
    let mut allowed = Actions::new();
    for function in template().functions {
        let mut actions = BTreeSet::new();
        for statement in statements(&yaml["Resources"][function.logical_id.as_str()]) {
            assert_eq!(statement["Effect"], "Allow", "{}", function.logical_id);
            let target = conditional(target(&statement["Resource"]), statement.get("Condition"));
            for action in statement["Action"].as_sequence().unwrap() {
                actions.insert(format!("{} {target}", action.as_str().unwrap()));
            }
        }
        let read: BTreeSet<_> = function.actions.iter().map(String::as_str).collect();
        let named = actions.iter().map(|action| action.split(' ').next().unwrap()).collect();
        assert_eq!(read, named, "{}: Function::actions says what the file says", function.logical_id);
        allowed.insert(function.binary().into(), actions);
    }
    allowed
}

/// The actions for which AWS asks when it gets a call.
fn actions(target: &str, body: &Value) -> Vec<String> {
    let (service, operation) = target.split_once('.').unwrap();
    if service == "TrentService" {
        return vec![format!("kms:{operation} CredentialKey")];
    }
    let table = match body["IndexName"].as_str() {
        Some(index) => format!("Table/index/{index}"),
        None => "Table".into(),
    };
    let Some(parts) = body["TransactItems"].as_array() else {
        return vec![format!("dynamodb:{operation} {table}")];
    };
    let action = |part: &Value| match part.as_object().unwrap().keys().next().unwrap().as_str() {
        "ConditionCheck" => format!("dynamodb:ConditionCheckItem {table}"),
        kind => format!("dynamodb:{kind}Item {table}"),
    };
    parts.iter().map(action).collect()
}

/// Requests, and what each made its function do.
struct Drive {
    app: TestApp,
    admin: Client,
    routes: Vec<(String, String)>,
    seen: Actions,
}

/// Whether a request's method and path are those of a route.
fn is_of(request: &str, route: &str) -> bool {
    let (request, route) = (request.split(['/', ' ']), route.split(['/', ' ']));
    let fits =
        |(found, wanted): (&str, &str)| found == wanted || (wanted.starts_with('{') && !found.is_empty());
    request.clone().count() == route.clone().count() && request.zip(route).all(fits)
}

impl Drive {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let functions = template().functions;
        let routes = functions.iter().flat_map(|function| {
            route_keys(function).into_iter().map(|route| (route, function.binary().to_owned()))
        });
        Self { admin: app.admin(), app, routes: routes.collect(), seen: Actions::new() }
    }

    /// Sends a request, and notes the calls of the function that answers it.
    async fn call(&mut self, request: &str, body: Value, status: u16) -> Reply {
        let (method, path) = request.split_once(' ').unwrap();
        let (path, json) = (format!("/api/v1{path}"), (!body.is_null()).then_some("application/json"));
        let body = json.map(|_| body.to_string()).unwrap_or_default();
        self.app.tap.take_bodies();
        let reply = self.admin.send(method, &path, json, body.into_bytes()).await;
        let route = format!("{method} {}", path.split('?').next().unwrap());
        let fitting = self.routes.iter().filter(|(pattern, _)| is_of(&route, pattern));
        let found = fitting.min_by_key(|(pattern, _)| pattern.matches('{').count());
        let seen = self.seen.entry(found.map_or("fallback", |(_, function)| function).into()).or_default();
        seen.extend(self.app.tap.take_bodies().iter().flat_map(|(target, body)| actions(target, body)));
        reply.expect(status)
    }

    /// Runs a worker, and notes its calls.
    async fn run(&mut self, name: &str, group: &GroupRef) {
        self.app.tap.take_bodies();
        let workers = functions::workers();
        let (name, worker) = workers.iter().find(|(known, _)| *known == name).unwrap();
        let event = read("functions/rule_worker/event.json");
        let event = event.replace("{{org}}", ORG).replace("sg-0abc123def4567890", &group.group_id);
        let _ = worker.run(&self.app.app, serde_json::from_str(&event).unwrap()).await.unwrap();
        let seen = self.seen.entry((*name).into()).or_default();
        seen.extend(self.app.tap.take_bodies().iter().flat_map(|(target, body)| actions(target, body)));
    }

    /// The same, from another caller than the administrator.
    async fn call_as(&mut self, caller: &Client, request: &str, body: Value, status: u16) {
        let admin = std::mem::replace(&mut self.admin, caller.clone());
        let _ = self.call(request, body, status).await;
        self.admin = admin;
    }

    /// Requests without bodies.
    async fn all(&mut self, requests: &[(String, u16)]) {
        for (request, status) in requests {
            let _ = self.call(request, Value::Null, *status).await;
        }
    }
}

/// An id of nothing.
const NOTHING: &str = "00000000-0000-0000-0000-000000000007";

async fn drive_credentials(drive: &mut Drive) {
    let role = drive.admin.new_role("Team of credentials").await;
    let create = "POST /credentials/";
    let id = drive.call(create, json!({"name": "Secret", "value": "v", "team": role}), 201).await.id();
    let readable = json!({"name": "Readable", "value": "v", "is_sensitive": false});
    let readable = drive.call(create, readable, 201).await.id();
    let wrong = json!({"name": "", "value": "v", "team": role});
    let _ = drive.call(create, wrong.clone(), 400).await;
    let _ = drive.call(create, json!({"name": "N", "value": "v", "team": NOTHING}), 400).await;
    let _ = drive.admin.new_resource(&id).await;
    let path = |id: &str| format!("GET /credentials/{id}/");
    drive.all(&[(path(&id), 200), (path(&readable), 200), (path(NOTHING), 404)]).await;
    drive.all(&[("GET /credentials/".into(), 200)]).await;
    for (method, name) in [("PUT", "Renamed"), ("PATCH", "Renamed again")] {
        let path = format!("{method} /credentials/{id}/");
        let rename = json!({"name": name, "value": "w", "team": role, "is_sensitive": false});
        let _ = drive.call(&path, rename, 200).await;
        let _ = drive.call(&path, wrong.clone(), 400).await;
        let _ = drive.call(&format!("{method} /credentials/{NOTHING}/"), wrong.clone(), 404).await;
    }
    let delete = |id: &str| format!("DELETE /credentials/{id}/");
    drive.all(&[(delete(&id), 400), (delete(&readable), 204), (delete(NOTHING), 404)]).await;
}

async fn drive_resources(drive: &mut Drive) {
    let (from, to) = (drive.admin.new_credential("From").await, drive.admin.new_credential("To").await);
    let id = drive.call("POST /resources", resource_body(&from), 201).await.id();
    let _ = drive.call("POST /resources", resource_body(NOTHING), 404).await;
    drive.all(&[("GET /resources".into(), 200), (format!("GET /resources/{id}"), 200)]).await;
    drive.all(&[(format!("GET /resources/{NOTHING}"), 404)]).await;
    let path = format!("PATCH /resources/{id}");
    for (body, status) in [
        (json!({"name": "Renamed"}), 200),
        (json!({"credentialId": to}), 200),
        (json!({"credentialId": NOTHING}), 404),
        (json!({}), 200),
    ] {
        let _ = drive.call(&path, body, status).await;
    }
    drive.all(&[(format!("DELETE /resources/{id}"), 204), (format!("DELETE /resources/{id}"), 404)]).await;
}

async fn drive_roles(drive: &mut Drive) {
    let role = drive.call("POST /roles", json!({"name": "Developers"}), 201).await.id();
    let _ = drive.call("POST /roles", json!({"name": "Developers"}), 400).await;
    drive.all(&[("GET /roles".into(), 200), (format!("GET /roles/{role}"), 200)]).await;
    drive.all(&[(format!("GET /roles/{NOTHING}"), 404)]).await;
    let credential = drive.admin.new_credential("AWS").await;
    let resource = drive.admin.new_resource(&credential).await;
    let link = format!("/roles/{role}/resources/{resource}");
    drive.all(&[(format!("POST {link}"), 200), (format!("POST {link}"), 400)]).await;
    drive.all(&[(format!("DELETE {link}"), 204), (format!("DELETE {link}"), 404)]).await;
    let path = format!("PATCH /roles/{role}");
    for name in ["Engineers", "Engineers"] {
        let _ = drive.call(&path, json!({"name": name}), 200).await;
    }
    drive.all(&[(format!("POST {link}"), 200), (format!("DELETE /roles/{role}"), 204)]).await;
    drive.all(&[(format!("DELETE /roles/{role}"), 404)]).await;
}

/// Verifications with both kinds of answer.
async fn drive_verification(drive: &mut Drive) {
    let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
    let body = json!({"name": "Cloud", "credential_type": "ACCESS_KEY", "value": value});
    let credential = drive.admin.post("/credentials/", body).await.expect(201).id();
    let resource = drive.admin.new_resource(&credential).await;
    let path = format!("POST /resources/{resource}/verify");
    let _ = drive.call(&path, Value::Null, 400).await;
    let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def456".into() };
    drive.app.sky.add_group(group);
    let _ = drive.call(&path, Value::Null, 200).await;
}

async fn drive_users(drive: &mut Drive) {
    let body = json!({"id": "grace", "email": "grace@acme.example"});
    let user = drive.call("POST /users", body, 201).await.id();
    drive.all(&[("GET /users".into(), 200), (format!("GET /users/{user}"), 200)]).await;
    let credential = drive.admin.new_credential("AWS").await;
    let (role, resource) =
        (drive.admin.new_role("Role of users").await, drive.admin.new_resource(&credential).await);
    let active = json!({"isActive": true});
    let _ = drive.admin.patch(&format!("/resources/{resource}"), active).await.expect(200);
    let path = format!("PATCH /users/{user}");
    let _ = drive.call(&path, json!({"email": "grace.h@acme.example"}), 200).await;
    let links = [format!("/roles/{role}/users/{user}"), format!("/users/{user}/resources/{resource}")];
    for link in &links {
        drive.all(&[(format!("POST {link}"), 200), (format!("DELETE {link}"), 204)]).await;
        drive.all(&[(format!("POST {link}"), 200)]).await;
    }
    let token = drive.app.token("grace", ORG, &["USER"]);
    drive.call_as(&drive.app.bearer(&token), "GET /me", Value::Null, 200).await;
    drive.all(&[("GET /me".into(), 200), (format!("DELETE /users/{user}"), 204)]).await;
}

/// API keys, and everything that they open.
async fn drive_api_keys(drive: &mut Drive) {
    let body = json!({"name": "CI", "scopes": ["resources:read", "audit:read", "sessions:read"]});
    let key = drive.call("POST /api-keys", body, 201).await;
    let caller = drive.app.caller(&[("x-api-key", key.json["plainTextKey"].as_str().unwrap())]);
    let resource = drive.admin.get("/resources").await.json[0]["id"].as_str().unwrap().to_owned();
    let (one, session) = (format!("GET /resources/{resource}"), format!("GET /sessions/{NOTHING}"));
    for (path, status) in [
        ("GET /resources", 200),
        (&one, 200),
        ("GET /audit-logs", 200),
        ("GET /me", 200),
        ("GET /sessions", 200),
        (&session, 404),
    ] {
        drive.app.advance_seconds(61);
        drive.call_as(&caller, path, Value::Null, status).await;
    }
    drive.all(&[("GET /api-keys".into(), 200), (format!("DELETE /api-keys/{}", key.id()), 204)]).await;
}

/// Who shows an API key is looked up by every function that asks who calls.
async fn drive_with_a_key_that_is_none(drive: &mut Drive) {
    let text = format!("pst_GPXmAhizavrUuoXNn3tzeA{}.acme", "A".repeat(43));
    let stranger = drive.app.caller(&[("x-api-key", &text)]);
    for (method, route) in exact_routes() {
        let path =
            route.replace("{id}", NOTHING).replace("{resourceId}", NOTHING).replace("{userId}", NOTHING);
        let path = format!("{method} {}", path.trim_start_matches("/api/v1"));
        let status = if route.ends_with("/health") { 200 } else { 401 };
        drive.call_as(&stranger, &path, Value::Null, status).await;
    }
    drive.call_as(&stranger, "DELETE /health", Value::Null, 401).await;
}

/// Sessions and rules, with what the workers do for them.
async fn drive_sessions(drive: &mut Drive) {
    let mut objects = Objects::new(&drive.app, &drive.admin, "Sessions").await;
    objects.run_session(&drive.app, &drive.admin).await;
    let get = objects.path("/api/v1/sessions/{id}").replace("/api/v1", "");
    drive.all(&[(format!("GET {get}"), 200), ("GET /sessions".into(), 200)]).await;
    drive.all(&[("GET /sessions/admin".into(), 200), ("GET /rules".into(), 200)]).await;
    let everybodys = objects.path("/api/v1/resources/{id}").replace("/api/v1/resources/", "");
    drive.all(&[(format!("GET /sessions?resourceId={everybodys}"), 200)]).await;
    let _ = drive.call(&format!("POST {get}/extend"), json!({"additionalHours": 1}), 200).await;
    drive.all(&[(format!("POST {get}/stop"), 200), (format!("POST {get}/stop"), 400)]).await;
    let mut others = Objects::new(&drive.app, &drive.admin, "More sessions").await;
    others.run_session(&drive.app, &drive.admin).await;
    let stop = others.path("/api/v1/sessions/admin/{id}/stop").replace("/api/v1", "");
    drive.all(&[(format!("POST {stop}"), 200)]).await;
    let mut stuck = Objects::new(&drive.app, &drive.admin, "Stuck").await;
    stuck.run_session(&drive.app, &drive.admin).await;
    stuck.make_stuck(&drive.app, &drive.admin).await;
    let path = stuck.path("/api/v1/rules/{id}/resolve").replace("/api/v1", "");
    let _ = drive.call(&format!("POST {path}"), json!({"reason": "Gone"}), 200).await;
    drive_starts(drive).await;
}

/// Starts with few and with many rows, by somebody who is known and by somebody who is not.
async fn drive_starts(drive: &mut Drive) {
    let mut objects = Objects::new(&drive.app, &drive.admin, "Few rows").await;
    objects.run_session(&drive.app, &drive.admin).await;
    let resource = objects.path("/api/v1/resources/{id}").replace("/api/v1/resources/", "");
    let _ = drive.call("POST /sessions", json!({"resourceIds": [resource]}), 201).await;
    let everything = drive.call("POST /sessions", json!({}), 201).await.id();
    drive.all(&[(format!("POST /sessions/{everything}/stop"), 200)]).await;
    let resources = resources_of_many_rules(drive).await;
    let many = drive.call("POST /sessions", json!({"resourceIds": resources}), 201).await.id();
    drive.all(&[(format!("GET /sessions/{many}"), 200), ("GET /sessions".into(), 200)]).await;
    drive.all(&[(format!("POST /sessions/{many}/stop"), 200)]).await;
    let stranger = drive.app.bearer(&drive.app.token("stranger", ORG, &["ORG_ADMIN"]));
    drive.call_as(&stranger, "POST /sessions", json!({"resourceIds": [resource]}), 201).await;
    let held = format!("DELETE /resources/{resource}");
    drive.all(&[(held.clone(), 400), (format!("{held}?drain=true"), 202)]).await;
    let with_session = drive.app.bearer(&drive.app.token("stranger", ORG, &["USER"]));
    drive.call_as(&with_session, "GET /sessions", Value::Null, 200).await;
}

/// Two resources that one transaction has no room for.
async fn resources_of_many_rules(drive: &Drive) -> Vec<String> {
    let ports: Vec<_> = (1..=58).collect();
    let mut resources = Vec::new();
    for _ in 0..2 {
        let objects = Objects::new(&drive.app, &drive.admin, "Many rules").await;
        let id = objects.path("/api/v1/resources/{id}").replace("/api/v1/resources/", "");
        let body = json!({"isActive": true, "config": {"ports": ports}});
        let _ = drive.admin.patch(&format!("/resources/{id}"), body).await.expect(200);
        resources.push(id);
    }
    resources
}

/// The workers, one after another, with everything that there is to do for them.
async fn drive_workers(drive: &mut Drive) {
    let mut objects = Objects::new(&drive.app, &drive.admin, "Work").await;
    let group = objects.group();
    let session = objects.begin_session(&drive.admin).await;
    drive.run("rule-worker", &group).await;
    let _ = drive.admin.post_empty(&format!("/sessions/{session}/stop")).await.expect(200);
    drive.run("rule-worker", &group).await;
    objects.begin_session(&drive.admin).await;
    drive.app.advance_seconds(60);
    drive.run("session-sweeper", &group).await;
    drive.app.advance_seconds(3700);
    drive.admin = drive.app.admin();
    let _ = objects.begin_session(&drive.admin).await;
    let rules = drive.app.sky.groups().into_iter().find(|(found, _)| *found == group).unwrap().1;
    drive.app.sky.remove_rule(&group, &rules[0].id);
    let orphan = RuleTag { org: ORG.into(), rule: NOTHING.into() };
    let orphan = CloudRule { id: String::new(), ingress: None, version: None, tag: Some(orphan) };
    drive.app.sky.add_rule(&group, orphan);
    drive.run("rule-reconciler", &group).await;
    let all = drive.admin.get("/sessions?status=ACTIVE").await.expect(200).json;
    for session in all.as_array().unwrap() {
        let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
        let _ = drive.admin.post_empty(&path).await.expect(200);
    }
    drive.app.advance_seconds(3700);
    drive.run("rule-reconciler", &group).await;
    drive.admin = drive.app.admin();
    drive_what_broke_off(drive).await;
}

/// What the sweeper finishes: a deactivation, a start with many rows, a reservation without a session, a drain.
async fn drive_what_broke_off(drive: &mut Drive) {
    let no = json!({"__type": "AccessDeniedException", "message": "no"});
    let user = entered(&drive.app.db, ORG, "leaving", drive.app.now()).await;
    let resources = resources_of_many_rules(drive).await;
    let body = json!({"resourceIds": resources});
    // The arming's.
    drive.app.tap.fail_next("Query", 400, &no);
    start(&drive.app.db, &user, body.clone(), drive.app.now()).await.unwrap();
    for operation in ["TransactWriteItems", "GetItem", "GetItem"] {
        drive.app.tap.fail_next(operation, 400, &no);
    }
    start(&drive.app.db, &user, body, drive.app.now()).await.unwrap_err();
    let path = "PATCH /users/leaving";
    let _ = drive.call(path, json!({"isActive": false}), 200).await;
    let _ = drive.call(path, json!({"isActive": true}), 200).await;
    start(&drive.app.db, &user, json!({"resourceIds": resources}), drive.app.now()).await.unwrap();
    drive.app.tap.fail_next("Query", 400, &no);
    let _ = drive.call(path, json!({"isActive": false}), 200).await;
    drive.all(&[("GET /sessions/admin?userId=leaving".into(), 200)]).await;
    let mut drained = Objects::new(&drive.app, &drive.admin, "Drained").await;
    drained.begin_session(&drive.admin).await;
    let path = drained.path("/api/v1/resources/{id}").replace("/api/v1", "");
    drive.all(&[(format!("DELETE {path}?drain=true"), 202)]).await;
    for seconds in [61, 61, 25 * 3600] {
        drive.app.advance_seconds(seconds);
        drive.run("session-sweeper", &drained.group()).await;
    }
    drive.admin = drive.app.admin();
}

async fn drive_the_rest(drive: &mut Drive) {
    for (request, status) in [
        ("GET /audit-logs?eventType=ROLE_CREATE&limit=1", 200),
        ("GET /health", 200),
        ("GET /nothing", 404),
        ("DELETE /health", 405),
    ] {
        let _ = drive.call(request, Value::Null, status).await;
    }
}

#[tokio::test]
async fn every_function_may_do_what_it_does_and_nothing_else() {
    let mut drive = Drive::new().await;
    drive_credentials(&mut drive).await;
    drive_resources(&mut drive).await;
    drive_roles(&mut drive).await;
    drive_verification(&mut drive).await;
    drive_users(&mut drive).await;
    drive_api_keys(&mut drive).await;
    drive_sessions(&mut drive).await;
    drive_workers(&mut drive).await;
    drive_with_a_key_that_is_none(&mut drive).await;
    drive_the_rest(&mut drive).await;
    let mut wrong = Vec::new();
    for (function, mut allowed) in allowed() {
        // Whoever opens credentials asks a cloud with them; the simulated one assumes no roles.
        let asks = allowed.remove("sts:AssumeRole TargetRoles");
        let expected = ["resource-verify", "rule-worker", "session-sweeper", "rule-reconciler"];
        assert_eq!(asks, expected.contains(&function.as_str()), "{function}: sts:AssumeRole");
        // Every caller pays, but where anybody may call: tests/api/rate.rs.
        let pays = allowed.remove("dynamodb:UpdateItem Table/RATE");
        let level = functions::all().into_iter().find(|(name, _)| *name == function);
        let expected = level.is_some_and(|(_, endpoint)| endpoint.level != Level::Anyone);
        assert_eq!(pays, expected, "{function}: the buckets of tokens");
        let Some(seen) = drive.seen.get(&function) else {
            wrong.push(format!("{function}: tests/contract/iam.rs sends it no request: add some"));
            continue;
        };
        wrong.extend(
            seen.difference(&allowed).map(|action| format!("{function} lacks {action} in template.yaml")),
        );
        wrong.extend(allowed.difference(seen).map(|action| {
            format!("{function} never used {action}: remove it from template.yaml, or add a request that needs it here")
        }));
    }
    assert_nothing_wrong(&wrong);
}

#[test]
fn calls_are_read_as_aws_reads_them() {
    let transaction =
        json!({"TransactItems": [{"Put": {}}, {"Update": {}}, {"Delete": {}}, {"ConditionCheck": {}}]});
    let expected = ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"];
    let expected = expected.map(|action| format!("dynamodb:{action} Table"));
    assert_eq!(actions("DynamoDB_20120810.TransactWriteItems", &transaction), expected);
    let query = json!({"IndexName": "listing"});
    assert_eq!(actions("DynamoDB_20120810.Query", &query), ["dynamodb:Query Table/index/listing"]);
    assert_eq!(actions("TrentService.Decrypt", &json!({})), ["kms:Decrypt CredentialKey"]);
    assert!(is_of("GET /api/v1/roles/1", "GET /api/v1/roles/{id}"));
    assert!(!is_of("GET /api/v1/roles/1/", "GET /api/v1/roles/{id}") && !is_of("PUT /a", "GET /a"));
}
