//! Grants: what a person may open, and the sessions that open it.
//!
//! A start and an extension read the directory and write the ledger, so they stand above both.
//!
//! | File | What it has |
//! |---|---|
//! | `accessible` | the roles and resources of a person |
//! | `basis` | the links and roles on which a session relies, as conditions of its transaction |
//! | `plan` | the rows of a session, in blocks |
//! | `start`, `reserve` | a start in one transaction; a start in several |
//! | `extend` | a longer session |

mod accessible;
mod basis;
mod extend;
mod plan;
mod reserve;
#[cfg(test)]
mod sizes;
mod start;

pub use accessible::Accessible;
pub use extend::Owner;
pub use start::StartRequest;
