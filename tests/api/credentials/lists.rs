//! `GET /credentials/`: the page envelope.

use serde_json::{Value, json};
use support::TestApp;

use crate::expect;

#[tokio::test]
async fn pages_have_the_envelope_of_the_seeds_product() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for number in (0..12).rev() {
        let _ = admin.new_credential(&format!("Credential {number:02}")).await;
    }
    let page = admin.get("/credentials/").await.expect(200);
    assert_eq!(page.members(), ["count", "page_total", "page", "length", "results"]);
    let names = |page: &Value| -> Vec<String> {
        page["results"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().into()).collect()
    };
    assert_eq!(names(&page.json).len(), 10);
    assert_eq!(names(&page.json)[0], "Credential 00");
    let second = admin.get("/credentials/?page=2").await.expect(200).json;
    assert_eq!(
        (&second["count"], &second["page_total"], &second["page"]),
        (&json!(12), &json!(2), &json!(2))
    );
    assert_eq!(names(&second), ["Credential 10", "Credential 11"]);
    let long = admin.get("/credentials/?length=10000").await.expect(200).json;
    assert_eq!((&long["length"], names(&long).len()), (&json!(100), 12));
    for bad in ["0", "-1", "x", ""] {
        assert_eq!(admin.get(&format!("/credentials/?length={bad}")).await.expect(200).json["length"], 10);
    }
    for bad in ["0", "-1", "x", "3", "99999999999999999999"] {
        let reply = admin.get(&format!("/credentials/?page={bad}")).await;
        expect::body(&reply, 404, json!({"detail": "Invalid page."}));
    }
}

#[tokio::test]
async fn readable_values_are_shown_and_sensitive_ones_are_not() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let _ = admin.new_credential("a sensitive one").await;
    let body = json!({"name": "b readable one", "value": {"user": "u"}, "is_sensitive": false});
    let _ = admin.post("/credentials/", body).await.expect(201);
    let page = admin.get("/credentials/").await.json;
    assert_eq!(page["results"][0]["value"], Value::Null);
    assert_eq!(page["results"][1]["value"], json!({"user": "u"}));
}
