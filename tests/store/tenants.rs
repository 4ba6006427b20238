//! Tenants: every key begins with the organization, and another organization's ids are ids of nothing.

use model::id::SessionId;
use model::link::Link;
use model::precondition::Precondition;
use model::refusal::Refusal;
use serde_json::{Value, json};
use store::keys;
use support::{Client, OTHER_ORG, TestApp, actor, every_audit_row, org};

use crate::fixture::{active_resource, credential_id, read, refusal, rename, resource_id, role_id};

/// An organization with one of everything.
struct Tenant {
    credential: String,
    role: String,
    resource: String,
    session: SessionId,
}

async fn tenant(app: &TestApp) -> Tenant {
    let admin = app.admin();
    let (credential, other) = (admin.new_credential("AWS").await, admin.new_credential("Other").await);
    let role = admin.new_role("Developers").await;
    let resource = active_resource(app, &credential).await;
    let session = app.db_hold(resource).await.unwrap();
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    let _ = admin
        .patch(&format!("/resources/{resource}"), json!({"credentialId": other, "name": "R"}))
        .await
        .expect(200);
    let body = json!({"name": "Renamed", "value": "hunter3", "team": role});
    let _ = admin.put(&format!("/credentials/{other}/"), body).await.expect(200);
    let gone = admin.new_resource(&credential).await;
    let _ = admin.delete(&format!("/resources/{gone}")).await.expect(204);
    Tenant { credential: other, role, resource: resource.to_string(), session }
}

#[tokio::test]
async fn every_key_begins_with_the_organization() {
    let app = TestApp::new().await;
    tenant(&app).await;
    let table = app.db_table().await;
    let entities: std::collections::BTreeSet<_> =
        table.values().map(|item| item["entity"].as_str().unwrap().to_owned()).collect();
    let all = [
        "AUDIT",
        "CREDENTIAL",
        "LINK",
        "REFERENCE",
        "RESOURCE",
        "ROLE",
        "ROLE_NAME",
        "RULE",
        "SESSION",
        "SESSION_OF_USER",
        "SHARD",
        "USER",
    ];
    assert_eq!(entities.iter().collect::<Vec<_>>(), all, "the tenant has one of everything");
    for ((pk, _), item) in &table {
        assert!(pk.starts_with("ORG#acme#"), "{pk}");
        assert!(
            item.get("listingPk").is_none_or(|pk| pk.as_str().unwrap().starts_with("ORG#acme#")),
            "{item}"
        );
    }
}

/// Every request that names something, and how: `{credential}`, `{role}` and `{resource}` stand for ids.
const REQUESTS: [(&str, &str, &str); 12] = [
    ("GET", "/resources/{resource}", ""),
    ("PATCH", "/resources/{resource}", r#"{"name": "Taken"}"#),
    ("PATCH", "/resources/{resource}", r#"{"credentialId": "{credential}"}"#),
    ("DELETE", "/resources/{resource}", ""),
    ("GET", "/roles/{role}", ""),
    ("POST", "/roles/{role}/resources/{resource}", ""),
    ("DELETE", "/roles/{role}/resources/{resource}", ""),
    ("GET", "/credentials/{credential}/", ""),
    ("PUT", "/credentials/{credential}/", r#"{"name": "Taken", "value": "taken"}"#),
    (
        "POST",
        "/resources",
        r#"{"name": "N", "credentialId": "{credential}", "provider": "AWS", "resourceType": "SECURITY_GROUP",
            "resourceIdentifier": "sg-0abc123def456", "region": "eu-central-1"}"#,
    ),
    ("POST", "/credentials/", r#"{"name": "N", "value": "v", "team": "{role}"}"#),
    ("POST", "/credentials/", r#"{"name": "", "value": "v", "team": "{role}"}"#),
];

/// The answers to all requests about these ids, with the ids taken out again.
async fn answers(caller: &Client, ids: &Tenant) -> Vec<String> {
    let names = [("{credential}", &ids.credential), ("{role}", &ids.role), ("{resource}", &ids.resource)];
    let uuid = credential_id(&ids.credential).to_string();
    let mut answers = Vec::new();
    for (method, path, body) in REQUESTS {
        let fill = |text: &str| names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
        let path = format!("/api/v1{}", fill(path));
        let json = (!body.is_empty()).then_some("application/json");
        let reply = caller.send(method, &path, json, fill(body).into_bytes()).await;
        let text = names
            .iter()
            .fold(reply.text.replace(&uuid, "{credential}"), |text, (name, id)| text.replace(*id, name));
        answers.push(format!("{method} {path} {} {text}", reply.status).replace(&path, ""));
    }
    answers
}

#[tokio::test]
async fn another_organizations_ids_answer_like_ids_of_nothing() {
    let app = TestApp::new().await;
    let theirs = tenant(&app).await;
    let fresh = uuid::Uuid::from_u128;
    let nothing = Tenant {
        credential: model::id::CredentialId::from(fresh(1)).base58(),
        role: fresh(2).to_string(),
        resource: fresh(3).to_string(),
        session: SessionId::from(fresh(4)),
    };
    let before = app.db_table().await;
    let stranger = app.other_admin();
    let (found, unknown) = (answers(&stranger, &theirs).await, answers(&stranger, &nothing).await);
    assert_eq!(found, unknown);
    assert!(
        found.iter().all(|answer| answer.contains(" 404 ") || answer.contains("Invalid pk")),
        "{found:#?}"
    );
    assert_eq!(app.db_table().await, before);
    for list in ["/resources", "/roles"] {
        assert_eq!(stranger.get(list).await.expect(200).json, json!([]));
    }
    assert_eq!(stranger.get("/credentials/").await.expect(200).json["count"], 0);
}

#[tokio::test]
async fn the_store_finds_nothing_under_another_organization() {
    let app = TestApp::new().await;
    let theirs = tenant(&app).await;
    let (resource, role) = (resource_id(&theirs.resource), role_id(&theirs.role));
    let (db, stranger, now) = (&app.db, actor(OTHER_ORG), app.now());
    let before = app.db_table().await;
    assert!(db.resource(&org(OTHER_ORG), resource).await.unwrap().is_none());
    assert!(db.role(&org(OTHER_ORG), role).await.unwrap().is_none());
    assert!(db.credential(&org(OTHER_ORG), credential_id(&theirs.credential)).await.unwrap().is_none());
    assert!(
        db.audit_rows_newest_first(&org(OTHER_ORG), &every_audit_row(), None).await.unwrap().rows.is_empty()
    );
    let missing = Refusal::ResourceNotFound(resource);
    let patch = read::<model::resource::ResourcePatch>(json!({"name": "Taken"}));
    assert_eq!(
        refusal(db.update_resource(&stranger, resource, &patch.into(), &Precondition::None, now).await),
        missing
    );
    assert_eq!(refusal(db.delete_resource(&stranger, resource, &Precondition::None, now).await), missing);
    let session = theirs.session;
    assert!(db.session(&org(OTHER_ORG), session).await.unwrap().is_none());
    let missing = Refusal::SessionNotFound(session);
    assert_eq!(refusal(db.stop_session(&stranger, session, None, now).await), missing);
    assert!(db.end_or_evict_session(&stranger, session, now).await.is_ok());
    let missing = Refusal::RoleNotFound(role);
    assert_eq!(refusal(db.assign(&stranger, &Link::RoleResource(role, resource), now).await), missing);
    assert_eq!(refusal(db.unassign(&stranger, &Link::RoleResource(role, resource), now).await), missing);
    assert_eq!(app.db_table().await, before);
}

#[tokio::test]
async fn two_organizations_may_use_the_same_names() {
    let app = TestApp::new().await;
    for admin in [app.admin(), app.other_admin()] {
        let credential = admin.new_credential("AWS").await;
        admin.new_role("Developers").await;
        admin.new_resource(&credential).await;
        let _ = rename(&admin, &credential, "Renamed").await.expect(200);
    }
    let table = app.db_table().await;
    let (ours, theirs): (Vec<_>, Vec<_>) = table.keys().partition(|(pk, _)| pk.starts_with("ORG#acme#"));
    assert_eq!(ours.len(), theirs.len());
    assert!(theirs.iter().all(|(pk, _)| pk.starts_with("ORG#globex#")));
    let partition = keys::audit_partition(&org(OTHER_ORG));
    assert!(
        table
            .iter()
            .filter(|((pk, _), _)| *pk == partition)
            .all(|(_, row): (_, &Value)| { row["data"]["actorId"] == "otheradmin" })
    );
}
