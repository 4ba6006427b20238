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

/// The parameters of the query.
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

/// Which page of a list is wanted (`limit` and `cursor`), and a filter.
#[derive(Debug, Clone)]
pub struct ListQuery<F = Nothing> {
    /// The page.
    pub page: PageRequest,
    /// The filter.
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
    /// The reply: an array, and a link to the next page where there is one (RFC 8288).
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

/// Refuses a parameter that the operation does not have, and one that is empty or repeated. A caller who sends an unknown filter would take the
/// unfiltered answer for a filtered one.
///
/// # Errors
/// 400, with the parameters of the operation.
pub(crate) fn check<I: Input>(request: &Incoming) -> Result<(), Failure> {
    if I::TAKES_ANY_QUERY || request.query.is_empty() {
        return Ok(());
    }
    let (query, known) = (&request.query, I::parameters());
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
