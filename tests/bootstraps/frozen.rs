//! An environment that Lambda freezes between two requests: what it keeps is renewed all the same.

use local::cloud::Cloud;
use local::template::Template;
use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;
use support::lambda::{Bootstrap, Program, administrator, filled_event, settings};

use crate::journey::{TABLE, logs};

const SECRET: &str = "postern/jwt";

/// `role-list` with its secret in Secrets Manager, read anew when it is a second old.
async fn environment(test: &str, cloud: &Cloud) -> Bootstrap {
    let mut settings = settings("role-list", cloud.endpoint(), TABLE);
    settings.remove("POSTERN_JWT_SECRET");
    settings.insert("POSTERN_JWT_SECRET_NAME".into(), SECRET.into());
    settings.insert("POSTERN_KEYS_MAX_AGE_SECONDS".into(), "1".into());
    Bootstrap::start(Program::built("role-list", &logs(test)), &settings).await
}

fn signal(name: &str, bootstrap: &Bootstrap) {
    let id = bootstrap.process_id().expect("a process").to_string();
    assert!(Command::new("kill").args([name, &id]).status().expect("kill").success());
}

/// Stops the process as Lambda does, for longer than a value is kept.
async fn freeze(bootstrap: &Bootstrap) {
    signal("-STOP", bootstrap);
    tokio::time::sleep(Duration::from_millis(2100)).await;
    signal("-CONT", bootstrap);
}

async fn status(bootstrap: &mut Bootstrap) -> u64 {
    let known = HashMap::from([("token", administrator(3600)), ("org", support::ORG.into())]);
    let answer = bootstrap.invoke(filled_event("role-list", &known)).await;
    answer["statusCode"].as_u64().expect("a status")
}

async fn cloud() -> Cloud {
    let cloud = Cloud::in_memory().await.expect("an embedded cloud");
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
