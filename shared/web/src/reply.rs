//! Replies: the type is the status.

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use lambda_http::Body;
use model::precondition::ETag;
use serde::Serialize;
use store::{UnreadableObject, Versioned};

use crate::failure::Failure;

/// Browsers may keep a page for an hour. It is the same for everybody.
const PAGE_CACHE: &str = "public, max-age=3600";

/// The header with the objects that a list leaves out because their items cannot be read.
const UNREADABLE: HeaderName = HeaderName::from_static("x-postern-unreadable");

/// The header with their number. [`UNREADABLE`] names only the first few.
const UNREADABLE_COUNT: HeaderName = HeaderName::from_static("x-postern-unreadable-count");

/// Most objects that the header names. More would not help an operator.
const UNREADABLE_MAX: usize = 20;

/// The successful answer of a handler. Its type is the status.
pub trait Reply: Send {
    /// # Errors
    /// 500 when the body cannot be written.
    fn into_response(self) -> Result<Response<Body>, Failure>;
}

/// 200 with a body.
#[derive(Debug)]
pub struct Ok200<T>(pub T);

/// 200 with a body and the `ETag` of its state (RFC 9110 §8.8.3).
#[derive(Debug)]
pub struct OkTagged<T> {
    value: T,
    tag: ETag,
}

impl<T> OkTagged<T> {
    /// A body with the tag of what it shows.
    pub fn new(value: T, tag: ETag) -> Self {
        Self { value, tag }
    }
}

impl<T: Serialize> OkTagged<T> {
    /// An object of the store with its tag.
    ///
    /// # Errors
    /// A defect.
    pub fn of(object: Versioned<T>) -> Result<Self, Failure> {
        let tag = object.tag()?;
        Ok(Self { value: object.value, tag })
    }
}

/// 201 with a body.
#[derive(Debug)]
pub struct Created<T>(pub T);

/// 204.
#[derive(Debug)]
pub struct NoContent;

/// 204 when the operation is finished, 202 when it goes on.
#[derive(Debug)]
pub enum NoContentOrAccepted {
    Done,
    Accepted(MessageBody),
}

/// 308 to another path of this API, with the same method and body.
#[derive(Debug)]
pub struct Moved(pub(crate) HeaderValue);

/// 200 with JSON that the build has written.
#[derive(Debug)]
pub struct JsonText(pub &'static str);

/// 200 with a page of HTML.
#[derive(Debug)]
pub struct HtmlPage {
    /// UTF-8, packed with gzip. Every browser accepts gzip, and a request without `Accept-Encoding` allows it (RFC 9110 §12.5.3).
    pub packed: &'static [u8],
    /// The page's `Content-Security-Policy`.
    pub policy: &'static str,
}

/// 200 with a list in a body, and the objects that the list leaves out because they cannot be read.
#[derive(Debug)]
pub struct WithUnreadable<T> {
    pub body: T,
    pub unreadable: Vec<UnreadableObject>,
}

/// 200 with an array, and a `Link` header to the next page where there is one. [`ListQuery::reply`](crate::input::ListQuery::reply) makes it.
#[derive(Debug)]
pub struct ListReply<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
    pub(crate) unreadable: Vec<UnreadableObject>,
}

impl<T: Serialize + Send> Reply for ListReply<T> {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        let mut response = with_body(StatusCode::OK, &self.items)?;
        if let Some(Ok(next)) = self.next.map(HeaderValue::try_from) {
            response.headers_mut().insert(header::LINK, next);
        }
        name_unreadable(&mut response, &self.unreadable);
        Ok(response)
    }
}

impl<T: Serialize + Send> Reply for WithUnreadable<T> {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        let mut response = with_body(StatusCode::OK, &self.body)?;
        name_unreadable(&mut response, &self.unreadable);
        Ok(response)
    }
}

fn name_unreadable(response: &mut Response<Body>, objects: &[UnreadableObject]) {
    if objects.is_empty() {
        return;
    }
    let named: Vec<String> = objects.iter().take(UNREADABLE_MAX).map(named).collect();
    if let Ok(value) = HeaderValue::try_from(named.join(",")) {
        response.headers_mut().insert(UNREADABLE, value);
    }
    response.headers_mut().insert(UNREADABLE_COUNT, objects.len().into());
}

/// An object with its creation time, as an item of a list with a parameter (RFC 9651 §3.1.2).
fn named(object: &UnreadableObject) -> String {
    let created_at = object.created_at.map(|time| format!(";createdAt={time}"));
    format!("{}{}", object.id, created_at.unwrap_or_default())
}

/// The body of operations that show no object.
#[derive(Debug, Serialize)]
pub struct MessageBody {
    pub message: &'static str,
}

impl<T: Serialize + Send> Reply for Ok200<T> {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        with_body(StatusCode::OK, &self.0)
    }
}

impl<T: Serialize + Send> Reply for OkTagged<T> {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        let mut response = with_body(StatusCode::OK, &self.value)?;
        if let Ok(tag) = HeaderValue::try_from(self.tag.to_string()) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        Ok(response)
    }
}

impl<T: Serialize + Send> Reply for Created<T> {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        with_body(StatusCode::CREATED, &self.0)
    }
}

impl Reply for NoContent {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }
}

impl Reply for Moved {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(header::LOCATION, self.0);
        Ok(response)
    }
}

impl Reply for NoContentOrAccepted {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        match self {
            Self::Done => NoContent.into_response(),
            Self::Accepted(message) => with_body(StatusCode::ACCEPTED, &message),
        }
    }
}

impl Reply for JsonText {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        Ok(text_response(StatusCode::OK, self.0.into()))
    }
}

impl Reply for HtmlPage {
    fn into_response(self) -> Result<Response<Body>, Failure> {
        let mut response = Response::new(Body::Binary(self.packed.into()));
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_ENCODING, "gzip"),
            (header::CACHE_CONTROL, PAGE_CACHE),
            (header::CONTENT_SECURITY_POLICY, self.policy),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        Ok(response)
    }
}

fn with_body(status: StatusCode, body: &impl Serialize) -> Result<Response<Body>, Failure> {
    let text = serde_json::to_string(body).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(text_response(status, text))
}

/// A response with a JSON value, which can always be written.
pub(crate) fn json_response(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    text_response(status, body.to_string())
}

fn text_response(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
