//! How keys are fetched: bounded in time and size, and only from the configured URL.

use auth::Fetch;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use web::HttpFetch;

/// A web server of one answer on the loopback interface.
struct Web {
    url: String,
    asked: Arc<AtomicUsize>,
}

/// Reads the head of a request. False when the other side has gone.
async fn read_head(stream: &mut TcpStream) -> bool {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if !stream.read(&mut byte).await.is_ok_and(|read| read == 1) {
            return false;
        }
        head.push(byte[0]);
    }
    true
}

impl Web {
    /// Answers every request with these bytes, for as long as the other side stays.
    async fn answering(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, counter) = (answer.clone(), Arc::clone(&counter));
                tokio::spawn(async move {
                    while read_head(&mut stream).await {
                        counter.fetch_add(1, Ordering::SeqCst);
                        let _ = stream.write_all(&answer).await;
                    }
                });
            }
        });
        Self { url, asked }
    }

    async fn answering_text(head: &str, body: &str) -> Self {
        Self::answering(format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into())
            .await
    }

    /// What a fetch says about it.
    async fn fault(&self) -> String {
        HttpFetch::default().get(&self.url).await.unwrap_err().0
    }
}

#[tokio::test]
async fn a_document_is_read() {
    let web = Web::answering_text("200 OK", r#"{"keys": []}"#).await;
    let fetch = HttpFetch::default();
    for _ in 0..2 {
        assert_eq!(fetch.get(&web.url).await.unwrap(), br#"{"keys": []}"#);
    }
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = Web::answering_text("200 OK", "{}").await;
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let web = Web::answering_text(&format!("{status}\r\nlocation: {}", elsewhere.url), "").await;
        assert!(web.fault().await.ends_with(&format!("answered {}", &status[..3])), "{status}");
    }
    assert_eq!(elsewhere.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn another_status_than_200_is_a_fault() {
    for status in ["201 Created", "204 No Content", "403 Forbidden", "404 Not Found", "500 Oops", "503 Busy"]
    {
        let web = Web::answering_text(status, "").await;
        assert!(web.fault().await.ends_with(&format!("answered {}", &status[..3])), "{status}");
    }
}

#[tokio::test]
async fn a_document_ends_at_256_kib() {
    let body = |bytes: usize| " ".repeat(bytes);
    let web = Web::answering_text("200 OK", &body(256 * 1024)).await;
    assert_eq!(HttpFetch::default().get(&web.url).await.unwrap().len(), 256 * 1024);
    let web = Web::answering_text("200 OK", &body(256 * 1024 + 1)).await;
    assert!(web.fault().await.ends_with("has more than 262144 bytes"));
    // An answer without its length.
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, body(64 * 1024)).repeat(5);
    let endless = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}");
    assert!(Web::answering(endless.into()).await.fault().await.ends_with("has more than 262144 bytes"));
}

/// The wait ends whether nothing comes, only the head, or half of the body.
#[tokio::test]
async fn a_late_document_is_a_fault() {
    let answers = ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"key"];
    let mut waits = Vec::new();
    for answer in answers {
        let web = Web::answering(answer.into()).await;
        waits.push(tokio::spawn(async move { web.fault().await }));
    }
    for wait in waits {
        let fault = wait.await.unwrap();
        assert!(fault.to_lowercase().contains("time"), "{fault}");
    }
}

#[tokio::test]
async fn only_this_machine_is_called_without_tls() {
    for url in [
        "http://id.example/keys",
        "http://169.254.169.254/latest",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "",
    ] {
        let fault = HttpFetch::default().get(url).await.unwrap_err().0;
        assert!(fault.ends_with("is not fetched: it is not https"), "{fault}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_a_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    drop(listener);
    assert!(!HttpFetch::default().get(&url).await.unwrap_err().0.is_empty());
    // A server with TLS is called with TLS.
    let web = Web::answering_text("200 OK", "{}").await;
    assert!(HttpFetch::default().get(&web.url.replace("http:", "https:")).await.is_err());
}
