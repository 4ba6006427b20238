//! The watch over secrets itself: that it hears, and that it would say so. A process of its own, because what it finds
//! here would fail the tests of any other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::panic::catch_unwind;
use support::planted::{assert_no_leak, lines_heard, secret_in};
use support::{ORG, Reply, TestApp};

const KEY: &str = "pst_1CYFNvVucc2sUTRxuktVmQ6Vm1efLq6wpc8phnW-F1XZJ-ibxdmSCMCmR3OLd_wJI.acme";

#[test]
fn it_knows_a_secret_when_it_sees_one() {
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl";
    for (text, secret) in [
        ("value=PLANTED-hunter2 status=200", "PLANTED-hunter2"),
        (r#"{"value":"PLANTED"}"#, "PLANTED"),
        (r#"authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl""#, token),
        (&format!("x-api-key: {KEY}, accept"), KEY),
    ] {
        assert_eq!(secret_in(text), Some(secret), "{text}");
    }
    for harmless in [
        "",
        "request.id=01a1fc86-a89d-75c2-bd82-f8a6d6c8c01c method=GET path=/api/v1/resources status=200",
        // A cursor is a single piece of Base64; a key's beginning is shown in lists.
        r#"{"nextCursor":"eyJwayI6Ik9SRyNhY21lIn0"}"#,
        r#"{"prefix":"pst_1CYFNv"}"#,
    ] {
        assert_eq!(secret_in(harmless), None, "{harmless}");
    }
}

fn reply(text: &str) -> Reply {
    Reply { status: StatusCode::OK, headers: HeaderMap::new(), text: text.into(), json: Value::Null }
}

#[tokio::test]
async fn it_hears_the_log_and_reports_a_secret_in_it() {
    let app = TestApp::new().await;
    let _ = app.admin().get("/resources").await.expect(200);
    assert!(lines_heard() > 0, "nothing was heard");
    assert_no_leak();
    // A key may be said by the request that makes it, and by no other.
    reply(KEY).assert_no_secret("POST", "/api/v1/api-keys");
    for (method, path, text) in [
        ("GET", "/api/v1/api-keys", KEY),
        ("POST", "/api/v1/roles", KEY),
        ("POST", "/api/v1/api-keys", "PLANTED"),
    ] {
        let said = catch_unwind(|| reply(text).assert_no_secret(method, path));
        assert!(said.is_err(), "{method} {path} says {text}");
    }
    let token = app.token("ada", ORG, &[]);
    tracing::debug!(%token, "somebody forgot to take this out");
    assert!(catch_unwind(assert_no_leak).is_err(), "a token in the log went unnoticed");
    let next = app.admin();
    // Otherwise the harness would find the leak when the test ends.
    std::mem::forget(app);
    let request = tokio::spawn(async move { next.get("/resources").await });
    assert!(request.await.unwrap_err().is_panic(), "the next answer is not believed");
}
