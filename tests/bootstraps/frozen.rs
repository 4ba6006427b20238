//! An environment that Lambda freezes between two requests: what it keeps is renewed all the same.

use local::aws::LocalAws;
use local::template::Template;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;
use support::issuer::ISSUER;
use support::lambda::{Bootstrap, Program, administrator, filled_event, settings};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::journey::{TABLE, logs};

const SECRET: &str = "postern/jwt";

/// `role-list` with its secret in Secrets Manager, read anew when it is a second old.
async fn environment(test: &str, cloud: &LocalAws) -> Bootstrap {
    let mut settings = settings("role-list", cloud.endpoint(), TABLE);
    settings.remove("POSTERN_JWT_SECRET");
    settings.insert("POSTERN_JWT_SECRET_NAME".into(), SECRET.into());
    settings.insert("POSTERN_KEYS_MAX_AGE_SECONDS".into(), "1".into());
    Bootstrap::start(Program::built("role-list", &logs(test)), &settings).await
}

fn signal(name: &str, bootstrap: &Bootstrap) {
    signal_process(name, bootstrap.process_id().expect("a process"));
}

fn signal_process(name: &str, id: u32) {
    let id = id.to_string();
    assert!(Command::new("kill").args([name, &id]).status().expect("kill").success());
}

/// Stops the process as Lambda does, for longer than a value is kept.
async fn freeze(bootstrap: &Bootstrap) {
    signal("-STOP", bootstrap);
    tokio::time::sleep(Duration::from_millis(2100)).await;
    signal("-CONT", bootstrap);
}

async fn status(bootstrap: &mut Bootstrap) -> u64 {
    status_of(bootstrap, administrator(3600)).await
}

async fn status_of(bootstrap: &mut Bootstrap, token: String) -> u64 {
    let known = HashMap::from([("token", token), ("org", support::ORG.into())]);
    let answer = bootstrap.invoke(filled_event("role-list", &known)).await;
    answer["statusCode"].as_u64().expect("a status")
}

async fn cloud() -> LocalAws {
    let cloud = LocalAws::in_memory().await.expect("an embedded cloud");
    cloud.ensure_table(&Template::built_in().expect("the template"), TABLE).expect("the table");
    cloud
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_secret_is_read_by_the_request_after_the_frost() {
    let cloud = cloud().await;
    cloud.put_secret(SECRET, support::JWT_SECRET);
    let mut bootstrap = environment("a_rotated_secret_is_read_by_the_request_after_the_frost", &cloud).await;
    assert_eq!(status(&mut bootstrap).await, 200);
    for _ in 0..2 {
        cloud.put_secret(SECRET, "another PLANTED secret of 32 bytes or more");
        freeze(&bootstrap).await;
        assert_eq!(status(&mut bootstrap).await, 401, "the old secret counts no longer");
        cloud.put_secret(SECRET, support::JWT_SECRET);
        freeze(&bootstrap).await;
        assert_eq!(status(&mut bootstrap).await, 200);
    }
    bootstrap.assert_idle();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_secret_nobody_comes_in_and_with_an_old_one_requests_go_on() {
    let test = "without_a_secret_nobody_comes_in_and_with_an_old_one_requests_go_on";
    let cloud = cloud().await;
    let mut empty = environment(test, &cloud).await;
    assert_eq!(status(&mut empty).await, 503);
    drop(empty);
    cloud.put_secret(SECRET, support::JWT_SECRET);
    let mut bootstrap = environment(test, &cloud).await;
    assert_eq!(status(&mut bootstrap).await, 200);
    cloud.remove_secret(SECRET);
    freeze(&bootstrap).await;
    let before = cloud.reads_of_secrets();
    assert_eq!(status(&mut bootstrap).await, 200);
    assert!(cloud.reads_of_secrets() > before, "it was asked for");
}

/// An issuer on the loopback interface, each of whose connections is the test's to answer once its request has come.
struct SlowIssuer {
    url: String,
    listener: TcpListener,
}

impl SlowIssuer {
    async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        Self { url, listener }
    }

    /// The next connection, whose request is here.
    async fn asked(&self) -> TcpStream {
        let (mut stream, _) = self.listener.accept().await.expect("a connection");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.expect("a request"));
        }
        stream
    }
}

async fn answer(mut stream: TcpStream, keys: &Value) {
    let body = keys.to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("an answer");
}

/// An administrator's token under the issuer's key of an algorithm.
fn signed(algorithm: &str) -> String {
    let (settings, now) = (support::jwt_settings(), web::clock::now().unix_millis() / 1000);
    let claims = json!({"iss": settings.issuer, "aud": settings.audience, "sub": support::ADMIN, "org": support::ORG,
        "roles": ["ORG_ADMIN"], "exp": now + 3600});
    ISSUER.token(algorithm, &claims)
}

/// The status of a request whose environment is frozen while it fetches keys, because those that it has are too old. Meanwhile they come, or
/// the issuer hangs up.
async fn frozen_while_asking(bootstrap: &mut Bootstrap, issuer: &SlowIssuer, keys: Option<&Value>) -> u64 {
    freeze(bootstrap).await;
    let id = bootstrap.process_id().expect("a process");
    let frost = async {
        let stream = issuer.asked().await;
        signal_process("-STOP", id);
        match keys {
            Some(keys) => answer(stream, keys).await,
            None => drop(stream),
        }
        tokio::time::sleep(Duration::from_millis(2100)).await;
        signal_process("-CONT", id);
        // An issuer that is asked once more hangs up once more.
        loop {
            drop(issuer.asked().await);
        }
    };
    tokio::select! {
        status = status_of(bootstrap, signed("ES256")) => status,
        () = frost => 0,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frost_in_the_middle_of_fetching_keys_costs_nobody_their_way_in() {
    let test = "a_frost_in_the_middle_of_fetching_keys_costs_nobody_their_way_in";
    let (cloud, issuer) = (cloud().await, SlowIssuer::open().await);
    let mut settings = settings("role-list", cloud.endpoint(), TABLE);
    settings.remove("POSTERN_JWT_SECRET");
    settings.insert("POSTERN_JWKS_URL".into(), issuer.url.clone());
    settings.insert("POSTERN_KEYS_MAX_AGE_SECONDS".into(), "1".into());
    let keys = ISSUER.set(&["ES256"]);
    let start = Bootstrap::start(Program::built("role-list", &logs(test)), &settings);
    let (mut bootstrap, ()) = tokio::join!(start, async { answer(issuer.asked().await, &keys).await });
    assert_eq!(frozen_while_asking(&mut bootstrap, &issuer, Some(&keys)).await, 200);
    // A key that was published meanwhile counts at the next fetch.
    freeze(&bootstrap).await;
    let both = ISSUER.set(&["ES256", "EdDSA"]);
    let (found, ()) = tokio::join!(status_of(&mut bootstrap, signed("EdDSA")), async {
        answer(issuer.asked().await, &both).await;
    });
    assert_eq!(found, 200, "the new key");
    // An issuer that hangs up leaves the keys that are there.
    assert_eq!(frozen_while_asking(&mut bootstrap, &issuer, None).await, 200);
}
