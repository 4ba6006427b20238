//! The API Gateway of `cargo run`: finds the route, writes the event, calls the handler.

mod event;

use axum::body::Bytes;
use http::{Request, Response};
use lambda_http::Body;
use std::collections::HashMap;
use std::net::IpAddr;
use web::{App, Endpoint};

use crate::Fault;
use crate::template::{Route, Template};

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
}

impl Gateway {
    /// Joins the template's routes with the functions of the same name.
    ///
    /// # Errors
    /// When one side has a function that the other has not.
    pub fn new(template: &Template, app: App) -> Result<Self, Fault> {
        let mut endpoints: HashMap<&str, Endpoint> = functions::all().into_iter().collect();
        let (mut targets, mut default) = (Vec::new(), None);
        for function in template.functions.iter().filter(|function| !function.routes.is_empty()) {
            let name = function.binary();
            let endpoint = endpoints.remove(name);
            let endpoint = endpoint.ok_or_else(|| {
                Fault::new(format!("functions::all() lacks {name}, which template.yaml has"))
            })?;
            for route in function.routes.iter().cloned() {
                match route {
                    Route::Default => default = Some(endpoint.clone()),
                    Route::Exact { .. } => targets.push(Target { route, endpoint: endpoint.clone() }),
                }
            }
        }
        if let Some(name) = endpoints.keys().next() {
            return Err(Fault::new(format!("template.yaml lacks {name}, which functions::all() has")));
        }
        let default = default.ok_or_else(|| Fault::new("template.yaml has no default route"))?;
        Ok(Self { targets, default, app })
    }

    /// Answers a request from an address.
    pub async fn handle(&self, request: Request<Bytes>, source: IpAddr) -> Response<Body> {
        let (endpoint, event) = self.routed(&request, source);
        match web::event::decode(&event) {
            Ok(request) => endpoint.respond(&self.app, request).await,
            Err(error) => gateway_failure(&error),
        }
    }

    /// The event of a request from an address, for a function that runs elsewhere.
    #[must_use]
    pub fn event(&self, request: &Request<Bytes>, source: IpAddr) -> String {
        self.routed(request, source).1
    }

    fn routed(&self, request: &Request<Bytes>, source: IpAddr) -> (&Endpoint, String) {
        let found = self
            .targets
            .iter()
            .filter_map(|target| Some((target, parameters(&target.route, request)?)))
            .min_by_key(|(_, parameters)| parameters.len());
        let (endpoint, key, parameters) = match found {
            Some((target, parameters)) => (&target.endpoint, route_key(&target.route), parameters),
            None => (&self.default, String::from("$default"), HashMap::new()),
        };
        (endpoint, event::of(request, source, &key, &parameters, self.app.clock_now()))
    }
}

/// What API Gateway answers when a function fails: only a defect of this gateway gets here.
fn gateway_failure(error: &serde_json::Error) -> Response<Body> {
    tracing::error!(%error, "an event cannot be decoded");
    let mut response = Response::new(Body::from(r#"{"message":"Internal Server Error"}"#));
    *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
    response
}

fn route_key(route: &Route) -> String {
    match route {
        Route::Exact { method, path } => format!("{method} {path}"),
        Route::Default => "$default".into(),
    }
}

/// The decoded parameters of a request's path when a route matches it. A slash at the end counts.
fn parameters(route: &Route, request: &Request<Bytes>) -> Option<HashMap<String, String>> {
    let Route::Exact { method, path } = route else {
        return None;
    };
    let (wanted, found) = (path.split('/'), request.uri().path().split('/'));
    if request.method().as_str() != method || wanted.clone().count() != found.clone().count() {
        return None;
    }
    let mut parameters = HashMap::new();
    for (wanted, found) in wanted.zip(found) {
        let name = wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        match name {
            Some(name) if !found.is_empty() => {
                let decoded = percent_encoding::percent_decode_str(found).decode_utf8_lossy();
                parameters.insert(name.into(), decoded.into_owned());
            }
            None if wanted == found => {}
            Some(_) | None => return None,
        }
    }
    Some(parameters)
}
