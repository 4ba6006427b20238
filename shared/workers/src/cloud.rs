//! One visit of a group in the cloud: describe, remove, make, describe again.
//!
//! Removals come first, so that a full group has room for new rules. A description can be older than the calls before it, and a call can
//! take effect although its answer is lost. A rule counts as applied only if a description shows it, under an id whose removal was not
//! requested. It counts as gone only under four conditions: a description by its own account shows it neither by tag nor by id, its
//! removal was not refused, and no earlier call can still make it.

use firewall::{AccountId, CloudAccess, CloudRule, Firewall, FirewallError, GroupDescription, NewRule};
use model::id::RuleId;
use model::ingress::GroupRef;
use model::rule::{Need, Presence, Rule};
use model::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::circuit::Ending;
use crate::mark::{Mark, Owner};
use crate::outcome::{Outcome, Why};
use crate::patience::Patience;

/// The answers to the calls, by rule.
pub(crate) type Answers = BTreeMap<RuleId, Result<(), FirewallError>>;

/// A group with the access to it.
pub(crate) struct Visit<'a> {
    pub(crate) firewall: &'a dyn Firewall,
    pub(crate) access: &'a CloudAccess,
    /// The account of the access, if it is known.
    pub(crate) account: Option<AccountId>,
    /// The mark of our rules.
    pub(crate) mark: &'a Mark,
    pub(crate) group: &'a GroupRef,
    /// Whether the credential differs from the one that made the rules. Rules that it does not see may exist.
    pub(crate) is_substitute: bool,
    pub(crate) now: Timestamp,
    pub(crate) patience: &'a Patience,
    /// How the calls ended so far.
    pub(crate) ending: &'a Mutex<Ending>,
}

/// A rule to remove, with the provider's ids. There may be several: a copied rule has the same tag.
#[derive(Debug, Clone)]
pub(crate) struct Removal {
    pub(crate) rule: Rule,
    pub(crate) ids: Vec<String>,
}

/// What to do, by the first description.
#[derive(Default)]
pub(crate) struct Plan {
    /// Outcomes that are clear already.
    pub(crate) outcomes: BTreeMap<RuleId, Outcome>,
    /// Rules to make.
    pub(crate) make: Vec<Rule>,
    /// Rules to remove. A rule that is also in `make` was being removed when a session joined it again.
    pub(crate) remove: Vec<Removal>,
}

impl Visit<'_> {
    /// Why no rule can be made: it would have no mark of its own, or its absence could never be proved.
    pub(crate) fn makes_nothing(&self) -> Option<&'static str> {
        if self.account.is_none() {
            Some("It is not known which account the credential reaches")
        } else if self.mark.deployment.is_none() {
            Some("It is not known which deployment of Postern this is")
        } else {
            None
        }
    }

    /// Waits for a call and notes its ending. An overload outweighs a later answer.
    async fn wait_for<T>(
        &self,
        call: impl Future<Output = Result<T, FirewallError>>,
    ) -> Result<T, FirewallError> {
        let answer = self.patience.wait_for(call).await;
        if let Err(FirewallError::Unreachable(cause)) = &answer {
            tracing::warn!(group = %self.group, cause, "the provider gave no answer");
        }
        let ending = match &answer {
            Err(_) if self.patience.is_over() => Ending::Overloaded,
            Err(error) => Ending::of(error),
            Ok(_) => Ending::Answered,
        };
        let mut noted = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        if *noted != Ending::Overloaded {
            *noted = ending;
        }
        answer
    }

    fn reason(&self, error: &FirewallError) -> Why {
        let is_of_credential = matches!(error, FirewallError::Denied(_) | FirewallError::GroupMissing);
        Why { text: error.reason(self.group), is_of_credential }
    }

    async fn describe(&self) -> Result<GroupDescription, FirewallError> {
        self.wait_for(self.firewall.describe(self.access, self.group)).await
    }

    /// Whether a description without the rule proves that it is gone.
    fn sees(&self, rule: &Rule) -> bool {
        rule.account.is_none() || self.account.is_none() || rule.account == self.account
    }

    /// Whether a missing group proves that the rule is gone.
    fn speaks_for(&self, rule: &Rule) -> bool {
        match rule.account {
            Some(_) => rule.account == self.account,
            // A rule of an earlier version has no recorded account.
            None => !self.is_substitute,
        }
    }

    fn elsewhere(&self, rule: &Rule) -> Outcome {
        let of = |account: Option<AccountId>| {
            account.map_or_else(|| "an unknown account".into(), |account| format!("account {account}"))
        };
        let (made, asked) = (of(rule.account), of(self.account));
        let why = format!("The rule was made in {made}, and the credential reaches {asked}");
        Outcome::Refused(Why::of_credential(why))
    }

    /// Describes the group, and plans what to do.
    pub(crate) async fn look(&self, rules: &[Rule]) -> Plan {
        let mut plan = Plan::default();
        match self.describe().await {
            Ok(seen) => {
                for rule in rules {
                    match rule.need() {
                        Need::Apply | Need::Look => self.plan_to_apply(rule, &seen, &mut plan),
                        Need::Remove => self.plan_to_remove(rule, &seen, &mut plan),
                        Need::Tell | Need::Forget | Need::Nothing => {}
                    }
                }
            }
            Err(error) => {
                for rule in rules {
                    plan.outcomes.insert(rule.id, self.unseen(rule, &error));
                }
            }
        }
        plan
    }

    fn plan_to_apply(&self, rule: &Rule, seen: &GroupDescription, plan: &mut Plan) {
        match seen.find(&rule.ingress) {
            // Its removal was requested, here or by an earlier entry, and may still take effect. So the rule is removed and made again.
            Some(found) if is_being_removed(rule, found) || self.is_of_another_entry(rule, found) => {
                plan.remove.push(Removal { rule: rule.clone(), ids: vec![found.id.clone()] });
                plan.make.push(rule.clone());
            }
            Some(found) => drop(plan.outcomes.insert(rule.id, self.found(rule, found))),
            // Another account may have it, or a call there may take effect. It could not be removed there later.
            None if may_be_there(rule) && !self.sees(rule) => {
                plan.outcomes.insert(rule.id, self.elsewhere(rule).not_final());
            }
            None => plan.make.push(without_foreign_id(rule)),
        }
    }

    fn plan_to_remove(&self, rule: &Rule, seen: &GroupDescription, plan: &mut Plan) {
        let own = seen.rules.iter().filter(|found| self.is_of(found, rule));
        let mut ids: Vec<String> = own.map(|found| found.id.clone()).collect();
        // A description may be older than the rule. A rule with a known id is removed by its id.
        let known = rule.provider_rule_id.iter().filter(|id| rule.is_known_as(id) && !ids.contains(id));
        ids.extend(known.cloned().collect::<Vec<_>>());
        if ids.is_empty() {
            plan.outcomes.insert(rule.id, self.not_seen(rule));
        } else {
            plan.remove.push(Removal { rule: rule.clone(), ids });
        }
    }

    /// Whether a rule has our tag of another entry, which is gone.
    fn is_of_another_entry(&self, rule: &Rule, found: &CloudRule) -> bool {
        self.mark.is_own(found) && !self.mark.names(found, rule) && !rule.is_known_as(&found.id)
    }

    fn found(&self, rule: &Rule, found: &CloudRule) -> Outcome {
        let (owner, id) = (self.mark.owner(found), found.id.clone());
        // The tag may have been removed by hand.
        if owner == Owner::Own || self.mark.names(found, rule) || rule.is_known_as(&id) {
            Outcome::Applied(id)
        } else {
            Outcome::Foreign { id, may_vanish: owner.is_another_postern() }
        }
    }

    /// Whether a rule in the cloud is this one of ours: by its tag, even if it was edited, or by what it lets in, if it has the tag of an
    /// earlier entry.
    fn is_of(&self, found: &CloudRule, rule: &Rule) -> bool {
        self.mark.names(found, rule) || (self.mark.is_own(found) && found.ingress == Some(rule.ingress))
    }

    /// The outcome for a rule to remove that the description does not show.
    fn not_seen(&self, rule: &Rule) -> Outcome {
        if rule.is_unsettled(self.now) {
            Outcome::Delayed("The rule is not there, and an earlier call may still make it".into())
        } else if self.sees(rule) {
            Outcome::Gone
        } else {
            self.elsewhere(rule)
        }
    }

    /// The outcome for a rule whose group cannot be described.
    pub(crate) fn unseen(&self, rule: &Rule, error: &FirewallError) -> Outcome {
        let why = self.reason(error);
        let never_asked = rule.presence == Presence::Absent;
        match (error, rule.need()) {
            (_, Need::Look) => Outcome::Unseen(why),
            (FirewallError::GroupMissing, Need::Remove) if self.speaks_for(rule) => self.not_seen(rule),
            (FirewallError::GroupMissing, Need::Remove) => self.elsewhere(rule),
            (FirewallError::GroupMissing, _) if never_asked || self.speaks_for(rule) => Outcome::Refused(why),
            (FirewallError::Denied(_), Need::Remove) => Outcome::Refused(why),
            (FirewallError::Denied(_), _) if never_asked => Outcome::Refused(why),
            // An earlier call may have made it. It is tried again until a description succeeds.
            _ => Outcome::Delayed(why),
        }
    }

    /// Makes rules, all in one call, or one by one if that is refused. The second description decides about the accepted ones.
    pub(crate) async fn make(&self, rules: &[Rule]) -> Answers {
        let new = |rule: &Rule| Some(NewRule { ingress: rule.ingress, tag: self.mark.of_new(rule)? });
        let all: Vec<NewRule> = rules.iter().filter_map(new).collect();
        if all.is_empty() {
            return Answers::new();
        }
        let together = self.wait_for(self.firewall.authorize(self.access, self.group, &all)).await;
        let splits = matches!(together, Err(FirewallError::Full | FirewallError::Duplicate)) && all.len() > 1;
        let mut answers = Answers::new();
        for rule in rules {
            let answer = match new(rule).filter(|_| splits) {
                Some(new) => self.wait_for(self.firewall.authorize(self.access, self.group, &[new])).await,
                None => together.clone(),
            };
            answers.insert(rule.id, answer);
        }
        answers
    }

    /// Removes rules, all in one call, or one by one if one of them does not exist.
    pub(crate) async fn remove(&self, removals: &[Removal]) -> Answers {
        let ids: Vec<String> = removals.iter().flat_map(|removal| removal.ids.iter().cloned()).collect();
        if ids.is_empty() {
            return Answers::new();
        }
        let together = self.wait_for(self.firewall.revoke(self.access, self.group, &ids)).await;
        let splits = matches!(together, Err(FirewallError::RuleMissing)) && ids.len() > 1;
        let mut answers = Answers::new();
        for removal in removals {
            let answer = if splits { self.remove_each(&removal.ids).await } else { together.clone() };
            answers.insert(removal.rule.id, answer);
        }
        answers
    }

    /// Removes a rule under each of its ids. A missing one does not stop the others.
    async fn remove_each(&self, ids: &[String]) -> Result<(), FirewallError> {
        let mut answer = Err(FirewallError::RuleMissing);
        for id in ids {
            let own =
                self.wait_for(self.firewall.revoke(self.access, self.group, std::slice::from_ref(id))).await;
            match own {
                Ok(()) if answer == Err(FirewallError::RuleMissing) => answer = Ok(()),
                Ok(()) | Err(FirewallError::RuleMissing) => {}
                Err(error) => answer = Err(error),
            }
        }
        answer
    }

    /// Describes the group again, for the results of the calls. Their answers say how far the description can be trusted.
    pub(crate) async fn look_again(
        &self,
        make: &[Rule],
        remove: &[Removal],
        (made, removed): (&Answers, &Answers),
    ) -> BTreeMap<RuleId, Outcome> {
        let seen = self.describe().await;
        let answer = |answers: &Answers, rule: &Rule| answers.get(&rule.id).cloned().unwrap_or(Ok(()));
        let removals = remove.iter().map(|removal| {
            let answer = answer(removed, &removal.rule);
            (removal.rule.id, self.after_removal(removal, &seen, answer))
        });
        // A rule that was removed and made again has the outcome of the latter.
        let makes =
            make.iter().map(|rule| (rule.id, self.after_making(rule, &seen, answer(made, rule), removed)));
        removals.chain(makes).collect()
    }

    fn after_making(
        &self,
        rule: &Rule,
        seen: &Result<GroupDescription, FirewallError>,
        answer: Result<(), FirewallError>,
        removed: &Answers,
    ) -> Outcome {
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => return Outcome::Delayed(self.reason(error)),
        };
        let kept = |error: &FirewallError| error.is_refusal() && *error != FirewallError::RuleMissing;
        let is_kept = matches!(removed.get(&rule.id), Some(Err(error)) if kept(error));
        match (seen.find(&rule.ingress), answer) {
            (Some(found), _) if is_being_removed(rule, found) && !is_kept => {
                Outcome::Delayed("The rule is still being removed, and is made again afterwards".into())
            }
            // A second rule like it would have been a duplicate, so this one is ours, also without its tag. With another owner's tag it
            // is theirs: ours was removed, and theirs was made since.
            (Some(found), Ok(())) if !self.mark.owner(found).is_another_postern() => {
                Outcome::Applied(found.id.clone())
            }
            (Some(found), _) => self.found(rule, found),
            (None, Ok(())) => {
                Outcome::Delayed("The provider said that the rule was made, and it is not there".into())
            }
            (None, Err(FirewallError::Duplicate)) => Outcome::Delayed(self.reason(&FirewallError::Duplicate)),
            (None, Err(error)) if error.is_refusal() => Outcome::Refused(self.reason(&error)),
            (None, Err(error)) => Outcome::Delayed(self.reason(&error)),
        }
    }

    fn after_removal(
        &self,
        Removal { rule, ids }: &Removal,
        seen: &Result<GroupDescription, FirewallError>,
        answer: Result<(), FirewallError>,
    ) -> Outcome {
        let is_there = |seen: &GroupDescription| {
            seen.rules.iter().any(|found| ids.contains(&found.id) || self.is_of(found, rule))
        };
        match (seen, answer) {
            (_, Err(error)) if error.is_refusal() && error != FirewallError::RuleMissing => {
                self.refused_removal(rule, &error)
            }
            (Err(FirewallError::GroupMissing), _) => self.unseen(rule, &FirewallError::GroupMissing),
            (Err(error), _) => Outcome::Delayed(self.reason(error)),
            (Ok(seen), Ok(()) | Err(FirewallError::RuleMissing)) if is_there(seen) => {
                Outcome::Delayed("The provider said that the rule was removed, and it is still there".into())
            }
            (Ok(_), Ok(()) | Err(FirewallError::RuleMissing)) => self.not_seen(rule),
            (Ok(_), Err(error)) => Outcome::Delayed(self.reason(&error)),
        }
    }

    fn refused_removal(&self, rule: &Rule, error: &FirewallError) -> Outcome {
        if *error == FirewallError::GroupMissing {
            self.unseen(rule, error)
        } else {
            Outcome::Refused(self.reason(error))
        }
    }
}

/// The rule without the id of another owner's removed rule. It must not become ours by that id.
fn without_foreign_id(rule: &Rule) -> Rule {
    let provider_rule_id = rule.provider_rule_id.clone().filter(|_| rule.presence != Presence::Foreign);
    Rule { provider_rule_id, ..rule.clone() }
}

/// Whether our rule may exist, by what is known.
fn may_be_there(rule: &Rule) -> bool {
    matches!(rule.presence, Presence::Present | Presence::Unknown)
}

/// Whether the removal of a rule with this id was requested.
fn is_being_removed(rule: &Rule, found: &CloudRule) -> bool {
    rule.is_removal_sent && rule.provider_rule_id.as_ref() == Some(&found.id)
}
