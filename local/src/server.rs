//! The HTTP server of `cargo run`.

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::serve::{ListenerExt as _, TapIo};
use firewall::CloudRule;
use firewall::simulated::SimulatedCloud;
use http::StatusCode;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::LocalError;
use crate::gateway::{Gateway, TOO_LARGE};

/// API Gateway's limit of a request, in bytes. Lambda's limit of an event is lower, and that of the functions lower still.
const PAYLOAD_MAX_BYTES: usize = 10 * 1024 * 1024;

/// Requests that are worked on at once. What comes on top is turned away, as AWS does when all environments of a function are
/// taken: a queue without an end would answer everybody too late.
const AT_ONCE_MAX: usize = 100;

/// Listens on a port, which an option names; of an address, which another one may name.
///
/// # Errors
/// One clear line when the port is taken, or the address does not belong to this machine.
pub async fn listen(
    (address, port): (IpAddr, u16),
    (option, of_address): (&str, Option<&str>),
) -> Result<TcpListener, LocalError> {
    TcpListener::bind((address, port)).await.map_err(|error| {
        let hint = match (error.kind(), of_address) {
            (ErrorKind::AddrNotAvailable, Some(of_address)) => {
                format!("name an address of this machine with {of_address} IP")
            }
            (ErrorKind::PermissionDenied, _) => format!("choose one above 1023 with {option} N"),
            _ => format!("choose another one with {option} N"),
        };
        LocalError::new(format!("Port {port} of {address} cannot be used ({error}); {hint}"))
    })
}

/// What the server answers from.
#[derive(Clone)]
struct ServerState {
    gateway: Arc<Gateway>,
    cloud: SimulatedCloud,
    places: Arc<Semaphore>,
}

/// Where the simulated cloud shows its groups. No function serves it: it belongs to this program.
const GROUPS: &str = "/_sim/groups";

/// Serves the gateway and the simulated cloud until `stop` resolves, and lets running requests finish.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    gateway: Arc<Gateway>,
    cloud: SimulatedCloud,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), LocalError> {
    let state = ServerState { gateway, cloud, places: Arc::new(Semaphore::new(AT_ONCE_MAX)) };
    // No function serves it. A browser that opens the address is shown what there is.
    let start = get(|| async { Redirect::temporary("/docs") });
    let router = axum::Router::new().route("/", start).route(GROUPS, get(groups));
    let router = router.fallback(answer).with_state(state);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(at_once(listener), service)
        .with_graceful_shutdown(stop)
        .await
        .map_err(LocalError::of("the server stopped"))
}

/// Connections whose small answers do not wait for the acknowledgement of the last one (Nagle's algorithm, RFC 896), which takes a
/// client 40 ms.
pub(crate) fn at_once(listener: TcpListener) -> TapIo<TcpListener, fn(&mut TcpStream)> {
    listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::warn!(%error, "a connection stays slow");
        }
    })
}

async fn answer(
    State(state): State<ServerState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let Ok(_place) = state.places.try_acquire() else {
        tracing::warn!(under_way = AT_ONCE_MAX, "a request was turned away with 503: too many are under way");
        let body = r#"{"message":"Service Unavailable"}"#;
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")], body).into_response();
    };
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, PAYLOAD_MAX_BYTES).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE).into_response();
    };
    let response = state.gateway.handle(http::Request::from_parts(head, body), peer.ip()).await;
    response.map(|body| Body::from(body.to_vec()))
}

/// The groups of the simulated cloud with their inbound rules.
async fn groups(State(state): State<ServerState>) -> Response {
    let rule = |rule: &CloudRule| {
        let ports = rule.ingress.and_then(|ingress| ingress.opening.ports);
        json!({
            "id": rule.id,
            "cidr": rule.ingress.map(|ingress| ingress.cidr()),
            "protocol": rule.ingress.map(|ingress| ingress.opening.protocol),
            "fromPort": ports.map(|(from, _)| from),
            "toPort": ports.map(|(_, to)| to),
            "organization": rule.tag.as_ref().map(|tag| &tag.org),
            "rule": rule.tag.as_ref().map(|tag| &tag.rule),
        })
    };
    let groups = state.cloud.groups();
    let groups = groups.iter().map(|(group, rules)| {
        let rules: Vec<Value> = rules.iter().map(rule).collect();
        json!({"region": group.region, "groupId": group.group_id, "rules": rules})
    });
    let body = Value::Array(groups.collect()).to_string();
    ([("content-type", "application/json")], body + "\n").into_response()
}
