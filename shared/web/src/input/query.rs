//! Parameters of the query.

use std::sync::Arc;

use super::Input;
use crate::failure::Failure;
use crate::incoming::Incoming;

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
