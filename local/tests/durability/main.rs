//! `cargo run -- --data DIR`, killed in the middle of its writes, again and again: whatever was acknowledged is there
//! afterwards, and nothing is half done.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod server;
mod table;
mod writer;

use server::Server;
use std::time::Duration;
use writer::{Common, Writer};

/// How often the server is killed, unless `POSTERN_KILLS` says otherwise.
const KILLS: u32 = 200;

/// Writers at once.
const WRITERS: usize = 6;

/// Kills from one look at the whole table to the next: what is half done stays so.
const LOOK_EVERY: u32 = 20;

/// Milliseconds from the first write to the kill, at most.
const LONGEST_LIFE: u64 = 800;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_every_kill() {
    #[expect(clippy::disallowed_methods, reason = "the one place of this test")]
    let kills = std::env::var("POSTERN_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path()).await;
    let common = Common::make(&server).await;
    server.kill().await;
    let (mut acknowledged, mut in_flight) = (0, 0);
    for kill in 1..=kills {
        let server = Server::start(data.path()).await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|number| {
                let writer = Writer::new(&server, &common, format!("{kill}-{number}"));
                tokio::spawn(writer.work())
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(fastrand::u64(20..LONGEST_LIFE))).await;
        server.kill().await;
        let server = Server::start(data.path()).await;
        for writer in writers {
            let writer = writer.await.unwrap();
            acknowledged += writer.acknowledged;
            in_flight += u32::from(writer.is_interrupted());
            let wrong = writer.look(&server).await;
            assert!(wrong.is_empty(), "after {kill} kills: {wrong:#?}");
        }
        if kill % LOOK_EVERY == 0 || kill == kills {
            let wrong = table::half_done(&server).await;
            assert!(wrong.is_empty(), "after {kill} kills: {wrong:#?}");
            println!("{kill} kills, {acknowledged} writes acknowledged, {in_flight} in flight when killed");
        }
        server.kill().await;
    }
    assert!(in_flight > kills, "the kills come while somebody writes: {in_flight}");
}
