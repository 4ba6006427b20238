//! Grants.

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
