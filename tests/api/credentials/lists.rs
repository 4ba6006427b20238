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
    for (bad, field) in [("0", "length"), ("-1", "length"), ("x", "page"), ("0", "page"), ("1.5", "page")] {
        let reply = admin.get(&format!("/credentials/?{field}={bad}")).await;
        expect::body(&reply, 400, json!({field: ["Must be a whole number of at least 1."]}));
    }
    for bad in ["3", "99999999999999999999"] {
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

fn names(page: &Value) -> Vec<&str> {
    page["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|credential| credential["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn lists_are_searched_filtered_and_ordered() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for (name, description, is_sensitive) in
        [("Banana", "für Prod", true), ("apple", "", false), ("Cherry", "50% banana", true)]
    {
        app.advance_seconds(1);
        let body = json!({"name": name, "description": description, "value": "needle", "is_sensitive": is_sensitive});
        let _ = admin.post("/credentials/", body).await.expect(201);
    }
    app.advance_seconds(1);
    let all = admin.get("/credentials/?ordering=created_at").await.expect(200).json;
    let banana = all["results"][0]["id"].as_str().unwrap();
    let _ = admin.new_resource(banana).await;
    let _ =
        admin.patch(&format!("/credentials/{banana}/"), json!({"description": "FÜR PROD"})).await.expect(200);
    for (query, expected) in [
        ("", vec!["Banana", "Cherry", "apple"]),
        ("ordering=-name", vec!["apple", "Cherry", "Banana"]),
        ("ordering=created_at", vec!["Banana", "apple", "Cherry"]),
        ("ordering=-created_at", vec!["Cherry", "apple", "Banana"]),
        ("ordering=updated_at", vec!["apple", "Cherry", "Banana"]),
        ("ordering=-usage_count", vec!["Banana", "apple", "Cherry"]),
        ("search=BANANA", vec!["Banana", "Cherry"]),
        ("search=f%C3%BCr", vec!["Banana"]),
        ("search=50%25", vec!["Cherry"]),
        ("search=needle", vec![]),
        ("search=nothing", vec![]),
        ("is_sensitive=True", vec!["Banana", "Cherry"]),
        ("is_sensitive=False", vec!["apple"]),
        ("is_sensitive=True&search=banana&ordering=-name&length=1&page=2", vec!["Banana"]),
    ] {
        let page = admin.get(&format!("/credentials/?{query}")).await.expect(200).json;
        assert_eq!(names(&page), expected, "{query}");
    }
    let wrong = admin.get("/credentials/?is_sensitive=maybe").await;
    expect::body(&wrong, 400, json!({"is_sensitive": ["Must be a valid boolean: true or false."]}));
}
