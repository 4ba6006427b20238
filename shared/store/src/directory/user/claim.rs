//! The claim of an invitation. An administrator gave an email some links. The person whose token has this verified email takes them over
//! (docs/adr/0038).
//!
//! One transaction takes over the invitation's place in the directory, its email and all of its links. If there are too many links, each
//! of several transactions hands over as many as fit and binds the invitation to its claimant. The last one hands over the email. An
//! interrupted claim goes on at the person's next request, because they are known without an email until then.

use model::audit::{AuditEntry, AuditEvent};
use model::id::{OrgId, UserId};
use model::link::Link;
use model::principal::{Actor, Principal};
use model::refusal::Refusal;
use model::time::Timestamp;
use model::user::{User, email_key, is_same_mailbox};
use serde_json::Value;
use std::collections::HashSet;

use super::create::item;
use super::delete::{ids, links, sets, with_links};
use super::{EmailData, UserData, entry, guard, has_links_of, user};
use crate::directory::link::{HANDED_WRITES, hand_over};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Item, keys_of, number, set, text};
use crate::table::keys::{self, CLAIMANT, Key, LINKED, VERSION};
use crate::table::transaction::{Commit, Failed, Transaction};

/// Writes of a claim beside its links: the person, the invitation, the guard of the email.
const FIXED_WRITES: usize = 3;

/// The result of a claim.
pub(super) enum Claim {
    /// There is no invitation that this person may claim.
    Nothing,
    /// All of it is theirs.
    Whole(User),
    /// A part of it is theirs.
    Part,
    /// What was read is out of date.
    Stale,
}

/// An invitation as it was read.
struct Invitation {
    user: User,
    version: i64,
    linked: i64,
    /// Its links to existing roles and resources.
    links: Vec<Link>,
}

impl Store {
    /// Claims the invitation for the person's verified email. The person is not in the directory, or is in it without an email.
    ///
    /// # Errors
    /// `UserInactive` for a known person whose invitation was deactivated; busy or defect.
    pub(super) async fn claim(
        &self,
        actor: &Actor,
        principal: &Principal,
        known: Option<&User>,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let Some(invitation) = self.invitation(principal).await? else { return Ok(Claim::Nothing) };
        if known.is_some() && !invitation.user.is_active {
            return Err(Refusal::UserInactive.into());
        }
        let org = &principal.org;
        let mut tx = Transaction::new(self);
        let room = tx.room().saturating_sub(FIXED_WRITES) / HANDED_WRITES;
        let (handed, rest) = invitation.links.split_at(invitation.links.len().min(room));
        let heir = heir(principal, known, &invitation.user, rest.is_empty(), now);
        match known {
            None => tx.create(with_links(item(org, &heir)?, handed), |_| Failed::Stale),
            Some(_) => {
                let Some(seen) = self.get(&keys::user(org, &heir.id)).await? else { return Ok(Claim::Stale) };
                if user(&seen)?.value.email.is_some() {
                    return Ok(Claim::Stale);
                }
                inherit(&mut tx, org, (&heir, &seen), handed)?;
            }
        }
        take(&mut tx, org, &invitation, (&heir.id, handed), rest.is_empty());
        if let (Some(email), true) = (&heir.email, rest.is_empty()) {
            tx.replace(guard(org, &heir, email)?);
        }
        for link in handed {
            hand_over(&mut tx, org, (link, &heir.id), now)?;
        }
        let commit = tx.commit(actor, &claimed(&heir, &invitation.user, handed), now).await?;
        Ok(match commit {
            Commit::Stale => Claim::Stale,
            Commit::Done(_) if !rest.is_empty() => Claim::Part,
            Commit::Done(_) => Claim::Whole(self.user(org, &heir.id).await?.map_or(heir, |user| user.value)),
        })
    }

    /// The invitation for a person's verified email, unless another person has begun to claim it.
    async fn invitation(&self, principal: &Principal) -> Result<Option<Invitation>, StoreError> {
        let org = &principal.org;
        let Some(email) = principal.verified_email() else { return Ok(None) };
        let Some(guard) = self.get(&keys::email(org, &email_key(email))).await? else { return Ok(None) };
        let id = guard.members::<EmailData>()?.user_id;
        let Some(item) = self.get(&keys::user(org, &id)).await? else { return Ok(None) };
        let user = user(&item)?.value;
        let has_email = user.email.as_deref().is_some_and(|own| is_same_mailbox(own, email));
        let is_anothers = item.has(CLAIMANT) && item.text(CLAIMANT)? != principal.user.as_str();
        if !user.is_invited || !has_email || is_anothers {
            return Ok(None);
        }
        let links = self.links_that_lead_somewhere(org, &user.id, &item).await?;
        let (version, linked) = (item.number(VERSION)?, item.number(LINKED)?);
        Ok(Some(Invitation { user, version, linked, links }))
    }

    /// A person's links to existing roles and resources. An interrupted deletion may have left others.
    async fn links_that_lead_somewhere(
        &self,
        org: &OrgId,
        id: &UserId,
        item: &Item,
    ) -> Result<Vec<Link>, StoreError> {
        let links = links(id, item)?;
        let sides: Vec<Key> = links.iter().filter_map(|link| other_side(org, link)).collect();
        let found = self.get_each(&sides).await?;
        let found: HashSet<&str> = found.iter().map(|one| keys_of(one).0).collect();
        let exists = |link: &Link| other_side(org, link).is_some_and(|key| found.contains(key.pk.as_str()));
        Ok(links.iter().filter(|link| exists(link)).cloned().collect())
    }
}

/// The role or the resource of a person's link.
fn other_side(org: &OrgId, link: &Link) -> Option<Key> {
    match link {
        Link::RoleUser(role, _) => Some(keys::role(org, *role)),
        Link::UserResource(_, resource) => Some(keys::resource(org, *resource)),
        Link::RoleResource(..) => None,
    }
}

/// The person with the values of the invitation. They get its email with the last of its links.
fn heir(principal: &Principal, known: Option<&User>, invited: &User, is_last: bool, now: Timestamp) -> User {
    // A new person takes the invitation's place in the directory.
    let new = || User {
        is_active: invited.is_active,
        created_at: invited.created_at,
        entry: invited.entry,
        ..User::entered(principal, now)
    };
    let own = known.cloned().unwrap_or_else(new);
    User {
        email: invited.email.clone().filter(|_| is_last),
        name: invited.name.clone().or(own.name),
        updated_at: now,
        ..own
    }
}

/// Changes sets on a person's item: `ADD` or `DELETE` with the ids of links.
fn changed_sets(change: Expression, word: &str, links: &[Link]) -> Expression {
    let some = sets(links);
    if some.is_empty() {
        return change;
    }
    let parts: Vec<String> = some.iter().map(|(name, _)| format!("#{name} :handed{name}")).collect();
    let text = format!("{} {word} {}", change.text, parts.join(", "));
    let change = Expression { text: text.into(), ..change };
    some.into_iter().fold(change, |change, (name, ids)| change.with(format!(":handed{name}"), set(ids)))
}

/// Adds links to a person who is in the directory without an email.
fn inherit(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (heir, seen): (&User, &Item),
    links: &[Link],
) -> Result<(), StoreError> {
    let more = i64::try_from(links.len()).unwrap_or(i64::MAX);
    let further = Expression::new(", #linked = #linked + :more", [(":more", number(more))]);
    let further = changed_sets(further, "ADD", links);
    tx.replace_data_and(&keys::user(org, &heir.id), &UserData::from(heir), seen.number(VERSION)?, &further)
}

/// Takes links from an unchanged invitation, and deletes it with the last of them.
fn take(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    invitation: &Invitation,
    (claimant, handed): (&UserId, &[Link]),
    is_last: bool,
) {
    let key = keys::user(org, &invitation.user.id);
    let unchanged = Expression::new(
        "#version = :version AND #linked = :linked AND attribute_not_exists(#sessionIds)",
        [(":version", number(invitation.version)), (":linked", number(invitation.linked))],
    );
    let unchanged = unchanged.and(has_links_of(&invitation.user));
    if is_last {
        tx.delete(&key, &unchanged, |_| Failed::Stale);
        return;
    }
    let change = Expression::new(
        "SET #claimant = :claimant, #version = #version + :one",
        [(":claimant", text(claimant.as_str())), (":one", number(1))],
    );
    tx.update(&key, &changed_sets(change, "DELETE", handed), &unchanged, |_| Failed::Stale);
}

/// The audit row of a claim.
fn claimed(heir: &User, invited: &User, links: &[Link]) -> AuditEntry {
    let member = |name: &str, value: Value| (String::from(name), value);
    let [(roles, role_ids), (resources, resource_ids)] = ids(links);
    let details = [
        member("invitationId", invited.id.to_string().into()),
        member(roles, role_ids.into()),
        member(resources, resource_ids.into()),
    ]
    .into_iter()
    .collect();
    let named = User { email: invited.email.clone(), ..heir.clone() };
    entry(AuditEvent::InvitationClaim, &named, details)
}
