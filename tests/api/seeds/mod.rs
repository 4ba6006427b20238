//! The seeds' examples, replayed: status, members, order of 404s, exact messages.

mod patch_resource;
