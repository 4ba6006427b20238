//! The whole system in one process, for `cargo run` and for tests.
//!
//! The real handlers get real API Gateway events, and the real AWS SDK talks to an embedded DynamoDB and a stand-in
//! for KMS. Routes, schedules and table come from `template.yaml`.

pub mod aws;
pub mod clock;
pub mod demo;
pub mod folder;
pub mod gateway;
pub mod kept_cloud;
pub mod keys;
mod lanes;
pub mod options;
pub mod scheduler;
pub mod server;
pub mod template;

/// An error that ends the program with one clear line.
#[derive(Debug)]
pub struct LocalError(String);

impl LocalError {
    /// A fault in words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Says what was attempted when something failed.
    pub fn of<E: std::fmt::Display>(attempt: impl std::fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| Self(format!("{attempt}: {error}"))
    }
}

impl std::fmt::Display for LocalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LocalError {}
