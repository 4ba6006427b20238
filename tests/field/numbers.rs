//! A number that is kept comes out as another one.
//!
//! Reported of tools that read JSON numbers as doubles: <https://github.com/mpyw/suve/issues/342>,
//! <https://github.com/dflemstr/rq/issues/162>, <https://github.com/nlohmann/json/issues/777>.

use support::{Client, Reply, TestApp};

async fn send(admin: &Client, resource: &str, number: &str) -> Reply {
    let body = format!(r#"{{"config": {{"port": 22, "note": {number}}}}}"#);
    let path = format!("/api/v1/resources/{resource}");
    admin.send("PATCH", &path, Some("application/json"), body.into_bytes()).await
}

#[tokio::test]
async fn a_number_in_a_config_is_shown_as_it_was_sent_or_refused() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let resource = admin.new_resource(&admin.new_credential("AWS").await).await;
    for kept in [
        "0",
        "-1",
        "1",
        "1.0",
        "0.1",
        "-0.0",
        "9007199254740993",
        "-9223372036854775808",
        "18446744073709551615",
        "0.30000000000000004",
        "1.7976931348623157e+308",
        "5e-324",
        "2.2250738585072014e-308",
    ] {
        let shown = send(&admin, &resource, kept).await.expect(200);
        let is_same = |text: &str| text.contains(&format!("\"note\":{kept}}}"));
        assert!(is_same(&shown.text), "{kept}: {}", shown.text);
        let again = admin.get(&format!("/resources/{resource}")).await.expect(200);
        assert!(is_same(&again.text), "{kept}: {}", again.text);
        let log = admin.get("/audit-logs?limit=1").await.expect(200);
        assert!(log.text.contains(&format!("\"note\":{kept}}}}}")), "{kept}: {}", log.text);
    }
    let before = app.db_items().await;
    for refused in [
        "18446744073709551616",
        "-9223372036854775809",
        "12345678901234567890123",
        "1e400",
        "-1e309",
        "-0",
        "1e-400",
        "0.10000000000000000555111512312578270211815834045410156250",
        "3.14159265358979323846264",
        "100000000000000000000",
    ] {
        let reply = send(&admin, &resource, refused).await.expect(400);
        let message = reply.json["message"].as_str().unwrap();
        let number: String = refused.chars().take(40).collect();
        let named = format!("config has a number that 64 bits do not hold exactly: {number}");
        assert!(
            message == named || message.contains("number out of range at line 1 column "),
            "{refused}: {message}"
        );
    }
    assert_eq!(app.db_items().await, before);
    // Elsewhere too a number is not taken for its neighbour.
    for number in ["8.0000000000000000001", "-0", "18446744073709551616"] {
        let body = format!(r#"{{"name": "x", "maxSessionDurationHours": {number}}}"#).into_bytes();
        let reply = admin.send("POST", "/api/v1/roles", Some("application/json"), body).await.expect(400);
        assert!(reply.json["validationErrors"]["maxSessionDurationHours"].is_string(), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_number_as_the_name_of_a_credential_says_the_same_number_or_is_refused() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let path = format!("/api/v1/credentials/{}/", admin.new_credential("AWS").await);
    let send = async |field: &str, number: &str| {
        let body = format!(r#"{{"{field}": {number}}}"#).into_bytes();
        admin.send("PATCH", &path, Some("application/json"), body).await
    };
    for (number, text) in [
        ("123", "123"),
        ("-0", "-0"),
        ("18446744073709551616", "18446744073709551616"),
        ("1.5", "1.5"),
        ("1e2", "100.0"),
        ("0.30000000000000004", "0.30000000000000004"),
    ] {
        for field in ["name", "description"] {
            assert_eq!(send(field, number).await.expect(200).json[field], text, "{field} {number}");
        }
    }
    let before = app.db_items().await;
    for number in ["0.10000000000000000555", "1.00000000000000000001", "1e-400", "9007199254740993.0"] {
        for field in ["name", "description"] {
            let refused = send(field, number).await.expect(400);
            let why = "This number has more digits than are kept. Send it as a string.";
            assert_eq!(refused.json[field][0], why, "{field} {number}");
        }
    }
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn a_flag_is_a_number_that_is_1_or_0_and_no_neighbour_of_it() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let path = format!("/api/v1/credentials/{}/", admin.new_credential("AWS").await);
    let send = async |number: &str| {
        let body = format!(r#"{{"is_sensitive": {number}, "value": "v"}}"#).into_bytes();
        admin.send("PATCH", &path, Some("application/json"), body).await
    };
    let before = app.db_items().await;
    for number in ["1e-400", "2e-324", "0.99999999999999999999999", "1.00000000000000000001", "0.5", "-1"] {
        let refused = send(number).await.expect(400);
        assert_eq!(refused.json["is_sensitive"][0], "Must be a valid boolean.", "{number}");
    }
    assert_eq!(app.db_items().await, before);
    for (number, shown) in [("1", true), ("1.0", true), ("0e5", false), ("0", false), ("1e0", true)] {
        assert_eq!(send(number).await.expect(200).json["is_sensitive"], shown, "{number}");
    }
}
