//! Calls to servers that behave, and to some that do not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use https::Https;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const LONG: Option<Duration> = Some(Duration::from_secs(20));

/// A server that treats each connection so; where it listens, and how many there were.
async fn server<F, Treated>(treat: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> Treated + Send + 'static,
    Treated: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(treat(stream));
        }
    });
    (address, connections)
}

/// Reads a request whose body is `body`, and which says who calls as this crate does, whatever it said before.
async fn read(stream: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\nbody") {
        let Ok(byte) = stream.read_u8().await else { return false };
        seen.push(byte);
    }
    let head = String::from_utf8(seen).unwrap();
    let agents: Vec<_> = head.lines().filter(|line| line.starts_with("user-agent")).collect();
    assert_eq!(agents, [concat!("user-agent: postern/", env!("CARGO_PKG_VERSION"))], "{head}");
    true
}

async fn answer_all(mut stream: TcpStream) {
    while read(&mut stream).await {
        stream
            .write_all(b"HTTP/1.1 418 I'm a teapot\r\nx-a: b\r\ncontent-length: 2\r\n\r\nhi")
            .await
            .unwrap();
    }
}

fn request(url: &str) -> HttpRequest {
    let request =
        http::Request::post(url).header("content-length", "4").header("user-agent", "whoever built it");
    HttpRequest::try_from(request.body(SdkBody::from("body")).unwrap()).unwrap()
}

async fn failure(address: SocketAddr, longest: Option<Duration>) -> ConnectorError {
    let request = request(&format!("http://{address}/"));
    Https::default().send(request, longest).await.expect_err("no answer")
}

#[tokio::test]
async fn an_answer_comes_as_it_was_sent_and_its_connection_is_used_again() {
    let (address, connections) = server(answer_all).await;
    let https = Https::default();
    for _ in 0..3 {
        let answer = https.clone().send(request(&format!("http://{address}/a?b=c")), LONG).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().get("x-a")), (418, Some("b")));
        let body = ByteStream::new(answer.into_body()).collect().await.unwrap();
        assert_eq!(body.to_vec(), b"hi");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_not_used_again() {
    let once = |mut stream: TcpStream| async move {
        read(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
    };
    let (address, connections) = server(once).await;
    let https = Https::default();
    for _ in 0..3 {
        let answer = https.send(request(&format!("http://{address}/")), LONG).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

/// As AWS closes connections. While a function is frozen nobody sees it: the next request would be written into such a one.
#[tokio::test]
async fn a_connection_that_was_idle_for_longer_than_fifteen_seconds_is_not_used_again() {
    let (address, connections) = server(answer_all).await;
    let https = Https::default();
    let url = format!("http://{address}/");
    // Time passes at once, and no timer fires before the request: as it is for a function that was frozen.
    for (idle_seconds, expected) in [(0, 1), (14, 1), (14, 1), (16, 2), (3600, 3), (14, 3)] {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(idle_seconds)).await;
        tokio::time::resume();
        let answer = https.send(request(&url), LONG).await.unwrap();
        ByteStream::new(answer.into_body()).collect().await.unwrap();
        assert_eq!(connections.load(Ordering::SeqCst), expected, "after {idle_seconds} s");
        // The connection is given back by a task of its own.
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_breaks_off_may_be_tried_again() {
    let (closing, _) = server(|stream| async move { drop(stream) }).await;
    let error = failure(closing, LONG).await;
    assert!(https::is_broken(&error), "{error:?}");

    let halfway = |mut stream: TcpStream| async move {
        read(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncont").await.unwrap();
    };
    let (breaking, _) = server(halfway).await;
    let error = failure(breaking, LONG).await;
    assert!(https::is_broken(&error), "{error:?}");

    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    assert!(failure(nobody, LONG).await.is_io());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = |stream: TcpStream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    };
    let (address, _) = server(silent).await;
    let error = failure(address, Some(Duration::from_millis(50))).await;
    assert!(error.is_timeout() && !https::is_broken(&error), "{error:?}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_no_answer() {
    // It answers the greeting of TLS with something else.
    let (address, _) = server(answer_all).await;
    let request = request(&format!("https://localhost:{}/", address.port()));
    let error = Https::default().send(request, Some(Duration::from_secs(2))).await.expect_err("no TLS");
    assert!(error.is_io() || error.is_timeout(), "{error:?}");
}
