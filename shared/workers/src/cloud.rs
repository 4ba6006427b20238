//! One visit to a group in the cloud: look, apply, remove, look again.

use firewall::{CloudAccess, CloudRule, Firewall, FirewallError, GroupDescription, NewRule, RuleTag};
use model::gathered;
use model::id::{OrgId, RuleId};
use model::ingress::GroupRef;
use model::rule::{Need, Presence, Rule};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::outcome::Outcome;

/// How the visit came out, by rule.
pub(crate) type Outcomes = BTreeMap<RuleId, Outcome>;

/// A group, and who asks.
pub(crate) struct Visit<'a> {
    pub(crate) firewall: &'a dyn Firewall,
    pub(crate) access: &'a CloudAccess,
    pub(crate) org: &'a OrgId,
    pub(crate) group: &'a GroupRef,
    /// Whether the credential is another one than the rules were made with. What it cannot see may be there.
    pub(crate) is_substitute: bool,
    /// Whether the provider has said that it takes no more calls.
    pub(crate) is_throttled: &'a AtomicBool,
}

/// What the first look says is to be done.
#[derive(Default)]
pub(crate) struct Plan {
    /// What is clear already.
    pub(crate) outcomes: Outcomes,
    /// Rules to make.
    pub(crate) make: Vec<Rule>,
    /// Rules to remove, with the provider's ids. Somebody may have made one into two: both have the mark.
    pub(crate) remove: Vec<(Rule, Vec<String>)>,
}

impl Visit<'_> {
    fn tag(&self, rule: &Rule) -> RuleTag {
        RuleTag { org: self.org.to_string(), rule: rule.id.to_string() }
    }

    fn reason(&self, error: &FirewallError) -> String {
        if *error == FirewallError::Throttled {
            self.is_throttled.store(true, Ordering::Relaxed);
        }
        if let Some(cause) = error.for_log() {
            tracing::warn!(group = %self.group, cause, "the provider gave no answer");
        }
        error.reason(self.group)
    }

    /// Looks at the group, and says what is to be done.
    pub(crate) async fn look(&self, rules: &[Rule]) -> Plan {
        let mut plan = Plan::default();
        match self.firewall.describe(self.access, self.group).await {
            Ok(description) => {
                for rule in rules {
                    self.plan(rule, &description, &mut plan);
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

    fn plan(&self, rule: &Rule, seen: &GroupDescription, plan: &mut Plan) {
        let found = seen.find(&rule.ingress);
        match rule.need() {
            Need::Apply => match found {
                Some(found) => drop(plan.outcomes.insert(rule.id, self.found(found))),
                None => plan.make.push(rule.clone()),
            },
            Need::Remove => {
                let own = seen.rules.iter().filter(|found| self.is_of(found, rule));
                let mut ids: Vec<String> = own.map(|found| found.id.clone()).collect();
                // A look may be older than the rule. What is known to be there is asked for by its id.
                if ids.is_empty() && rule.presence == Presence::Present {
                    ids.extend(rule.provider_rule_id.clone());
                }
                if ids.is_empty() {
                    plan.outcomes.insert(rule.id, Outcome::Gone);
                } else {
                    plan.remove.push((rule.clone(), ids));
                }
            }
            Need::Tell | Need::Forget | Need::Nothing => {}
        }
    }

    fn found(&self, found: &CloudRule) -> Outcome {
        let is_ours = found.tag.as_ref().is_some_and(|tag| tag.org == self.org.as_str());
        if is_ours { Outcome::Applied(found.id.clone()) } else { Outcome::Foreign(found.id.clone()) }
    }

    /// Whether a rule in the cloud is this one of ours: by its mark, whatever somebody has made of it since, or by what it
    /// lets in, when it has the mark of an earlier entry.
    fn is_of(&self, found: &CloudRule, rule: &Rule) -> bool {
        found.tag.as_ref().is_some_and(|tag| {
            *tag == self.tag(rule) || (tag.org == self.org.as_str() && found.ingress == Some(rule.ingress))
        })
    }

    /// What it means that the group cannot be seen.
    fn unseen(&self, rule: &Rule, error: &FirewallError) -> Outcome {
        let why = self.reason(error);
        let never_asked = rule.presence == Presence::Absent;
        match (error, rule.need()) {
            (FirewallError::GroupMissing, Need::Remove) if !self.is_substitute || never_asked => {
                Outcome::Gone
            }
            (FirewallError::GroupMissing, _) => Outcome::Refused(why),
            (FirewallError::Denied(_), Need::Remove) => Outcome::Refused(why),
            (FirewallError::Denied(_), _) if never_asked => Outcome::Refused(why),
            // What was asked for before may be there: it stays wanted until somebody can look.
            _ => Outcome::Delayed(why),
        }
    }

    /// Makes rules, all in one call, or one by one where that is refused. The outcomes of those that the provider took are
    /// open until the second look.
    pub(crate) async fn make(&self, rules: &[Rule]) -> BTreeMap<RuleId, Result<(), FirewallError>> {
        let new = |rule: &Rule| NewRule { ingress: rule.ingress, tag: self.tag(rule) };
        let all: Vec<NewRule> = rules.iter().map(new).collect();
        if all.is_empty() {
            return BTreeMap::new();
        }
        let together = self.firewall.authorize(self.access, self.group, &all).await;
        let splits = matches!(together, Err(FirewallError::Full | FirewallError::Duplicate)) && all.len() > 1;
        let mut answers = BTreeMap::new();
        for rule in rules {
            let answer = if splits {
                self.firewall.authorize(self.access, self.group, &[new(rule)]).await
            } else {
                together.clone()
            };
            answers.insert(rule.id, answer);
        }
        answers
    }

    /// Removes rules, all in one call, or one by one where one of them is not there.
    pub(crate) async fn remove(
        &self,
        rules: &[(Rule, Vec<String>)],
    ) -> BTreeMap<RuleId, Result<(), FirewallError>> {
        let ids: Vec<String> = rules.iter().flat_map(|(_, ids)| ids.iter().cloned()).collect();
        if ids.is_empty() {
            return BTreeMap::new();
        }
        let together = self.firewall.revoke(self.access, self.group, &ids).await;
        let splits = matches!(together, Err(FirewallError::RuleMissing)) && ids.len() > 1;
        let mut answers = BTreeMap::new();
        for (rule, own) in rules {
            let answer = if splits {
                self.firewall.revoke(self.access, self.group, own).await
            } else {
                together.clone()
            };
            answers.insert(rule.id, answer);
        }
        answers
    }

    /// Looks again: what is there counts, and not what was answered.
    pub(crate) async fn look_again(
        &self,
        made: &[Rule],
        removed: &[(Rule, Vec<String>)],
        answers: &BTreeMap<RuleId, Result<(), FirewallError>>,
    ) -> Outcomes {
        let seen = self.firewall.describe(self.access, self.group).await;
        let answer = |rule: &Rule| answers.get(&rule.id).cloned().unwrap_or(Ok(()));
        let made = made.iter().map(|rule| (rule.id, self.after_making(rule, &seen, answer(rule))));
        let removed =
            removed.iter().map(|(rule, _)| (rule.id, self.after_removal(rule, &seen, answer(rule))));
        gathered(made.chain(removed))
    }

    fn after_making(
        &self,
        rule: &Rule,
        seen: &Result<GroupDescription, FirewallError>,
        answer: Result<(), FirewallError>,
    ) -> Outcome {
        match (seen, answer) {
            (Err(error), _) => Outcome::Delayed(self.reason(error)),
            (Ok(seen), answer) => match (seen.find(&rule.ingress), answer) {
                (Some(found), _) => self.found(found),
                (None, Ok(())) => {
                    Outcome::Delayed("The provider said that the rule was made, and it is not there".into())
                }
                (None, Err(FirewallError::Duplicate)) => {
                    Outcome::Delayed(self.reason(&FirewallError::Duplicate))
                }
                (None, Err(error)) if error.is_refusal() => Outcome::Refused(self.reason(&error)),
                (None, Err(error)) => Outcome::Delayed(self.reason(&error)),
            },
        }
    }

    fn after_removal(
        &self,
        rule: &Rule,
        seen: &Result<GroupDescription, FirewallError>,
        answer: Result<(), FirewallError>,
    ) -> Outcome {
        match (seen, answer) {
            (Err(FirewallError::GroupMissing), _) if !self.is_substitute => Outcome::Gone,
            (Err(error), _) => Outcome::Delayed(self.reason(error)),
            (Ok(seen), answer) => match (seen.rules.iter().any(|found| self.is_of(found, rule)), answer) {
                (false, _) => Outcome::Gone,
                (true, Ok(()) | Err(FirewallError::RuleMissing)) => Outcome::Delayed(
                    "The provider said that the rule was removed, and it is still there".into(),
                ),
                (true, Err(error)) if error.is_refusal() => Outcome::Refused(self.reason(&error)),
                (true, Err(error)) => Outcome::Delayed(self.reason(&error)),
            },
        }
    }
}
