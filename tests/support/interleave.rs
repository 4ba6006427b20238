//! Two operations, one of which happens in the middle of the other.

use std::future::Future;

use crate::TestApp;

/// Starts one operation, stops it at its first transaction, runs the other one to its end, lets the first go on.
///
/// # Panics
/// When the first operation ends without a transaction.
pub async fn between<R: Send + 'static>(
    app: &TestApp,
    stopped: impl Future<Output = R> + Send + 'static,
    meanwhile: impl Future<Output = ()>,
) -> R {
    let mut gate = app.proxy.stop_next("TransactWriteItems");
    let mut running = tokio::spawn(stopped);
    tokio::select! {
        () = gate.reached() => {}
        _ = &mut running => panic!("it ended before its transaction"),
    }
    meanwhile.await;
    drop(gate);
    running.await.unwrap()
}
