//! Items that this version did not write are a defect that is seen, and never skipped.

use aws_sdk_dynamodb::types::AttributeValue;
use model::precondition::Precondition;
use std::collections::HashMap;
use store::keys::{self, Holder, Key};
use store::{AuditRow, StoreError};
use support::{Client, ORG, Reply, TestApp, actor, every_audit_row, org};

use crate::fixture::{at, credential_id, put_raw, raw, resource_id, role_id};

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

    /// Each object's item, with the requests that read it.
    fn readers(&self) -> Vec<(Key, Vec<String>)> {
        let (org, role) = (org(ORG), Holder::Role(role_id(&self.role)));
        let (resource, credential) = (resource_id(&self.resource), credential_id(&self.credential));
        let both = |list: &str, id: &str| vec![list.to_owned(), format!("{list}/{id}")];
        vec![
            (keys::resource(&org, resource), both("/resources", &self.resource)),
            (keys::holder(&org, &role), both("/roles", &self.role)),
            (keys::credential(&org, credential), both("/credentials", &self.credential)),
            (keys::link_of_role(&org, role_id(&self.role), resource), both("/roles", &self.role)),
            (keys::reference(&org, credential, resource), both("/credentials", &self.credential)),
        ]
    }
}

fn assert_defect(reply: &Reply, what: &str) {
    assert_eq!(reply.status.as_u16(), 500, "{what}: {}", reply.text);
    let shown = ["shape", "entity", "cannot be read", "FUTURE"];
    assert!(shown.iter().all(|word| !reply.text.contains(word)), "{what}: {}", reply.text);
}

#[tokio::test]
async fn an_item_of_another_shape_fails_every_read_of_it() {
    let objects = Objects::new().await;
    for (key, paths) in objects.readers() {
        let good = raw(&objects.app, &key).await;
        for alteration in alterations() {
            // A link has no members that its readers need.
            if alteration.0 == "data" && good["entity"] == text("LINK") {
                continue;
            }
            put_raw(&objects.app, vec![altered(&good, &alteration)]).await;
            for path in &paths {
                assert_defect(&objects.admin.get(path).await, &format!("{path} with {alteration:?}"));
            }
        }
        put_raw(&objects.app, vec![good]).await;
        for path in &paths {
            let _ = objects.admin.get(path).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_deletion_stops_at_what_it_does_not_know() {
    let objects = Objects::new().await;
    let (app, id) = (&objects.app, resource_id(&objects.resource));
    let key = keys::link_of_resource(&org(ORG), id, &Holder::Role(role_id(&objects.role)));
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
async fn a_start_that_meets_another_shape_is_a_defect() {
    let objects = Objects::new().await;
    let (app, id) = (&objects.app, resource_id(&objects.resource));
    let good = raw(app, &keys::resource(&org(ORG), id)).await;
    put_raw(app, vec![altered(&good, &("shape", Some(AttributeValue::N("2".into()))))]).await;
    let failed = app.db_hold(id).await;
    assert!(matches!(failed, Err(StoreError::Defect(_))), "{failed:?}");
}

#[tokio::test]
async fn an_audit_row_of_another_shape_is_a_defect() {
    let objects = Objects::new().await;
    let app = &objects.app;
    let first: Vec<AuditRow> = app.db_audit().await;
    let key = keys::audit(&org(ORG), first[0].created_at, first[0].id);
    assert!(app.db_table().await.contains_key(&at(&key)));
    let good = raw(app, &key).await;
    for alteration in alterations() {
        put_raw(app, vec![altered(&good, &alteration)]).await;
        let failed = app.db.audit_rows_newest_first(&org(ORG), &every_audit_row(), None).await;
        assert!(matches!(failed, Err(StoreError::Defect(_))), "{alteration:?}: {failed:?}");
    }
}
