//! A port under another name than the one that is read opens every port.
//!
//! Reported of Terraform's AWS provider, where EC2 drops the ports of a rule for all protocols:
//! <https://github.com/hashicorp/terraform/issues/9854>,
//! <https://github.com/hashicorp/terraform-provider-aws/issues/27254>.

use aws_sdk_dynamodb::types::AttributeValue;
use firewall::GroupRef;
use serde_json::{Value, json};
use support::{Client, ORG, TestApp, resource_body};

/// Configs that would open more, or something else, than was meant, and the right name of the member.
fn misspelt() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"protocol": "all", "from_port": 22, "to_port": 22}), "config.fromPort"),
        (json!({"protocol": "all", "FromPort": 22, "ToPort": 22}), "config.fromPort"),
        (json!({"protocol": "all", "from-port": 22}), "config.fromPort"),
        (json!({"protocol": "all", "ToPort": 22}), "config.toPort"),
        (json!({"protocol": "all", "portRange": "22-22"}), "config.fromPort and config.toPort"),
        (json!({"protocol": "all", "PORT": 22}), "config.port"),
        (json!({"protocol": "all", "Ports": [22]}), "config.ports"),
        (json!({"protocol": "all", "porrt": 22}), "config.port"),
        (json!({"protocol": "all", "rule": {"from": "22"}}), "config.port"),
        (json!({"protocol": "all", "service": "tcp/22"}), "config.port"),
        (json!({"protocol": "all", "service": "ssh"}), "config.port"),
        (json!({"protocol": "all", "l4protocol": "tcp"}), "config.port"),
        (json!({"protocol": "all", "open": {"22": true}}), "config.port"),
        (json!({"ipProtocol": "udp", "port": 53}), "config.protocol"),
        (json!({"isUdp": true, "port": 53}), "config.protocol"),
        (json!({"useUDP": 1, "port": 53}), "config.protocol"),
        (json!({"l4": "udp6", "port": 53}), "config.protocol"),
        (json!({"ip_protocol": "udp", "port": 53}), "config.protocol"),
        (json!({"Protocol": "udp", "port": 53}), "config.protocol"),
        (json!({"prtocol": "udp", "port": 53}), "config.protocol"),
        (json!({"l4": 17, "port": 53}), "config.protocol"),
        (json!({"l4": ["udp"], "port": 53}), "config.protocol"),
        (json!({"l4": "udp/53", "port": 53}), "config.protocol"),
        (json!({"udp": true, "port": 53}), "config.protocol"),
    ]
}

/// A resource on a group of the simulated cloud, verified.
async fn verified(app: &TestApp, admin: &Client) -> String {
    let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "PLANTED-s"});
    let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
    let credential = admin.post("/credentials/", body).await.expect(201).id();
    let resource = admin.new_resource(&credential).await;
    app.cloud.add_group(GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def456".into() });
    let _ = admin.post_empty(&format!("/resources/{resource}/verify")).await.expect(200);
    resource
}

#[tokio::test]
async fn a_misspelt_member_is_refused_with_the_right_name_and_nothing_is_stored() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let resource = admin.new_resource(&credential).await;
    let before = app.db_items().await;
    for (config, right) in misspelt() {
        let mut draft = resource_body(&credential);
        draft["config"] = config.clone();
        for reply in [
            admin.post("/resources", draft).await,
            admin.patch(&format!("/resources/{resource}"), json!({"config": config})).await,
        ] {
            let reply = reply.expect(400);
            let message = reply.json["message"].as_str().unwrap();
            assert!(message.contains(&format!("use {right}")), "{config}: {message}");
        }
    }
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn icmp_has_no_ports() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let resource = admin.new_resource(&admin.new_credential("AWS").await).await;
    for (config, member) in [
        (json!({"protocol": "icmp", "port": 22}), "port"),
        (json!({"protocol": "icmp", "ports": [22]}), "ports"),
        (json!({"protocol": "icmp", "fromPort": 8, "toPort": 8}), "fromPort"),
    ] {
        let reply =
            admin.patch(&format!("/resources/{resource}"), json!({"config": config})).await.expect(400);
        let message =
            format!("config.{member} does not go with protocol icmp, which has no ports: leave it out");
        assert_eq!(reply.json["message"], message);
    }
    for member in ["type", "icmpType", "types", "note"] {
        let config = json!({"protocol": "icmp", member: 8});
        let reply =
            admin.patch(&format!("/resources/{resource}"), json!({"config": config})).await.expect(400);
        let message = format!(
            "config.{member} is not read, and protocol icmp opens every type: leave config.{member} out"
        );
        assert_eq!(reply.json["message"], message);
    }
    let icmp = json!({"config": {"protocol": "icmp"}});
    let _ = admin.patch(&format!("/resources/{resource}"), icmp).await.expect(200);
}

/// Gives a resource a config that an earlier version has taken.
async fn store_config(app: &TestApp, resource: &str, config: &str) {
    #[expect(clippy::disallowed_methods, reason = "what an earlier version has written")]
    let call = app.dynamodb.update_item().table_name(&app.table);
    let call = call.key("pk", AttributeValue::S(format!("ORG#{ORG}#RESOURCE#{resource}")));
    let call = call.key("sk", AttributeValue::S("#RESOURCE".into()));
    let call = call.update_expression("SET #data.#config = :config");
    let call =
        call.expression_attribute_names("#data", "data").expression_attribute_names("#config", "config");
    call.expression_attribute_values(":config", AttributeValue::S(config.into())).send().await.unwrap();
}

#[tokio::test]
async fn a_config_of_an_earlier_version_opens_nothing_and_the_row_says_why() {
    let app = TestApp::alive().await;
    let admin = app.admin();
    let resource = verified(&app, &admin).await;
    for (config, right) in misspelt() {
        store_config(&app, &resource, &config.to_string()).await;
        let shown = admin.get(&format!("/resources/{resource}")).await.expect(200).json;
        assert_eq!(shown["config"], config, "it can be read");
        let session = admin.post("/sessions", json!({"resourceIds": [resource]})).await.expect(201).json;
        let row = &session["resourceIps"][0];
        assert_eq!((&session["status"], &row["status"]), (&json!("FAILED"), &json!("FAILED")), "{config}");
        let why = row["errorMessage"].as_str().unwrap();
        assert!(why.starts_with("The resource's config must be corrected: config."), "{why}");
        assert!(why.contains(&format!("use {right}")), "{config}: {why}");
        app.settle().await;
        let rules: Vec<_> = app.cloud.groups().into_iter().flat_map(|(_, rules)| rules).collect();
        assert_eq!(rules, [], "{config}");
        let verified = admin.post_empty(&format!("/resources/{resource}/verify")).await.expect(200).json;
        assert_eq!(verified["warnings"][0]["code"], "CONFIG_MUST_BE_CORRECTED", "{config}");
        assert!(verified["warnings"][0]["message"].as_str().unwrap().contains(&format!("use {right}")));
        // The rest of it can be changed; the config only to one that is right.
        let name = json!({"name": format!("DB {right}")});
        let _ = admin.patch(&format!("/resources/{resource}"), name).await.expect(200);
    }
    let right = json!({"config": {"protocol": "all", "fromPort": 22, "toPort": 22}});
    let _ = admin.patch(&format!("/resources/{resource}"), right).await.expect(200);
    let session = admin.post("/sessions", json!({"resourceIds": [resource]})).await.expect(201).json;
    assert_eq!(session["status"], "PENDING");
}
