//! Timers as messages of an SQS queue, each with a delay of its own.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::timer::{SessionTimers, Timer};

/// Messages of one call (Amazon SQS API Reference, "SendMessageBatch").
const BATCH: usize = 10;

/// Calls at once.
const AT_ONCE: usize = 8;

/// The queue.
#[derive(Debug, Clone)]
pub struct Sqs {
    client: Client,
    queue_url: String,
}

impl Sqs {
    /// A queue that exists.
    #[must_use]
    pub fn new(client: Client, queue_url: impl Into<String>) -> Self {
        Self { client, queue_url: queue_url.into() }
    }

    /// Sends one batch; how many of its messages were not taken, or nothing where there was no answer.
    async fn send(&self, timers: &[Timer]) -> Option<usize> {
        let mut call = self.client.send_message_batch().queue_url(&self.queue_url);
        for (number, timer) in timers.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .message_body(timer.of.to_body())
                .delay_seconds(i32::from(timer.delay_seconds));
            call = call.entries(entry.build().ok()?);
        }
        match call.send().await {
            Ok(answer) => {
                let codes: Vec<_> = answer.failed.iter().map(|failed| failed.code.as_str()).collect();
                if !codes.is_empty() {
                    tracing::warn!(?codes, "the queue did not take all timers");
                }
                Some(codes.len())
            }
            Err(error) => {
                // The error's own text quotes what was sent and what was answered: its code says enough.
                let code = error.code().unwrap_or("no answer");
                tracing::error!(code, "the queue took no timers");
                None
            }
        }
    }

    /// Sends one batch, unless the queue is known to give no answer; how many of its messages were not taken.
    async fn send_unless(&self, is_down: &AtomicBool, timers: &[Timer]) -> usize {
        if is_down.load(Ordering::Relaxed) {
            return timers.len();
        }
        let failed = self.send(timers).await;
        is_down.fetch_or(failed.is_none(), Ordering::Relaxed);
        failed.unwrap_or(timers.len())
    }
}

impl SessionTimers for Sqs {
    fn set<'a>(&'a self, timers: &'a [Timer]) -> BoxFuture<'a, usize> {
        Box::pin(async move {
            // A queue that does not answer must not take the sweep's time: after the first failure no further call begins.
            let is_down = AtomicBool::new(false);
            let mut calls = Vec::new();
            for batch in timers.chunks(BATCH) {
                calls.push(self.send_unless(&is_down, batch));
            }
            let failed = stream::iter(calls).buffer_unordered(AT_ONCE);
            failed.fold(0, |sum, failed| async move { sum + failed }).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::SessionRef;
    use aws_config::retry::RetryConfig;
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use model::id::{OrgId, SessionId};
    use model::time::Timestamp;
    use serde_json::Value;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    fn timers(count: i64) -> Vec<Timer> {
        let session = SessionId::parse("019c7080-9f40-7000-8000-000000000001").unwrap();
        let of = SessionRef { org: OrgId::parse("acme").unwrap(), session };
        let at = |seconds| Timestamp::from_unix_millis(seconds * 1000).unwrap();
        (1..=count).map(|seconds| Timer::at(of.clone(), at(seconds), at(0))).collect()
    }

    fn sqs(listener: &TcpListener) -> Sqs {
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let credentials = Credentials::new("key", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(https::Https::default())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(&endpoint)
            .build();
        Sqs::new(Client::new(&config), "https://sqs.eu-central-1.amazonaws.com/123456789012/ends")
    }

    /// Reads a request, and answers it.
    async fn answer(stream: &mut TcpStream, status: &str, body: &str) -> (String, Value) {
        let mut request = Vec::new();
        loop {
            stream.read_buf(&mut request).await.unwrap();
            let text = String::from_utf8_lossy(&request).into_owned();
            let Some((head, sent)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
            if sent.len() < length.parse().unwrap() {
                continue;
            }
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            return (head.to_ascii_lowercase(), serde_json::from_str(sent).unwrap());
        }
    }

    #[tokio::test]
    async fn each_message_has_its_delay_and_a_call_has_ten() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (queue, timers) = (sqs(&listener), timers(10));
        let setting = tokio::spawn(async move { queue.set(&timers).await });
        let (mut stream, _) = listener.accept().await.unwrap();
        let failed =
            r#"{"Successful": [], "Failed": [{"Id": "3", "Code": "InternalError", "SenderFault": false}]}"#;
        let (head, sent) = answer(&mut stream, "200 OK", failed).await;
        assert_eq!(setting.await.unwrap(), 1, "the one that was not taken");
        assert!(head.contains("x-amz-target: amazonsqs.sendmessagebatch"), "{head}");
        assert_eq!(sent["QueueUrl"], "https://sqs.eu-central-1.amazonaws.com/123456789012/ends");
        let entries = sent["Entries"].as_array().unwrap();
        assert_eq!(entries.len(), 10);
        assert_eq!((&entries[9]["Id"], &entries[9]["DelaySeconds"]), (&"9".into(), &10.into()));
        let body = entries[0]["MessageBody"].as_str().unwrap();
        assert!(SessionRef::parse(body).is_ok(), "{body}");
    }

    #[tokio::test]
    async fn a_queue_that_fails_is_asked_no_further() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (queue, timers) = (sqs(&listener), timers(500));
        let setting = tokio::spawn(async move { queue.set(&timers).await });
        let answering = tokio::spawn(async move {
            let mut calls = 0;
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                calls += 1;
                assert!(calls <= AT_ONCE, "a further call begins after the first failure");
                tokio::spawn(async move {
                    let body = r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist"}"#;
                    answer(&mut stream, "400 Bad Request", body).await;
                });
            }
        });
        assert_eq!(setting.await.unwrap(), 500);
        assert!(!answering.is_finished(), "no call too many");
        answering.abort();
    }
}
