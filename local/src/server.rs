//! The HTTP server of `cargo run`.

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

use crate::Fault;
use crate::gateway::Gateway;

/// API Gateway's limit of a request, in bytes. The functions' own limit is lower.
const PAYLOAD_MAX_BYTES: usize = 10 * 1024 * 1024;

/// Listens on a port of the loopback interface.
///
/// # Errors
/// One clear line when the port is taken.
pub async fn listen(port: u16, option: &str) -> Result<TcpListener, Fault> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| {
        let hint = format!("choose another one with {option} N");
        Fault::new(format!("Port {port} of 127.0.0.1 cannot be used ({error}); {hint}"))
    })
}

/// Serves the gateway until `stop` resolves, and lets running requests finish.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    gateway: Arc<Gateway>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Fault> {
    let router = axum::Router::new().fallback(answer).with_state(gateway);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await.map_err(Fault::of("the server stopped"))
}

async fn answer(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, PAYLOAD_MAX_BYTES).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, r#"{"message":"Request Entity Too Large"}"#).into_response();
    };
    let response = gateway.handle(http::Request::from_parts(head, body), peer.ip()).await;
    response.map(|body| Body::from(body.to_vec()))
}
