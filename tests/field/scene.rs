//! What these tests set up.

use aws_sdk_dynamodb::types::AttributeValue;
use firewall::GroupRef;
use serde_json::{Value, json};
use support::{Client, ORG, TestApp};

/// An active resource on a group of the simulated cloud, by its number; its id.
pub(crate) async fn active_resource(app: &TestApp, number: u32) -> String {
    let admin = app.admin();
    let group = GroupRef { region: "eu-central-1".into(), group_id: format!("sg-{number:08x}") };
    app.cloud.add_group(group.clone());
    let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
    let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
    let credential = admin.post("/credentials/", body).await.expect(201).id();
    let mut body = support::resource_body(&credential);
    body["name"] = json!(format!("Resource {number}"));
    body["resourceIdentifier"] = json!(group.group_id);
    let id = admin.post("/resources", body).await.expect(201).id();
    let _ = admin.post_empty(&format!("/resources/{id}/verify")).await.expect(200);
    id
}

/// A person of the directory, who has no rights yet.
pub(crate) async fn person(app: &TestApp, id: &str) -> Client {
    let _ = app.admin().new_user(id).await;
    app.bearer(&app.token(id, ORG, &["USER"]))
}

/// Where the item of an object is.
pub(crate) fn place(kind: &str, id: &str) -> (String, String) {
    (format!("ORG#{ORG}#{kind}#{id}"), format!("#{kind}"))
}

/// Changes an attribute of an item, which may be one within a map: what another version has written.
pub(crate) async fn plant(app: &TestApp, at: &(String, String), path: &str, value: AttributeValue) {
    #[expect(clippy::disallowed_methods, reason = "what another version has written")]
    let call = app.dynamodb.update_item().table_name(&app.table);
    let call = call.key("pk", AttributeValue::S(at.0.clone())).key("sk", AttributeValue::S(at.1.clone()));
    let call = call.condition_expression("attribute_exists(pk)");
    let names: Vec<_> = path.split('.').map(|part| format!("#{part}")).collect();
    let call = call.update_expression(format!("SET {} = :value", names.join(".")));
    let call =
        path.split('.').fold(call, |call, part| call.expression_attribute_names(format!("#{part}"), part));
    let _ = call.expression_attribute_values(":value", value).send().await.unwrap();
}

/// What an operation was refused with.
pub(crate) fn sentences(refused: &Value) -> Value {
    refused.get("validationErrors").cloned().unwrap_or_else(|| refused["message"].clone())
}
