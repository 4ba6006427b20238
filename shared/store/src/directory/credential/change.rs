//! What follows after a credential's value has changed.
//!
//! The transaction of the change leaves a note. The request then wakes the waiting rules that the credential concerns. The sweeper finds
//! the note and wakes them again, because the request may be interrupted, and the list of rules may lag behind the table. It also deletes
//! former values that no rule needs.
//!
//! | Run of the sweeper | Wakes | Deletes former values | Next run |
//! |---|---|---|---|
//! | first | yes | no: a rule may be missing in the list | in a minute |
//! | second | yes | yes | in five minutes, or none when no former value is left |
//! | later | no | yes | likewise |
//!
//! The sweeper's runs are counted, so no clock decides whether the list has caught up.

use model::id::{CredentialId, OrgId, ResourceId};
use model::ingress::GroupRef;
use model::rule::Rule;
use model::time::Timestamp;
use std::collections::BTreeSet;

use super::CredentialRecord;
use super::former::{FormerValue, former_values};
use crate::ledger::due::{SET_DUE, due_item, due_values};
use crate::ledger::rule::ListedRules;
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, NewItem, number};
use crate::table::keys::{self, LOOKS, Round, VERSION};
use crate::table::transaction::Transaction;

/// Runs of the sweeper that wake rules.
const WAKING_LOOKS: i64 = 2;

/// Seconds from the first run to the second.
const SECOND_LOOK_SECONDS: i64 = 60;

/// Seconds between two runs while rules need former values.
const LOOK_SECONDS: i64 = 300;

/// The rules that a credential concerns: those that were made with it, and those of the resources that use it now.
struct Concern {
    credential: CredentialId,
    resources: BTreeSet<ResourceId>,
}

impl Concern {
    fn is_with(&self, rule: &Rule) -> bool {
        rule.credential_id == self.credential || self.resources.contains(&rule.resource_id)
    }
}

/// Leaves the note in the transaction of a change. It replaces an older note.
pub(super) fn note_change(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    record: &CredentialRecord,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = keys::value_change(org, record.credential.id);
    let item = NewItem::new(&key, Entity::ValueChange, &())?;
    // The version identifies the note: only this change leads to it.
    let item = item.with(VERSION, number(record.version + 1)).with(LOOKS, number(0));
    tx.replace(due_item(item, &key, Round::Sweep, now));
    Ok(())
}

/// A note as it was read.
struct Note {
    key: keys::Key,
    version: i64,
    looks: i64,
}

impl Note {
    fn read(org: &OrgId, id: CredentialId, item: &Item) -> Result<Self, StoreError> {
        let key = keys::value_change(org, id);
        Ok(Self { key, version: item.number(VERSION)?, looks: item.number(LOOKS)? })
    }

    /// The note is still the same.
    fn is_the_same(&self) -> Expression {
        Expression::has_version(self.version)
    }
}

impl Store {
    /// Wakes the rules that a changed credential concerns. The sweeper does what fails.
    pub(super) async fn wake_rules_now(&self, org: &OrgId, record: &CredentialRecord, now: Timestamp) {
        let resources = record.references.iter().map(|used| used.resource_id).collect();
        let concern = Concern { credential: record.credential.id, resources };
        let woken = async {
            let listed = self.listed_rules(org).await?;
            self.wake_concerned(org, &concern, &listed, now).await
        };
        if let Err(error) = woken.await {
            tracing::warn!(credential = %concern.credential, ?error, "rules are woken later");
        }
    }

    /// Processes a credential that was deleted or whose value changed: wakes rules and deletes unnecessary former values. Returns the
    /// groups of the woken rules.
    ///
    /// # Errors
    /// Busy or defect. The note stays until everything has succeeded.
    pub async fn process_due_credential(
        &self,
        org: &OrgId,
        id: CredentialId,
        now: Timestamp,
    ) -> Result<BTreeSet<GroupRef>, StoreError> {
        let items = self.query_partition(&keys::credential_partition(org, id)).await?;
        let Some(note) = items.iter().find(|item| item.entity == Entity::ValueChange) else {
            return Ok(BTreeSet::new());
        };
        let note = Note::read(org, id, note)?;
        let references = items.iter().filter(|item| item.entity == Entity::Reference);
        let resources = references.map(|item| Ok(super::reference(item)?.resource_id));
        let concern = Concern { credential: id, resources: resources.collect::<Result<_, StoreError>>()? };
        let listed = self.listed_rules(org).await?;
        let woken = if note.looks < WAKING_LOOKS {
            self.wake_concerned(org, &concern, &listed, now).await?
        } else {
            BTreeSet::new()
        };
        let former = former_values(&items.iter().collect::<Vec<_>>())?;
        self.finish_look(&note, (&concern, &listed), &former, now).await?;
        Ok(woken)
    }

    async fn wake_concerned(
        &self,
        org: &OrgId,
        concern: &Concern,
        listed: &ListedRules,
        now: Timestamp,
    ) -> Result<BTreeSet<GroupRef>, StoreError> {
        let concerned: Vec<&Rule> = listed.rules.iter().filter(|rule| concern.is_with(rule)).collect();
        self.wake_rules(org, &concerned, now).await
    }

    /// Deletes unnecessary former values, and the note if none is left.
    async fn finish_look(
        &self,
        note: &Note,
        (concern, listed): (&Concern, &ListedRules),
        former: &[FormerValue],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if note.looks == 0 {
            return self.look_again(note, now.plus_seconds(SECOND_LOOK_SECONDS)).await;
        }
        let needs = |value: &FormerValue, rule: &Rule| concern.is_with(rule) && value.may_have_made(rule);
        // An unreadable rule may need any of them.
        let is_needed = |value: &&FormerValue| {
            listed.unreadable > 0 || listed.rules.iter().any(|rule| needs(value, rule))
        };
        let (kept, needless): (Vec<&FormerValue>, Vec<&FormerValue>) = former.iter().partition(is_needed);
        for value in needless {
            self.delete_former_value(value).await?;
        }
        if kept.is_empty() {
            return self.delete_if(&note.key, &note.is_the_same()).await.map(drop);
        }
        self.look_again(note, now.plus_seconds(LOOK_SECONDS)).await
    }

    async fn look_again(&self, note: &Note, at: Timestamp) -> Result<(), StoreError> {
        let due = due_values(&note.key, Round::Sweep, at);
        let update = Expression::new(format!("SET #{LOOKS} = :looks, {SET_DUE}"), due)
            .with(":looks", number(note.looks + 1));
        self.update_if(&note.key, &update, &note.is_the_same()).await.map(drop)
    }
}
