//! Items that this version did not write are seen, hide no others, and are never skipped.

use aws_sdk_dynamodb::types::AttributeValue;
use model::audit::AuditFilter;
use model::id::CredentialId;
use model::precondition::Precondition;
use model::refusal::Refusal;
use model::time::Timestamp;
use serde_json::json;
use std::collections::HashMap;
use store::keys::{self, Assignee, Key};
use store::{AuditRow, StoreError, UnreadableObject};
use support::sessions::{entered, start};
use support::{Client, ORG, Reply, TestApp, actor, every_audit_row, org};

use crate::fixture::{active_resource, at, credential_id, put_raw, raw, refusal, resource_id, role_id};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// What makes an item unreadable.
fn alterations() -> Vec<(&'static str, Option<AttributeValue>)> {
    vec![
        ("shape", Some(AttributeValue::N("2".into()))),
        ("shape", Some(AttributeValue::N("0".into()))),
        ("shape", Some(text("1"))),
        ("shape", None),
        ("entity", Some(text("FUTURE"))),
        ("entity", Some(text("resource"))),
        ("entity", None),
        ("data", Some(AttributeValue::M(HashMap::new()))),
        ("data", None),
    ]
}

fn altered(
    item: &HashMap<String, AttributeValue>,
    (name, value): &(&'static str, Option<AttributeValue>),
) -> HashMap<String, AttributeValue> {
    let mut item = item.clone();
    match value {
        Some(value) => item.insert((*name).into(), value.clone()),
        None => item.remove(*name),
    };
    item
}

struct Objects {
    app: TestApp,
    admin: Client,
    credential: String,
    role: String,
    resource: String,
}

impl Objects {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin();
        let (credential, role) = (admin.new_credential("AWS").await, admin.new_role("Developers").await);
        let resource = admin.new_resource(&credential).await;
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
        Self { app, admin, credential, role, resource }
    }

    /// Each object's item, with the list that has it and the id by which it is read alone.
    fn readers(&self) -> Vec<(Key, &'static str, &str)> {
        let (org, role) = (org(ORG), Assignee::Role(role_id(&self.role)));
        let (resource, credential) = (resource_id(&self.resource), credential_id(&self.credential));
        vec![
            (keys::resource(&org, resource), "/resources", &self.resource),
            (keys::assignee(&org, &role), "/roles", &self.role),
            (keys::credential(&org, credential), "/credentials", &self.credential),
            (keys::link_of_role(&org, role_id(&self.role), resource), "/roles", &self.role),
            (keys::reference(&org, credential, resource), "/credentials", &self.credential),
        ]
    }
}

/// When an object was made, as its id says in either spelling.
fn created_at(id: &str) -> Timestamp {
    let id = CredentialId::parse_any(id).map_or_else(|_| id.into(), |id| id.to_string());
    Timestamp::in_id(&id).unwrap()
}

fn assert_defect(reply: &Reply, what: &str) {
    assert_eq!(reply.status.as_u16(), 500, "{what}: {}", reply.text);
    let shown = ["shape", "entity", "cannot be read", "FUTURE"];
    assert!(shown.iter().all(|word| !reply.text.contains(word)), "{what}: {}", reply.text);
}

#[tokio::test]
async fn an_item_of_another_shape_fails_every_read_of_it_and_is_named_in_lists() {
    let objects = Objects::new().await;
    for (key, list, id) in objects.readers() {
        let good = raw(&objects.app, &key).await;
        for alteration in alterations() {
            // A link has no members that its readers need.
            if alteration.0 == "data" && good["entity"] == text("LINK") {
                continue;
            }
            put_raw(&objects.app, vec![altered(&good, &alteration)]).await;
            let alone = objects.admin.get(&format!("{list}/{id}")).await;
            assert_defect(&alone, &format!("{list} with {alteration:?}"));
            let all = objects.admin.get(list).await.expect(200);
            let named = all.header("x-postern-unreadable").unwrap();
            assert_eq!(named, format!("{id};createdAt={}", created_at(id)), "{list} with {alteration:?}");
            assert_eq!(all.header("x-postern-unreadable-count"), Some("1"));
            assert!(!all.text.contains(&format!("\"id\":\"{id}\"")), "{list}: {}", all.text);
        }
        put_raw(&objects.app, vec![good]).await;
        let all = objects.admin.get(list).await.expect(200);
        assert_eq!((all.header("x-postern-unreadable"), all.text.contains(id)), (None, true), "{list}");
        let _ = objects.admin.get(&format!("{list}/{id}")).await.expect(200);
    }
}

#[tokio::test]
async fn a_deletion_stops_at_an_unknown_item() {
    let objects = Objects::new().await;
    let (app, id) = (&objects.app, resource_id(&objects.resource));
    let key = keys::link_of_resource(&org(ORG), id, &Assignee::Role(role_id(&objects.role)));
    let good = raw(app, &key).await;
    let mut strange = vec![
        altered(&good, &("shape", Some(AttributeValue::N("2".into())))),
        altered(&good, &("entity", Some(text("FUTURE")))),
    ];
    strange.push(altered(&good, &("sk", Some(text("GROUP#1")))));
    for item in strange {
        put_raw(app, vec![item.clone()]).await;
        let before = app.db_table().await;
        let failed = app.db.delete_resource(&actor(ORG), id, &Precondition::None, app.now()).await;
        assert!(matches!(failed, Err(StoreError::Defect(_))), "{item:?}: {failed:?}");
        assert_eq!(app.db_table().await, before);
        put_raw(app, vec![good.clone()]).await;
    }
}

#[tokio::test]
async fn a_resource_of_another_shape_opens_for_nobody_and_keeps_no_other_closed() {
    let objects = Objects::new().await;
    let (app, id) = (&objects.app, resource_id(&objects.resource));
    let good = raw(app, &keys::resource(&org(ORG), id)).await;
    put_raw(app, vec![altered(&good, &("shape", Some(AttributeValue::N("2".into()))))]).await;
    assert_eq!(refusal(app.db_hold(id).await), Refusal::ResourceNotOpenable(id));
    let other = active_resource(app, &objects.credential).await;
    let user = entered(&app.db, ORG, "grace", app.now()).await;
    let all = start(&app.db, &user, json!({}), app.now()).await.unwrap();
    assert_eq!(all.rows.iter().map(|row| row.resource_id).collect::<Vec<_>>(), [other]);
    let _ = objects.admin.get("/me").await.expect(200);
}

#[tokio::test]
async fn an_audit_row_of_another_shape_is_named_whatever_is_filtered() {
    let objects = Objects::new().await;
    let app = &objects.app;
    let first: Vec<AuditRow> = app.db_audit().await;
    let key = keys::audit(&org(ORG), first[0].created_at, first[0].id);
    assert!(app.db_table().await.contains_key(&at(&key)));
    let good = raw(app, &key).await;
    for alteration in alterations() {
        put_raw(app, vec![altered(&good, &alteration)]).await;
        let page = app.db.audit_rows_newest_first(&org(ORG), &every_audit_row(), None).await.unwrap();
        let known = UnreadableObject { id: first[0].id.to_string(), created_at: Some(first[0].created_at) };
        assert_eq!(page.unreadable, [known], "{alteration:?}");
        assert_eq!(page.rows.len(), first.len() - 1, "{alteration:?}");
    }
    put_raw(app, vec![altered(&good, &("shape", Some(AttributeValue::N("2".into()))))]).await;
    let filtered = objects.admin.get("/audit-logs?eventType=ROLE_DELETE").await.expect(200);
    let row = json!({"id": first[0].id, "createdAt": first[0].created_at});
    assert_eq!((&filtered.json["content"], &filtered.json["unreadable"]), (&json!([]), &json!([row])));
    let named = format!("{};createdAt={}", first[0].id, first[0].created_at);
    assert_eq!(filtered.header("x-postern-unreadable"), Some(named.as_str()));
    // Parts put together are the whole.
    let mut cursor = None;
    let (mut rows, mut unreadable) = (0, 0);
    loop {
        let one =
            <AuditFilter as model::query::FromQuery>::read(|name| (name == "limit").then_some("1")).unwrap();
        let page = app.db.audit_rows_newest_first(&org(ORG), &one, cursor.as_deref()).await.unwrap();
        (rows, unreadable) = (rows + page.rows.len(), unreadable + page.unreadable.len());
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((rows, unreadable), (first.len() - 1, 1));
}
