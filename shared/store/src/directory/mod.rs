//! The directory.

pub(crate) mod api_key;
pub(crate) mod credential;
pub(crate) mod link;
pub(crate) mod resource;
pub(crate) mod role;
pub(crate) mod user;
