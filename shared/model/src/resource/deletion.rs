//! How a resource is to be deleted.

use crate::query::FromQuery;
use crate::violation::Violations;

/// Whether the sessions that hold the resource are to be ended first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain(pub bool);

impl FromQuery for Drain {
    const PARAMETERS: &'static [&'static str] = &["drain"];

    fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations> {
        match query("drain").map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => Ok(Self(false)),
            Some("true") => Ok(Self(true)),
            Some(_) => Err(Violations::one("drain", "drain must be true or false")),
        }
    }
}
