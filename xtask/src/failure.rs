//! What a command reports when it fails.

/// A sentence for the person who ran the command.
pub(crate) type Failure = String;
