//! The external id of a role: the organization's own.

use firewall::GroupRef;
use serde_json::{Value, json};
use support::{Client, TestApp, resource_body};

const ROLE: &str = "arn:aws:iam::444455556666:role/postern-target";

fn fault(org: &str) -> Value {
    json!({"value": [format!("externalId must be \"postern:{org}\", or left out.")]})
}

#[tokio::test]
async fn a_value_with_another_external_id_is_refused() {
    let app = TestApp::new().await;
    for (client, org, other) in [(app.admin(), "acme", "globex"), (app.other_admin(), "globex", "acme")] {
        let body = |external_id: &str| {
            let value = json!({"roleArn": ROLE, "externalId": external_id});
            json!({"name": "n", "credential_type": "ASSUME_ROLE", "value": value})
        };
        let created = client.post("/credentials/", body(&format!("postern:{org}"))).await.expect(201);
        let path = format!("/credentials/{}/", created.id());
        for external_id in [format!("postern:{other}"), "PLANTED-4711".into(), String::new()] {
            let body = body(&external_id);
            assert_eq!(client.post("/credentials/", body.clone()).await.expect(400).json, fault(org));
            assert_eq!(client.put(&path, body.clone()).await.expect(400).json, fault(org));
            let patched = client.patch(&path, json!({"value": body["value"]})).await.expect(400);
            assert_eq!(patched.json, fault(org));
        }
        let _ = client.put(&path, json!({"name": "m", "value": {"roleArn": ROLE}})).await.expect(200);
    }
}

/// What is sealed already was not looked at when it was written.
#[tokio::test]
async fn a_credential_becomes_one_of_a_role_with_a_new_value_only() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let value = json!({"roleArn": ROLE, "externalId": "postern:globex"});
    let plain = admin.post("/credentials/", json!({"name": "n", "value": value})).await.expect(201).id();
    let path = format!("/credentials/{plain}/");
    let reply = admin.patch(&path, json!({"credential_type": "ASSUME_ROLE"})).await.expect(400);
    let needs = "A new value is required when credential_type becomes ASSUME_ROLE.";
    assert_eq!(reply.json, json!({"value": [needs]}));
    let with_it = json!({"credential_type": "ASSUME_ROLE", "value": {"roleArn": ROLE}});
    let _ = admin.patch(&path, with_it).await.expect(200);
}

/// A resource behind the role; the path of its verification.
async fn resource_of(client: &Client) -> String {
    let body = json!({"name": "n", "credential_type": "ASSUME_ROLE", "value": {"roleArn": ROLE}});
    let credential = client.post("/credentials/", body).await.expect(201).id();
    let resource = client.post("/resources", resource_body(&credential)).await.expect(201).id();
    format!("/resources/{resource}/verify")
}

/// The confused deputy: an organization that knows the role of another one has Postern assume it, with an external id of its own.
#[tokio::test]
async fn the_role_of_another_organization_cannot_be_assumed() {
    let app = TestApp::new().await;
    app.cloud.add_group(GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def456".into() });
    app.cloud.require_external_id(ROLE, "postern:acme");
    let (admin, other) = (app.admin(), app.other_admin());
    let _ = admin.post_empty(&resource_of(&admin).await).await.expect(200);
    let refused = other.post_empty(&resource_of(&other).await).await.expect(400);
    assert_eq!(refused.json["error"], "VERIFICATION_FAILED");
    assert_eq!(app.cloud.session_names(), ["postern-acme-verify"]);
}
