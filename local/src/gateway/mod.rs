//! The API Gateway of `cargo run`: finds the route, writes the event, calls the handler.

mod event;
mod routing;

pub use routing::{Escapes, Front, TrailingSlash, decoded};

use axum::body::Bytes;
use http::{Request, Response, StatusCode};
use lambda_http::Body;
use std::collections::HashMap;
use std::net::IpAddr;
use web::{App, Endpoint};

use crate::LocalError;
use crate::template::{Route, Template};
use event::Found;
use routing::{Parameters, fit};

/// The longest event that Lambda takes, in bytes. A body in it is longer than it was sent: it is in Base64, or a text of JSON.
const EVENT_MAX_BYTES: usize = 6 * 1024 * 1024;

/// A route and what answers it.
struct Target {
    route: Route,
    endpoint: Endpoint,
}

/// The gateway in front of all handlers.
pub struct Gateway {
    targets: Vec<Target>,
    default: Endpoint,
    app: App,
    slash: TrailingSlash,
    front: Front,
    escapes: Escapes,
}

impl Gateway {
    /// Joins the template's routes with the functions of the same name.
    ///
    /// # Errors
    /// When one side has a function that the other has not.
    pub fn new(template: &Template, app: App) -> Result<Self, LocalError> {
        let mut endpoints: HashMap<&str, Endpoint> = functions::all().into_iter().collect();
        let (mut targets, mut default) = (Vec::new(), None);
        for function in template.functions.iter().filter(|function| !function.routes.is_empty()) {
            let name = function.binary();
            let endpoint = endpoints.remove(name);
            let endpoint = endpoint.ok_or_else(|| {
                LocalError::new(format!("functions::all() lacks {name}, which template.yaml has"))
            })?;
            for route in function.routes.iter().cloned() {
                match route {
                    Route::Default => default = Some(endpoint.clone()),
                    Route::Exact { .. } => targets.push(Target { route, endpoint: endpoint.clone() }),
                }
            }
        }
        if let Some(name) = endpoints.keys().next() {
            return Err(LocalError::new(format!("template.yaml lacks {name}, which functions::all() has")));
        }
        let default = default.ok_or_else(|| LocalError::new("template.yaml has no default route"))?;
        let (slash, front, escapes) = (TrailingSlash::default(), Front::default(), Escapes::default());
        Ok(Self { targets, default, app, slash, front, escapes })
    }

    /// The same, which does so with paths that end in `/`.
    #[must_use]
    pub fn with_slash(self, slash: TrailingSlash) -> Self {
        Self { slash, ..self }
    }

    /// The same, which is reached so.
    #[must_use]
    pub fn with_front(self, front: Front) -> Self {
        Self { front, ..self }
    }

    /// The same, which reads escapes so.
    #[must_use]
    pub fn with_escapes(self, escapes: Escapes) -> Self {
        Self { escapes, ..self }
    }

    /// Answers a request from an address.
    pub async fn handle(&self, request: Request<Bytes>, source: IpAddr) -> Response<Body> {
        let Some((whole, own)) = self.path(&request) else {
            return own_answer(StatusCode::BAD_REQUEST, r#"{"message":"Bad Request"}"#);
        };
        let Some(own) = own else {
            return own_answer(StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#);
        };
        let (endpoint, event) = self.routed(&request, source, (&whole, &own));
        if event.len() > EVENT_MAX_BYTES {
            return own_answer(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE);
        }
        match web::event::decode(&event) {
            Ok(request) => endpoint.respond(&self.app, request).await,
            Err(error) => gateway_failure(&error),
        }
    }

    /// The event of a request from an address, for a function that runs elsewhere.
    #[must_use]
    pub fn event(&self, request: &Request<Bytes>, source: IpAddr) -> String {
        let (whole, own) = self.path(request).unwrap_or_default();
        self.routed(request, source, (&whole, &own.unwrap_or_default())).1
    }

    /// The key of the route that takes a request, such as `GET /api/v1/roles/{id}`.
    #[must_use]
    pub fn route_key(&self, request: &Request<Bytes>) -> String {
        self.taken(request, &self.own_path(request).unwrap_or_default())
            .map_or(&Route::Default, |(target, _)| &target.route)
            .key()
    }

    /// The part of a request's path that routes are looked for with, decoded; nothing where no function is called.
    #[must_use]
    pub fn own_path(&self, request: &Request<Bytes>) -> Option<String> {
        self.path(request)?.1
    }

    /// The decoded path, and the part of it that routes are looked for with. Without the one or the other no function is called.
    fn path(&self, request: &Request<Bytes>) -> Option<(String, Option<String>)> {
        let whole = self.escapes.decode(request.uri().path())?;
        let own = self.front.own(&whole).map(String::from);
        Some((whole, own))
    }

    fn routed(
        &self,
        request: &Request<Bytes>,
        source: IpAddr,
        (whole, own): (&str, &str),
    ) -> (&Endpoint, String) {
        let (endpoint, key, parameters) = match self.taken(request, own) {
            Some((target, fit)) => (&target.endpoint, target.route.key(), fit.parameters),
            None => (&self.default, Route::Default.key(), Parameters::new()),
        };
        let found = Found { route_key: &key, path: whole, parameters: &parameters, front: &self.front };
        (endpoint, event::of(request, source, &found, self.app.clock_now()))
    }

    /// The route that takes a request with a decoded path; `None` is the default route's.
    fn taken(&self, request: &Request<Bytes>, path: &str) -> Option<(&Target, routing::Fit)> {
        let fits = self.targets.iter().filter_map(|target| Some((target, self.fit(target, request, path)?)));
        fits.min_by_key(|(_, fit)| fit.rank)
    }

    fn fit(&self, target: &Target, request: &Request<Bytes>, path: &str) -> Option<routing::Fit> {
        match &target.route {
            Route::Exact { method, path: route } if request.method().as_str() == method => {
                fit(route, path, self.slash)
            }
            Route::Exact { .. } | Route::Default => None,
        }
    }
}

/// What API Gateway says of a body that it does not take. Which status it makes of Lambda's refusal of an event is not documented.
pub(crate) const TOO_LARGE: &str = r#"{"message":"Request Entity Too Large"}"#;

/// What API Gateway answers when a function fails: only a defect of this gateway gets here.
fn gateway_failure(error: &serde_json::Error) -> Response<Body> {
    tracing::error!(%error, "an event cannot be decoded");
    own_answer(StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"Internal Server Error"}"#)
}

/// An answer of the gateway's own, for which no function was called.
fn own_answer(status: StatusCode, body: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
}
