//! The function that is asked for: its name, its method and its path.

use super::family::{FAMILIES, Family};
use crate::failure::Failure;

/// What every path begins with.
const BASE_PATH: &str = "/api/v1";

/// Longest name: AWS puts the stack's name in front of it, and a mark behind it, into 64 characters.
const NAME_MAX: usize = 32;

/// Families whose `{id}` a skeleton cannot name, and which of their functions to look at instead.
const BY_HAND: [(&str, &str); 5] = [
    ("credentials", "credential_patch"),
    ("sessions", "session_stop"),
    ("rules", "rule_resolve"),
    ("api-keys", "api_key_revoke"),
    ("audit-logs", "audit_log_list"),
];

/// A method of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// A function that does not exist yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Such as `role-archive`.
    pub(crate) name: String,
    pub(crate) method: Method,
    /// With the base path.
    pub(crate) path: String,
    /// The object that `{id}` names.
    pub(crate) family: Option<&'static Family>,
}

impl Method {
    fn read(text: &str) -> Result<Self, Failure> {
        match text {
            "GET" => Ok(Self::Get),
            "POST" => Ok(Self::Post),
            "PUT" => Ok(Self::Put),
            "PATCH" => Ok(Self::Patch),
            "DELETE" => Ok(Self::Delete),
            other => Err(format!("the method is GET, POST, PUT, PATCH or DELETE, and not {other}")),
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether `If-Match` is for it.
    pub(crate) fn takes_if_match(self) -> bool {
        matches!(self, Self::Put | Self::Patch | Self::Delete)
    }
}

impl Function {
    /// Reads what was asked for.
    pub(crate) fn read(name: &str, method: &str, path: &str) -> Result<Self, Failure> {
        check_name(name)?;
        let method = Method::read(method)?;
        let path = path.strip_prefix(BASE_PATH).unwrap_or(path);
        let family = family(path)?;
        Ok(Self { name: name.into(), method, path: format!("{BASE_PATH}{path}"), family })
    }

    /// Such as `role_archive`.
    pub(crate) fn snake(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Such as `RoleArchive`.
    pub(crate) fn camel(&self) -> String {
        self.name.split('-').map(capitalized).collect()
    }

    /// Such as `ROLE_ARCHIVE`.
    pub(crate) fn event(&self) -> String {
        self.snake().to_uppercase()
    }

    /// Such as `Role archive`.
    pub(crate) fn words(&self) -> String {
        capitalized(&self.name.replace('-', " "))
    }

    /// The path as documents spell it.
    pub(crate) fn short_path(&self) -> &str {
        self.path.strip_prefix(BASE_PATH).unwrap_or(&self.path)
    }

    /// Method and path as documents spell them.
    pub(crate) fn route(&self) -> String {
        format!("{} {}", self.method.as_str(), self.short_path())
    }

    /// The first part of the path.
    pub(crate) fn segment(&self) -> &str {
        self.short_path().split('/').nth(1).unwrap_or_default()
    }

    /// The partitions in which it puts items: audit rows, and first results of a `POST`.
    pub(crate) fn puts(&self) -> &'static [&'static str] {
        match self.method {
            Method::Get => &[],
            Method::Post => &["ORG#*#AUDIT", "ORG#*#ONCE#*"],
            Method::Put | Method::Patch | Method::Delete => &["ORG#*#AUDIT"],
        }
    }

    /// The actions with which its calls read the table, in their order. Every caller may show an API key, which is looked up.
    pub(crate) fn reads(&self) -> Vec<&'static str> {
        let mut actions = vec!["dynamodb:GetItem"];
        if let Some(family) = self.family {
            let checks = (self.method != Method::Get).then_some("dynamodb:ConditionCheckItem");
            let reads = (self.method != Method::Post).then_some(family.read);
            actions.extend(checks.into_iter().chain(reads));
        }
        actions.sort_unstable();
        actions.dedup();
        actions
    }
}

pub(crate) fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn check_name(name: &str) -> Result<(), Failure> {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if name.split('-').count() < 2 || !name.split('-').all(is_word) {
        return Err(format!(
            "the name must be words of small letters with - between them, the noun first, such as role-archive, and not {name}"
        ));
    }
    if name.len() > NAME_MAX {
        return Err(format!("the name may have {NAME_MAX} characters, and {name} has {}", name.len()));
    }
    Ok(())
}

/// The object that a path names. Where it names none, it has no parameter.
fn family(path: &str) -> Result<Option<&'static Family>, Failure> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err(format!("the path must begin with /, and not be {path}"));
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let is_plain = |part: &&str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let odd: Vec<_> = parts.iter().filter(|part| !is_plain(part) && **part != "{id}").collect();
    if let Some(odd) = odd.first() {
        let told = if odd.is_empty() {
            "nothing between two slashes, or behind the last".into()
        } else {
            (*odd).to_string()
        };
        return Err(format!(
            "the parts of a path are small letters with - between them, or {{id}}; {path} has {told}"
        ));
    }
    let first = parts.first().copied().unwrap_or_default();
    let is_by_hand = BY_HAND
        .iter()
        .find(|(segment, _)| *segment == first && (rest.contains("{id}") || first == "credentials"));
    if let Some((_, model)) = is_by_hand {
        return Err(format!(
            "/{first} has promises of its own that no skeleton keeps: begin with a copy of functions/{model}"
        ));
    }
    match parts.iter().position(|part| *part == "{id}") {
        None if first == "users" && parts.len() > 1 => Err(format!("{path} would hide the user of that id")),
        None => Ok(None),
        Some(1) if parts.len() > 2 && rest.matches("{id}").count() == 1 => {
            let known = FAMILIES.iter().find(|family| family.segment == first);
            known.map(Some).ok_or_else(|| unknown(first))
        }
        Some(_) => Err(format!(
            "{{id}} must stand once, behind the first part and before another one, and not as in {path}"
        )),
    }
}

fn unknown(segment: &str) -> Failure {
    let known: Vec<_> = FAMILIES.iter().map(|family| family.segment).collect();
    format!(
        "nothing is kept of /{segment}, so that no {{id}} names one: a new kind of object begins with its rules and its keys, \
         docs/adding-a-function.md. Skeletons know {{id}} below /{}",
        known.join(", /")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(name: &str, method: &str, path: &str) -> String {
        Function::read(name, method, path).err().unwrap_or_default()
    }

    #[test]
    fn a_name_is_spelled_in_every_way() {
        let function = Function::read("role-archive", "POST", "/roles/{id}/archive").unwrap();
        assert_eq!((function.snake().as_str(), function.camel().as_str()), ("role_archive", "RoleArchive"));
        assert_eq!((function.event().as_str(), function.words().as_str()), ("ROLE_ARCHIVE", "Role archive"));
        assert_eq!(function.path, "/api/v1/roles/{id}/archive");
        assert_eq!((function.route().as_str(), function.segment()), ("POST /roles/{id}/archive", "roles"));
        let same = Function::read("role-archive", "POST", "/api/v1/roles/{id}/archive").unwrap();
        assert_eq!(function, same);
        assert_eq!(function.family.map(|family| family.id_type), Some("RoleId"));
    }

    #[test]
    fn permissions_are_those_of_the_calls() {
        for (method, path, actions, puts) in [
            ("GET", "/reports", vec!["GetItem"], vec![]),
            ("GET", "/roles/{id}/history", vec!["GetItem", "Query"], vec![]),
            ("GET", "/users/{id}/history", vec!["GetItem"], vec![]),
            ("POST", "/reports", vec!["GetItem"], vec!["AUDIT", "ONCE#*"]),
            ("POST", "/roles/{id}/archive", vec!["ConditionCheckItem", "GetItem"], vec!["AUDIT", "ONCE#*"]),
            ("DELETE", "/roles/{id}/archive", vec!["ConditionCheckItem", "GetItem", "Query"], vec!["AUDIT"]),
        ] {
            let function = Function::read("a-b", method, path).unwrap();
            let expected: Vec<_> = actions.iter().map(|action| format!("dynamodb:{action}")).collect();
            assert_eq!(function.reads(), expected, "{method} {path}");
            let expected: Vec<_> = puts.iter().map(|kind| format!("ORG#*#{kind}")).collect();
            assert_eq!(function.puts(), expected, "{method} {path}");
        }
    }

    #[test]
    fn names_methods_and_paths_that_cannot_be_are_refused() {
        for name in [
            "",
            "role",
            "Role-Archive",
            "role_archive",
            "role--archive",
            "-role",
            "role-",
            "role-1st",
            "rôle-a",
        ] {
            assert!(fault(name, "GET", "/reports").contains("the noun first"), "{name}");
        }
        assert!(fault(&format!("role-{}", "a".repeat(28)), "GET", "/reports").contains("32 characters"));
        for method in ["get", "HEAD", "", "OPTIONS"] {
            assert!(fault("a-b", method, "/reports").starts_with("the method is"), "{method}");
        }
        for (path, said) in [
            ("reports", "must begin with /"),
            ("", "must begin with /"),
            ("/", "nothing between two slashes"),
            ("/reports/", "nothing between two slashes"),
            ("/roles//archive", "nothing between two slashes"),
            ("/Reports", "small letters"),
            ("/roles/{roleId}/archive", "small letters"),
            ("/a b", "small letters"),
            ("/../x", "small letters"),
            ("/roles/{id}", "must stand once"),
            ("/{id}/a", "must stand once"),
            ("/roles/{id}/a/{id}", "must stand once"),
            ("/widgets/{id}/archive", "nothing is kept of /widgets"),
            ("/sessions/{id}/pause", "functions/session_stop"),
            ("/credentials", "functions/credential_patch"),
            ("/users/summary", "would hide the user"),
        ] {
            assert!(fault("a-b", "GET", path).contains(said), "{path}: {}", fault("a-b", "GET", path));
        }
    }
}
