//! Parameters of the query.

use model::part;
use model::violation::Violations;
use std::sync::Arc;
use store::{ListPart, Listed};

use super::Input;
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::reply::ListReply;

/// The query. Unknown parameters are ignored.
#[derive(Debug, Clone)]
pub struct Query(Arc<Incoming>);

impl Query {
    /// The last value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.query.all(name)?.last().copied()
    }
}

impl Input for Query {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        Ok(Self(Arc::clone(request)))
    }
}

/// Which part of a list is wanted: `limit` (1–500) and `cursor`. Without `limit` everything comes.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// The part.
    pub part: ListPart,
    query: Query,
}

impl Input for ListQuery {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        let query = Query(Arc::clone(request));
        let mut wrong = Violations::default();
        let limit = part::limit(query.get("limit"), &mut wrong);
        let part = wrong.or(ListPart { limit, cursor: query.get("cursor").map(String::from) })?;
        Ok(Self { part, query })
    }
}

impl ListQuery {
    /// The last value of a further parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// The reply: the bare array, and a link to the next part where there is one (RFC 8288).
    #[must_use]
    pub fn reply<T>(&self, listed: Listed<T>) -> ListReply<T> {
        let next = listed.next.map(|cursor| {
            let mut parameters = form_urlencoded::Serializer::new(String::new());
            for (name, value) in self.query.0.query.iter().filter(|(name, _)| *name != "cursor") {
                parameters.append_pair(name, value);
            }
            let query = parameters.append_pair("cursor", &cursor).finish();
            format!("<{}?{query}>; rel=\"next\"", self.query.0.sent_path())
        });
        ListReply { items: listed.items, next, unreadable: listed.unreadable }
    }
}
