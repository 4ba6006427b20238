//! Seed `PATCH /resources/{id}`.

use serde_json::json;
use support::TestApp;

#[tokio::test]
async fn the_request_of_the_page_answers_with_its_representation() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (first, second) = (admin.new_credential("AWS Account").await, admin.new_credential("AWS Backup Account").await);
    let id = admin.new_resource(&first).await;
    let second = admin.get(&format!("/credentials/{second}/")).await.id();
    app.advance_seconds(3600);
    let reply = admin.patch(&format!("/resources/{id}"), json!({
        "name": "Production API Gateway - Updated",
        "resourceIdentifier": "sg-0abc123def456789",
        "credentialId": second,
        "region": "eu-west-1",
        "isActive": true,
        "config": {"port": 8443, "protocol": "tcp"},
    })).await.expect(200);
    assert_eq!(reply.json["credentialName"], "AWS Backup Account");
}
