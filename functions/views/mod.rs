//! Representations that several functions answer with.

mod credential;

pub use credential::CredentialView;
