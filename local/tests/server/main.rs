//! The program of the command line, as somebody meets it: what it prints, what it keeps, and what it says when something is wrong.
//!
//! An emulator that keeps its database and forgets what the database speaks of: localstack/localstack#6463. Two servers on one folder:
//! MaterializeInc/materialize#6383.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod program;

use http::Method;
use program::{Program, Running, failed, token};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Mutex;

/// One server at a time: the program tells what time it is for the last one of this clone.
static ONE: Mutex<()> = Mutex::const_new(());

const ADMIN: &[&str] = &["--sub", "demo-admin", "--org", "demo", "--role", "ORG_ADMIN"];

async fn running_session(server: &Running, token: &str) -> String {
    let resource = server.send(Method::GET, "/api/v1/resources", token, None).await.1[0]["id"].clone();
    let verify = format!("/api/v1/resources/{}/verify", resource.as_str().unwrap());
    assert_eq!(server.send(Method::POST, &verify, token, None).await.0, 200);
    let (status, session) = server.send(Method::POST, "/api/v1/sessions", token, Some(&json!({}))).await;
    assert_eq!(status, 201, "{session}");
    let path = format!("/api/v1/sessions/{}", session["id"].as_str().unwrap());
    for _ in 0..200 {
        if server.send(Method::GET, &path, token, None).await.1["status"] == "ACTIVE" {
            return path;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no session becomes active");
}

async fn groups(server: &Running) -> Value {
    server.send(Method::GET, "/_sim/groups", "", None).await.1
}

#[tokio::test]
async fn a_session_that_is_active_after_a_kill_has_its_rule() {
    let _one = ONE.lock().await;
    let data = tempfile::tempdir().unwrap();
    let server = Program::on(data.path()).start().await;
    let session = running_session(&server, &token(ADMIN).await).await;
    let before = groups(&server).await;
    assert_eq!(before[0]["rules"].as_array().unwrap().len(), 1, "{before}");
    server.kill().await;
    let server = Program::on(data.path()).start().await;
    assert_eq!(groups(&server).await, before);
    let token = token(ADMIN).await;
    assert_eq!(server.send(Method::GET, &session, &token, None).await.1["status"], "ACTIVE");
}

#[tokio::test]
async fn a_second_server_on_a_folder_does_not_start() {
    let _one = ONE.lock().await;
    let data = tempfile::tempdir().unwrap();
    let server = Program::on(data.path()).start().await;
    let said = failed(Program::on(data.path())).await;
    assert!(said.contains("Another server uses the folder") && said.contains("--data DIR"), "{said}");
    server.kill().await;
    let _ = Program::on(data.path()).start().await;
}

/// A minute of the wall is two and a half days of this server.
#[tokio::test]
async fn time_that_was_hurried_harms_nobody() {
    let _one = ONE.lock().await;
    let data = tempfile::tempdir().unwrap();
    let tight = [("POSTERN_RATE_PER_MINUTE", "1"), ("POSTERN_RATE_BURST", "1")];
    let server =
        Program::on(data.path()).with("--no-demo").with("--clock-rate=3600").env(&tight).start().await;
    // Hours pass for the server.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let hasty = token(ADMIN).await;
    assert_eq!(server.send(Method::GET, "/api/v1/me", &hasty, None).await.0, 200);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(server.send(Method::GET, "/api/v1/me", &hasty, None).await.0, 200, "an hour of the wall's");
    server.kill().await;
    let server = Program::on(data.path()).with("--no-demo").env(&tight).start().await;
    let (status, me) = server.send(Method::GET, "/api/v1/me", &token(ADMIN).await, None).await;
    assert_eq!(status, 200, "{me}");
}

#[tokio::test]
async fn a_server_says_where_its_operations_are_shown() {
    let _one = ONE.lock().await;
    let server = Program::default().with("--no-demo").start().await;
    let page = format!("{}/docs", server.base);
    assert!(server.said.iter().any(|line| line.contains(&page)), "{:?}", server.said);
    assert_eq!(server.location("/").await, (307, Some("/docs".into())));
    assert_eq!(server.send(Method::GET, "/docs", "", None).await.0, 200);
}

#[tokio::test]
async fn what_is_wrong_with_an_option_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (options, advice) in [
        (["--port", &port, "--no-demo"].as_slice(), "choose another one with --port N"),
        (&["--port", "0", "--dynamodb-port", &port], "choose another one with --dynamodb-port N"),
        (
            &["--port", "0", "--dynamodb-port", "0", "--dynamodb-address", "203.0.113.1"],
            "name an address of this machine with --dynamodb-address IP",
        ),
    ] {
        let said = failed(options.iter().fold(Program::bare(), |program, option| program.with(option))).await;
        assert!(said.contains(advice), "{said}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_setting_is_told() {
    for (name, value, told) in [
        ("POSTERN_RATE_PER_MINUTE", "many", "is \"many\". It must be a whole number from 0 to 60000"),
        ("POSTERN_RATE_BURST", "0", "is \"0\". It must be a whole number from 1 to 10000"),
        ("POSTERN_SESSIONS_PER_PERSON", "1001", "is \"1001\". It must be a whole number from 1 to 1000"),
        ("POSTERN_CORS_ORIGINS", "*", "is \"*\". It must be origins such as https://app.example.com"),
        ("POSTERN_EDGE_SECRET", "hunter2", "is set to something else. It must be one secret of 32 to 256"),
        ("POSTERN_JWT_SECRET", "hunter2", "It must be a secret of at least 32 bytes"),
        ("POSTERN_JWKS", "hunter2", "It must be the text of a JSON Web Key Set"),
        (
            "POSTERN_JWKS_URL",
            "http://keys.example",
            "It must be an https URL, or an http URL on this machine",
        ),
        ("POSTERN_JWT_SECRET_NAME", "postern/jwt", "Here it must be POSTERN_JWT_SECRET"),
    ] {
        let said = failed(Program::default().env(&[(name, value)])).await;
        assert!(said.contains(name) && said.contains(told) && !said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn who_has_no_private_key_is_told_so() {
    let set = json!({"keys": []}).to_string();
    for (name, value) in [("POSTERN_JWKS", set.as_str()), ("POSTERN_JWKS_URL", "https://keys.example")] {
        let program =
            ADMIN.iter().fold(Program::bare().with("token"), |program, option| program.with(option));
        let said = failed(program.env(&[(name, value)])).await;
        assert!(said.contains(&format!("The environment variable {name} names public keys")), "{said}");
    }
}
