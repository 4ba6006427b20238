//! Where a credential is refused, the credentials of the other resources for which rows hold or leave the rule are tried: one that is
//! bad fails nobody whose own is good. An answer counts as it does from the first one: only the account that made a rule says that
//! it is gone.

use futures_util::future::BoxFuture;
use model::id::{CredentialId, ResourceId};
use model::rule::Rule;
use std::collections::BTreeMap;
use store::{GroupLease, StoreError};

use crate::attempt::{Asking, Attempts};
use crate::outcome::{Attempt, Outcome};
use crate::patience::Patience;
use crate::report::Report;
use crate::visitor::Visitor;

/// Other credentials that one attempt tries. The next attempt goes on behind them.
const OTHERS_AT_ONCE: usize = 5;

/// A rule that its own credential was refused for.
struct Open {
    /// As it was recorded last.
    rule: Rule,
    /// What came of its own credential, or of one that did better.
    attempt: Attempt,
    /// What came of one that got no answer: no final word was said.
    waiting: Option<Attempt>,
    /// The credentials that are not tried yet.
    left: BTreeMap<CredentialId, ResourceId>,
    /// The last one behind which all have refused.
    refused_up_to: Option<CredentialId>,
}

impl Open {
    fn new(rule: Rule, attempt: Attempt, mut left: BTreeMap<CredentialId, ResourceId>) -> Self {
        // Somebody who joined since may have brought a credential that stands before.
        let is_same_round = rule.failed_generation == Some(rule.generation);
        let refused_up_to = rule.asked_up_to.filter(|_| is_same_round);
        left.retain(|id, _| *id != rule.credential_id && Some(*id) > refused_up_to);
        Self { rule, attempt, waiting: None, left, refused_up_to }
    }

    /// The rule as the next one is asked for it.
    fn rule(&self, visitor: &Visitor<'_>) -> Rule {
        let finding = self.attempt.finding(&self.rule, visitor.now, visitor.looks_again_after);
        Rule { presence: finding.presence, unsettled_until: finding.unsettled_until, ..self.rule.clone() }
    }

    /// Takes note of what came of another credential.
    fn hear(&mut self, credential: CredentialId, rule: Rule, attempt: Attempt) {
        self.left.remove(&credential);
        self.rule = rule;
        self.attempt.unsettled_until = attempt.unsettled_until;
        match &attempt.outcome {
            Outcome::Refused(why) | Outcome::Delayed(why) | Outcome::Unseen(why) if why.is_of_credential => {
                if self.waiting.is_none() {
                    self.refused_up_to = Some(credential);
                }
            }
            Outcome::Delayed(_) | Outcome::LeftAlone(_) | Outcome::Unseen(_) => self.waiting = Some(attempt),
            Outcome::Applied(_) | Outcome::Foreign { .. } | Outcome::Gone | Outcome::Refused(_) => {
                (self.attempt, self.waiting) = (attempt, None);
                self.left.clear();
            }
        }
    }

    /// What counts in the end. Nothing is refused for good before every credential was tried.
    fn conclude(self) -> (Rule, Attempt) {
        let is_final = self.left.is_empty() && self.waiting.is_none();
        let asked_up_to = self.refused_up_to.filter(|_| !is_final);
        let attempt = self.waiting.unwrap_or(self.attempt);
        let attempt = if is_final { attempt } else { attempt.not_final() };
        (self.rule, Attempt { asked_up_to, ..attempt })
    }
}

impl Visitor<'_> {
    /// Asks with other credentials for those rules that their own was refused for. It is a visit within a visit, and stands on the heap:
    /// few visits come to it, and none has to have room for it.
    pub(crate) fn ask_others<'a>(
        &'a self,
        visit: (&'a GroupLease, &'a Patience),
        attempts: Attempts,
        report: &'a mut Report,
    ) -> BoxFuture<'a, Attempts> {
        Box::pin(self.ask_each_other(visit, attempts, report))
    }

    async fn ask_each_other(
        &self,
        (lease, patience): (&GroupLease, &Patience),
        attempts: Attempts,
        report: &mut Report,
    ) -> Attempts {
        let (refused, mut done): (Vec<_>, Vec<_>) =
            attempts.into_iter().partition(|(rule, attempt)| attempt.may_be_helped(rule));
        let mut open = Vec::new();
        for (rule, attempt) in refused {
            match self.context.store.credentials_of_rows(&lease.org, &rule).await {
                Ok(credentials) => open.push(Open::new(rule, attempt, credentials)),
                Err(error) => {
                    self.failed(lease, &error, "the credentials of other rows cannot be read", report);
                    done.push((rule, attempt.not_final()));
                }
            }
        }
        let next: BTreeMap<_, _> = open.iter().flat_map(|open| open.left.clone()).collect();
        for with in next.into_iter().take(OTHERS_AT_ONCE) {
            if patience.is_over() {
                break;
            }
            let asking = Asking { visitor: self, lease, with, patience, is_other: true };
            if let Err(error) = self.ask_other(&asking, &mut open, report).await {
                self.failed(lease, &error, "another credential was not tried", report);
                break;
            }
        }
        done.extend(open.into_iter().map(Open::conclude));
        done
    }

    async fn ask_other(
        &self,
        asking: &Asking<'_>,
        open: &mut [Open],
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let (credential, resource) = asking.with;
        let concerned = open.iter().filter(|open| open.left.contains_key(&credential));
        let rules: Vec<Rule> = concerned.map(|open| open.rule(self)).collect();
        if rules.is_empty() {
            return Ok(());
        }
        let mut is_good = false;
        for (rule, attempt) in asking.ask(rules, report).await? {
            is_good |= attempt.is_success();
            if let Some(open) = open.iter_mut().find(|open| open.rule.id == rule.id) {
                open.hear(credential, rule, attempt);
            }
        }
        if is_good {
            self.context.store.remember_access(asking.lease, credential, resource).await?;
        }
        Ok(())
    }
}
