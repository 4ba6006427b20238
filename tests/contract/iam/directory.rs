//! What administrators, people and keys do to what is registered.

use firewall::GroupRef;
use serde_json::{Value, json};
use support::issuer::hmac_token;
use support::objects::Objects;
use support::{JWT_SECRET, ORG, jwt_settings, resource_body};
use web::access::Level;

use super::drive::{Drive, NOTHING};
use crate::access_matrix::levels;
use crate::repository::exact_routes;

pub(super) async fn drive_credentials(drive: &mut Drive) {
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
    let other = drive.admin.new_role("Another team of credentials").await;
    for (method, name, team) in [("PUT", "Renamed", &other), ("PATCH", "Renamed again", &role)] {
        let path = format!("{method} /credentials/{id}/");
        let rename = json!({"name": name, "value": "w", "team": team, "is_sensitive": false});
        let _ = drive.call(&path, rename, 200).await;
        let _ = drive.call(&path, wrong.clone(), 400).await;
        let _ = drive.call(&format!("{method} /credentials/{NOTHING}/"), wrong.clone(), 404).await;
    }
    let key = |name: &str| json!({"credential_type": "ACCESS_KEY", "value": {"accessKeyId": name, "secretAccessKey": "s"}});
    let _ = drive.call(&format!("PATCH /credentials/{id}/"), key("AKIA1"), 200).await;
    let mut whole = key("AKIA2");
    whole["name"] = json!("Renamed");
    let _ = drive.call(&format!("PUT /credentials/{id}/"), whole, 200).await;
    let delete = |id: &str| format!("DELETE /credentials/{id}/");
    let unused = key("AKIA3");
    let body =
        json!({"name": "Unused", "credential_type": unused["credential_type"], "value": unused["value"]});
    let unused = drive.call(create, body, 201).await.id();
    drive.all(&[(delete(&id), 400), (delete(&readable), 204), (delete(NOTHING), 404)]).await;
    drive.all(&[(delete(&unused), 204)]).await;
    for method in ["PATCH", "PUT"] {
        wake_by_credential(drive, method).await;
    }
}

/// A new value of a credential, for which a rule waits.
async fn wake_by_credential(drive: &mut Drive, method: &str) {
    let mut objects = Objects::new(&drive.app, &drive.admin, "Waiting").await;
    objects.run_session(&drive.app, &drive.admin).await;
    objects.make_stuck(&drive.app, &drive.admin).await;
    let resource = drive.admin.get(&format!("/resources/{}", objects.resource())).await.expect(200).json;
    let path = format!("{method} /credentials/{}/", resource["credentialId"].as_str().unwrap());
    let value = json!({"accessKeyId": "AKIA9", "secretAccessKey": "s"});
    let body = json!({"name": "Repaired", "credential_type": "ACCESS_KEY", "value": value});
    let _ = drive.call(&path, body, 200).await;
}

pub(super) async fn drive_resources(drive: &mut Drive) {
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
        (json!({"isActive": true}), 200),
        (json!({"isActive": false}), 200),
        (json!({}), 200),
    ] {
        let _ = drive.call(&path, body, status).await;
    }
    drive.all(&[(format!("DELETE /resources/{id}"), 204), (format!("DELETE /resources/{id}"), 404)]).await;
}

pub(super) async fn drive_roles(drive: &mut Drive) {
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
    let _ = drive.call(&path, json!({"maxSessionDurationHours": 1}), 200).await;
    drive.all(&[(format!("POST {link}"), 200), (format!("DELETE /roles/{role}"), 204)]).await;
    drive.all(&[(format!("DELETE /roles/{role}"), 404)]).await;
    drive_deletions_of_what_is_linked(drive).await;
}

/// A role with a person, and a resource with a role and a person.
async fn drive_deletions_of_what_is_linked(drive: &mut Drive) {
    let objects = Objects::new(&drive.app, &drive.admin, "Linked").await;
    for route in [
        "/roles/{id}/users/{userId}",
        "/roles/{id}/resources/{resourceId}",
        "/users/{id}/resources/{resourceId}",
    ] {
        let path = objects.path(&format!("/api/v1{route}")).replace("/api/v1", "");
        drive.all(&[(format!("POST {path}"), 200)]).await;
    }
    drive.all(&[(format!("DELETE /resources/{}", objects.resource()), 204)]).await;
    drive.all(&[(format!("DELETE /roles/{}", objects.role()), 204)]).await;
}

/// Verifications with both kinds of answer.
pub(super) async fn drive_verification(drive: &mut Drive) {
    let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
    let body = json!({"name": "Cloud", "credential_type": "ACCESS_KEY", "value": value});
    let credential = drive.admin.post("/credentials/", body).await.expect(201).id();
    let resource = drive.admin.new_resource(&credential).await;
    let path = format!("POST /resources/{resource}/verify");
    let _ = drive.call(&path, Value::Null, 400).await;
    let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def456".into() };
    drive.app.cloud.add_group(group);
    let _ = drive.call(&path, Value::Null, 200).await;
    // A resource that was active is not any more.
    drive.app.cloud.deny("AKIA1");
    let _ = drive.call(&path, Value::Null, 400).await;
    drive.app.cloud.allow("AKIA1");
    let mut waiting = Objects::new(&drive.app, &drive.admin, "Waiting").await;
    waiting.run_session(&drive.app, &drive.admin).await;
    waiting.make_stuck(&drive.app, &drive.admin).await;
    let _ = drive.call(&format!("POST /resources/{}/verify", waiting.resource()), Value::Null, 200).await;
}

pub(super) async fn drive_users(drive: &mut Drive) {
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
    // What ends with them: an API key that they have made.
    let as_admin = drive.app.bearer(&drive.app.token("grace", ORG, &["ORG_ADMIN"]));
    let body = json!({"name": "Of somebody who leaves", "scopes": ["audit:read"]});
    drive.call_as(&as_admin, "POST /api-keys", body, 201).await;
    drive.all(&[("GET /me".into(), 200), (format!("DELETE /users/{user}"), 204)]).await;
    let reader = drive.app.bearer(&drive.app.token("reader", ORG, &["USER"]));
    drive.call_as(&reader, "GET /me", Value::Null, 200).await;
    let newcomer = drive.app.bearer(&drive.app.token("newcomer", ORG, &["ORG_ADMIN"]));
    let body = json!({"name": "Of somebody new", "scopes": ["audit:read"]});
    drive.call_as(&newcomer, "POST /api-keys", body, 201).await;
}

/// What becomes of an invitation at the first request about oneself, and at the first start of a session.
pub(super) async fn drive_invitations(drive: &mut Drive) {
    let (role, resource) = drive.admin.new_role_and_resource().await;
    // Their first request is for an API key.
    let body = json!({"email": "administrator@acme.example"});
    let admin = drive.admin.post("/users", body).await.expect(201).id();
    for (number, path) in ["GET /me", "POST /sessions", "POST /api-keys"].into_iter().enumerate() {
        let claims = |sub: &str, email: &str| {
            let settings = jwt_settings();
            let claims = json!({"iss": settings.issuer, "aud": settings.audience, "sub": sub, "org": ORG, "email": email,
                                "roles": if sub == admin { "ORG_ADMIN" } else { "" },
                                "email_verified": true, "exp": drive.app.now().plus_seconds(600).unix_seconds()});
            drive.app.bearer(&hmac_token(JWT_SECRET.as_bytes(), r#"{"alg":"HS256"}"#, &claims.to_string()))
        };
        if path == "POST /api-keys" {
            let body = json!({"name": "Of somebody invited", "scopes": ["audit:read"]});
            drive.call_as(&claims(&admin, ""), path, body, 201).await;
            continue;
        }
        let status = if path == "GET /me" { 200 } else { 400 };
        let email = |who: &str| format!("{who}-{number}@acme.example");
        let invite = async |email: &str| {
            let id = drive.admin.post("/users", json!({ "email": email })).await.expect(201).id();
            let _ = drive.admin.post_empty(&format!("/roles/{role}/users/{id}")).await.expect(200);
            let _ = drive.admin.post_empty(&format!("/users/{id}/resources/{resource}")).await.expect(200);
            id
        };
        // Nobody knew them; they were there without an email; their token names the invitation itself.
        let (new, known) = (format!("new-{number}"), format!("known-{number}"));
        let _ = invite(&email("new")).await;
        let without = claims(&known, "");
        let _ = without.get("/me").await.expect(200);
        let _ = invite(&email("known")).await;
        let named = invite(&email("named")).await;
        let callers = [claims(&new, &email("new")), claims(&known, &email("known")), claims(&named, "")];
        for caller in callers {
            drive.call_as(&caller, path, Value::Null, status).await;
        }
    }
}

/// API keys, and everything that they open.
pub(super) async fn drive_api_keys(drive: &mut Drive) {
    let body =
        json!({"name": "CI", "scopes": ["resources:read", "audit:read", "sessions:read", "sessions:write"]});
    let key = drive.call("POST /api-keys", body, 201).await;
    let caller = drive.app.caller(&[("x-api-key", key.json["plainTextKey"].as_str().unwrap())]);
    let resource = drive.admin.get("/resources").await.json[0]["id"].as_str().unwrap().to_owned();
    let (one, session) = (format!("GET /resources/{resource}"), format!("GET /sessions/{NOTHING}"));
    let [stop, extend] = ["stop", "extend"].map(|what| format!("POST /sessions/{NOTHING}/{what}"));
    for (path, status) in [
        ("GET /resources", 200),
        (&one, 200),
        ("GET /audit-logs", 200),
        ("GET /me", 200),
        ("GET /sessions", 200),
        (&session, 404),
        (&stop, 404),
    ] {
        drive.app.advance_seconds(61);
        drive.call_as(&caller, path, Value::Null, status).await;
    }
    for (path, body, status) in [
        (extend.as_str(), json!({"additionalHours": 1}), 404),
        ("POST /sessions", json!({"resourceIds": [NOTHING]}), 404),
    ] {
        drive.app.advance_seconds(61);
        drive.call_as(&caller, path, body, status).await;
    }
    drive.all(&[("GET /api-keys".into(), 200), (format!("DELETE /api-keys/{}", key.id()), 204)]).await;
}

/// Who shows an API key is looked up by every function that asks who calls.
pub(super) async fn drive_with_a_key_that_is_none(drive: &mut Drive) {
    let text = format!("pst_GPXmAhizavrUuoXNn3tzeA{}.acme", "A".repeat(43));
    let stranger = drive.app.caller(&[("x-api-key", &text)]);
    let levels = levels();
    for (method, route) in exact_routes() {
        let path =
            route.replace("{id}", NOTHING).replace("{resourceId}", NOTHING).replace("{userId}", NOTHING);
        let path = format!("{method} {}", path.trim_start_matches("/api/v1"));
        let is_open = levels[&format!("{method} {route}")] == Level::Anyone;
        let status = if is_open { 200 } else { 401 };
        drive.call_as(&stranger, &path, Value::Null, status).await;
    }
    drive.call_as(&stranger, "DELETE /me", Value::Null, 401).await;
}
