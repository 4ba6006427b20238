//! In place of a provider.

use futures_util::future::BoxFuture;

use crate::{CloudAccess, Firewall, FirewallError, GroupDescription, GroupRef, NewRule};

/// In place of a provider that this build cannot ask: every question goes without an answer, and nothing changes for it.
#[derive(Debug, Clone, Copy)]
pub struct NotBuiltIn;

fn no_answer<T: Send + 'static>() -> BoxFuture<'static, Result<T, FirewallError>> {
    let cause = "this build has no firewall of the provider";
    Box::pin(async move { Err(FirewallError::Unreachable(cause.into())) })
}

impl Firewall for NotBuiltIn {
    fn describe<'a>(
        &'a self,
        _: &'a CloudAccess,
        _: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>> {
        no_answer()
    }

    fn authorize<'a>(
        &'a self,
        _: &'a CloudAccess,
        _: &'a GroupRef,
        _: &'a [NewRule],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        no_answer()
    }

    fn revoke<'a>(
        &'a self,
        _: &'a CloudAccess,
        _: &'a GroupRef,
        _: &'a [String],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        no_answer()
    }
}
