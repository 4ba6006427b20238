//! The query of a request.

use crate::violation::Violations;

/// A type that is read from a query. It lists its parameters once. A request with another parameter is refused, so that no misspelt
/// filter is ignored.
pub trait FromQuery: Sized + Send + 'static {
    /// The names of the parameters, in the order of error messages.
    const PARAMETERS: &'static [&'static str];

    /// Reads them by their names.
    ///
    /// # Errors
    /// Values that cannot be read.
    fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations>;
}

/// A query without parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nothing;

impl FromQuery for Nothing {
    const PARAMETERS: &'static [&'static str] = &[];

    fn read<'q>(_: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations> {
        Ok(Self)
    }
}

/// Reads one of the known words, in any case of letters. Another word is noted as wrong, with the known ones.
pub(crate) fn word<T: Copy>(
    name: &str,
    sent: Option<&str>,
    known: impl IntoIterator<Item = (T, impl AsRef<str>)>,
    wrong: &mut Violations,
) -> Option<T> {
    let (sent, known) = (sent?, known.into_iter().collect::<Vec<_>>());
    let found = known.iter().find(|(_, word)| word.as_ref().eq_ignore_ascii_case(sent));
    if found.is_none() {
        let words: Vec<_> = known.iter().map(|(_, word)| word.as_ref()).collect();
        wrong.add(name, format!("{name} must be one of {}", words.join(", ")));
    }
    found.map(|(value, _)| *value)
}
