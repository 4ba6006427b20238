//! A relay in front of DynamoDB that notes when a call is on its way. What a function takes outside of these times is its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// From a call's first byte to its answer's last so far.
#[derive(Debug, Clone, Copy)]
struct RecordedCall {
    connection: usize,
    from: Instant,
    until: Option<Instant>,
    bytes: usize,
}

/// What was on its way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Traffic {
    /// Calls.
    pub(crate) calls: usize,
    /// How long at least one of them was on its way.
    pub(crate) busy: Duration,
    /// Bytes there and back, without heads.
    pub(crate) bytes: usize,
}

/// The relay. It ends with the runtime.
pub(crate) struct Wire {
    /// Where functions find DynamoDB.
    pub(crate) address: String,
    calls: Arc<Mutex<Vec<RecordedCall>>>,
}

impl Wire {
    /// Opens one in front of an address of the form `http://HOST:PORT`.
    pub(crate) async fn open(target: &str) -> Self {
        let target = target.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port of 127.0.0.1");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        tokio::spawn(async move {
            for connection in 0.. {
                let (near, _) = listener.accept().await.expect("a connection");
                let far = TcpStream::connect(&target).await.expect("DynamoDB");
                near.set_nodelay(true).and_then(|()| far.set_nodelay(true)).expect("sockets");
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(relay(
                    near_in,
                    far_out,
                    Note { calls: Arc::clone(&noted), connection, is_call: true },
                ));
                tokio::spawn(relay(
                    far_in,
                    near_out,
                    Note { calls: Arc::clone(&noted), connection, is_call: false },
                ));
            }
        });
        Self { address, calls }
    }

    /// What there was since the last time.
    pub(crate) fn take(&self) -> Traffic {
        let mut calls = std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        calls.sort_by_key(|call| call.from);
        let mut traffic = Traffic { calls: calls.len(), ..Traffic::default() };
        let mut covered: Option<Instant> = None;
        for call in &calls {
            let until = call.until.unwrap_or(call.from);
            let from = covered.map_or(call.from, |covered| covered.max(call.from));
            traffic.busy += until.saturating_duration_since(from);
            covered = Some(covered.map_or(until, |covered| covered.max(until)));
            traffic.bytes += call.bytes;
        }
        traffic
    }
}

struct Note {
    calls: Arc<Mutex<Vec<RecordedCall>>>,
    connection: usize,
    is_call: bool,
}

impl Note {
    /// Bytes of a call begin one, unless they go on with one that has no answer yet. Bytes of an answer end it for now.
    fn bytes(&self, bytes: &[u8]) {
        let now = Instant::now();
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let last = calls.iter_mut().rev().find(|call| call.connection == self.connection);
        match (last, self.is_call) {
            (None, false) => {}
            (Some(call @ RecordedCall { until: None, .. }), true) => call.bytes += bytes.len(),
            (_, true) => {
                let connection = self.connection;
                calls.push(RecordedCall { connection, from: now, until: None, bytes: body(bytes) });
            }
            (Some(call), false) => {
                call.bytes += if call.until.is_none() { body(bytes) } else { bytes.len() };
                call.until = Some(now);
            }
        }
    }
}

/// How many bytes come after the head that is there in whole.
fn body(bytes: &[u8]) -> usize {
    const END: &[u8] = b"\r\n\r\n";
    let head = bytes.windows(END.len()).position(|end| end == END).expect("a head in one piece");
    bytes.len() - head - END.len()
}

async fn relay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, note: Note) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let bytes = buffer.get(..length).unwrap_or_default();
        note.bytes(bytes);
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}
