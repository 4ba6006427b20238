//! What the log says at its finest level. A process of its own, because it listens to everything in the process: the
//! gateway, the handlers, the SDK, the embedded AWS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod people;

use firewall::GroupRef;
use serde_json::json;
use std::sync::{Arc, LazyLock, Mutex};
use support::{ORG, Setup, TestApp, resource_body};
use tracing_subscriber::fmt::MakeWriter;

/// What a subscriber at the finest level gets to see.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

/// The log of everything in the process, and that of this workspace's own crates.
#[derive(Clone, Default)]
struct Logs {
    all: Log,
    own: Log,
}

/// Writes a line to both logs.
struct Both(Log, Log);

const OWN: [&str; 9] =
    ["auth", "firewall", "functions", "https", "local", "model", "store", "web", "workers"];

impl<'w> MakeWriter<'w> for Logs {
    type Writer = Both;

    fn make_writer(&'w self) -> Both {
        Both(self.all.clone(), self.own.clone())
    }

    fn make_writer_for(&'w self, meta: &tracing::Metadata<'_>) -> Both {
        let is_own = meta.target().split("::").next().is_some_and(|name| OWN.contains(&name));
        Both(self.all.clone(), if is_own { self.own.clone() } else { Log::default() })
    }
}

impl std::io::Write for Both {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(bytes)?;
        self.1.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of this process, started by the first test.
static LOGS: LazyLock<Logs> = LazyLock::new(|| {
    let logs = Logs::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let subscriber = subscriber.with_writer(logs.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    logs
});

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[tokio::test]
async fn the_secret_and_the_token_appear_in_no_log_line() {
    let log = &LOGS.all;
    let app = TestApp::new().await;
    let token = app.token("admin", ORG, &["ORG_ADMIN"]);
    let admin = app.bearer(&token);
    for is_sensitive in [true, false] {
        // A value that is not sensitive is shown to those who ask for it, and is in no log either.
        let planted = if is_sensitive { "PLANTED" } else { "UNLOGGED" };
        let value = |end: &str| json!({"name": "n", "value": format!("{planted}-{end}")});
        let mut body = value("5ecret");
        body["is_sensitive"] = is_sensitive.into();
        let path = format!("/credentials/{}/", admin.post("/credentials/", body).await.expect(201).id());
        let _ = admin.put(&path, value("again")).await.expect(200);
        let _ = admin.put(&path, json!({"name": "", "value": "PLANTED-refused"})).await.expect(400);
        let _ = admin
            .send(
                "PUT",
                &format!("/api/v1{path}"),
                Some("application/json"),
                b"{\"value\": \"PLANTED-broken\"".to_vec(),
            )
            .await
            .expect(400);
        let _ = admin.get(&path).await.expect(200);
    }
    let text = log.text();
    assert!(text.contains("path=/api/v1/credentials/") && text.contains("status=201"), "nothing was heard");
    let signature = token.rsplit('.').next().unwrap();
    for secret in ["PLANTED", "UNLOGGED", signature] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}

#[tokio::test]
async fn the_secret_of_the_edge_appears_in_no_log_line_and_neither_does_an_address() {
    const SECRET: &str = "PLANTED-secret-of-the-distribution";
    let log = &LOGS.all;
    let edge: web::EdgeSource = web::edge(&|_| Some(SECRET.into())).unwrap().into();
    let app = TestApp::with_setup(Setup { edge, ..Setup::default() }).await;
    let through = app.admin().with_header("x-amz-cf-id", "x");
    let shown = through.with_header("x-postern-edge", SECRET);
    let _ =
        shown.with_header("cloudfront-viewer-address", "198.51.100.77:443").get("/roles").await.expect(200);
    let _ = shown.with_header("cloudfront-viewer-address", "198.51.100.77").get("/roles").await.expect(403);
    let _ = shown.get("/roles").await.expect(403);
    let _ = through.with_header("x-postern-edge", "PLANTED-guess").get("/roles").await.expect(403);
    let text = log.text();
    for cause in ["BadViewerAddress", "NoViewerAddress", "ForeignDistribution"] {
        assert!(text.contains(cause), "{cause}");
    }
    let own = LOGS.own.text();
    for secret in ["PLANTED", "198.51.100.77"] {
        assert_eq!(own.lines().find(|line| line.contains(secret)), None);
    }
    assert_eq!(text.lines().find(|line| line.contains("PLANTED")), None);
}

/// Anybody may ask for any path. A line end in it must begin no line.
#[tokio::test]
async fn a_path_writes_no_line_of_its_own() {
    let log = &LOGS.all;
    let app = TestApp::new().await;
    let _ = app.anonymous().get("/roles/%0d%0aFORGED%20line%1b[31m").await;
    let text = log.text();
    let line = text.lines().find(|line| line.contains("FORGED")).unwrap();
    assert!(line.contains("path=/api/v1/roles/%0D%0AFORGED%20line%1B"), "{line}");
}

/// The alarm on stuck rules counts these lines, and must last for as long as the rule is stuck.
#[tokio::test]
async fn the_reconciler_says_each_hour_what_is_stuck() {
    let log = &LOGS.all;
    let (app, group) = (TestApp::alive().await, "sg-0123456789abcdef0");
    let of = |text: &str| {
        text.lines().filter(|line| line.contains("a rule is stuck") && line.contains(group)).count()
    };
    app.cloud.add_group(GroupRef { region: "eu-central-1".into(), group_id: group.into() });
    let admin = app.admin();
    let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "PLANTED-key"});
    let credential = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
    let mut resource = resource_body(&admin.post("/credentials", credential).await.expect(201).id());
    resource["resourceIdentifier"] = group.into();
    let resource = admin.post("/resources", resource).await.expect(201).id();
    let _ = admin.patch(&format!("/resources/{resource}"), json!({"isActive": true})).await.expect(200);
    let session = admin.post("/sessions", json!({})).await.expect(201).id();
    app.settle().await;
    app.cloud.deny("AKIA1");
    let _ = admin.post_empty(&format!("/sessions/{session}/stop")).await.expect(200);
    app.settle().await;
    assert_eq!(of(&log.text()), 1, "it is said when it happens");
    for hours in 1..4 {
        app.advance_seconds(3601);
        app.reconcile().await;
        assert_eq!(of(&log.text()), 1 + hours);
    }
}
