//! Parameters of the query.

use model::page;
use model::query::{FromQuery, Nothing};
use model::violation::Violations;
use std::sync::Arc;
use store::{Listed, PageRequest};

use super::Input;
use crate::failure::{Failure, ParameterFault, WrongParameters};
use crate::incoming::Incoming;
use crate::reply::ListReply;

/// The parameters of an operation.
#[derive(Debug, Clone)]
pub struct Query<F>(pub F);

impl<F: FromQuery> Input for Query<F> {
    fn parameters() -> Vec<&'static str> {
        F::PARAMETERS.to_vec()
    }

    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        Ok(Self(F::read(|name| request.parameter(name))?))
    }
}

/// Which part of a list is wanted: `limit` (1–500) and `cursor`, and what narrows it. Without `limit` everything comes.
#[derive(Debug, Clone)]
pub struct ListQuery<F = Nothing> {
    /// The page.
    pub page: PageRequest,
    /// What narrows the list.
    pub filter: F,
    request: Arc<Incoming>,
}

impl<F: FromQuery> Input for ListQuery<F> {
    fn parameters() -> Vec<&'static str> {
        [F::PARAMETERS, &["limit", "cursor"]].concat()
    }

    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        let mut wrong = Violations::default();
        let limit = page::limit(request.parameter("limit"), &mut wrong);
        let page = wrong.or(PageRequest { limit, cursor: request.parameter("cursor").map(String::from) });
        let filter = F::read(|name| request.parameter(name));
        match (page, filter) {
            (Ok(page), Ok(filter)) => Ok(Self { page, filter, request: Arc::clone(request) }),
            (page, filter) => {
                let (mut wrong, further) = (filter.err().unwrap_or_default(), page.err().unwrap_or_default());
                further.iter().for_each(|(name, sentence)| wrong.add(name, sentence));
                Err(wrong.into())
            }
        }
    }
}

impl<F> ListQuery<F> {
    /// The reply: the bare array, and a link to the next part where there is one (RFC 8288).
    #[must_use]
    pub fn reply<T>(&self, listed: Listed<T>) -> ListReply<T> {
        let next = listed.next.map(|cursor| {
            let mut parameters = form_urlencoded::Serializer::new(String::new());
            for (name, value) in self.request.query.iter().filter(|(name, _)| name != "cursor") {
                parameters.append_pair(name, value);
            }
            let query = parameters.append_pair("cursor", &cursor).finish();
            format!("<{}?{query}>; rel=\"next\"", self.request.sent_path())
        });
        ListReply { items: listed.items, next, unreadable: listed.unreadable }
    }
}

/// Whether a request has the parameters that its operation knows, each once and with a value. What an operation does not know it
/// cannot do: an answer that looks as if it had is believed.
///
/// # Errors
/// 400, with the parameters that there are.
pub(crate) fn check(
    request: &Incoming,
    known: impl Fn() -> Option<Vec<&'static str>>,
) -> Result<(), Failure> {
    let asked = Some(&request.query).filter(|query| !query.is_empty());
    let (Some(query), Some(known)) = (asked, known()) else { return Ok(()) };
    let mut wrong = Vec::new();
    for (place, (name, value)) in query.iter().enumerate() {
        let fault = if !known.contains(&name.as_str()) {
            ParameterFault::Unknown
        } else if query.iter().take(place).any(|(other, _)| other == name) {
            ParameterFault::Repeated
        } else if value.is_empty() {
            ParameterFault::Empty
        } else {
            continue;
        };
        wrong.push((name.as_str(), fault));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Parameters(WrongParameters::new(&wrong, known))) }
}
