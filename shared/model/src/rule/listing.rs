//! The filter of the list of rules.

use super::RuleState;
use crate::query::{self, FromQuery};
use crate::violation::Violations;

/// The filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleFilter {
    /// This state.
    pub state: Option<RuleState>,
}

impl FromQuery for RuleFilter {
    const PARAMETERS: &'static [&'static str] = &["state"];

    fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let known = RuleState::ALL.map(|state| (state, state.as_str()));
        let state = query::word("state", query("state"), known, &mut wrong);
        wrong.or(Self { state })
    }
}
