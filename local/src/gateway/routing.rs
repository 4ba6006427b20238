//! Which route takes a path, as API Gateway chooses it for an HTTP API.

use clap::ValueEnum;
use std::cmp::Reverse;
use std::collections::HashMap;

use crate::template::greedy;

/// What API Gateway does with a path that ends in `/`. Its documentation says nothing of it, and reports differ, so that each can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TrailingSlash {
    /// The path reaches the route of the path without the slash.
    Ignored,
    /// The path reaches a greedy variable, for which nothing is left.
    #[default]
    Greedy,
    /// The path reaches `$default` alone.
    Fallback,
}

impl TrailingSlash {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Ignored, Self::Greedy, Self::Fallback];
}

/// What stands in a path before the API's own part, and stays in what functions see: how a deployment is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Front {
    /// Nothing: the generated endpoint of the stage `$default`, or a domain with a mapping that has no key.
    #[default]
    None,
    /// A stage with a name, at the generated endpoint.
    Stage(String),
    /// The key of a mapping, such as `team/postern`, on a domain of one's own.
    Mapping(String),
}

impl Front {
    /// The part of a path by which a route is found, or `None` for a path that belongs to no deployment of this gateway.
    pub(super) fn own<'p>(&self, path: &'p str) -> Option<&'p str> {
        match self {
            Self::None => Some(path),
            Self::Stage(front) | Self::Mapping(front) => {
                let behind = path.strip_prefix('/')?.strip_prefix(front.as_str())?;
                behind.starts_with('/').then_some(behind)
            }
        }
    }

    /// The names of the stage and of the domain.
    pub(super) fn names(&self) -> (&str, &'static str) {
        match self {
            Self::None => ("$default", "local.execute-api.localhost"),
            Self::Stage(stage) => (stage, "local.execute-api.localhost"),
            Self::Mapping(_) => ("$default", "api.localhost"),
        }
    }
}

/// How API Gateway reads the escapes of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Escapes {
    /// Every one is decoded but `%25`, so that what was a `%` stays apart from what was escaped by one.
    #[default]
    Once,
    /// They are decoded, the path ends before a `?`, and they are decoded again, as was seen at AWS (hotsock/voker#8).
    Twice,
}

impl Escapes {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Once, Self::Twice];

    /// The path as functions get it, and as routes are looked for; nothing where AWS answers 400 by itself.
    #[must_use]
    pub fn decode(self, path: &str) -> Option<String> {
        match self {
            Self::Once => Some(decoded(path)),
            Self::Twice => {
                let once = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
                let before = once.split('?').next().unwrap_or_default();
                let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
                let is_right = before.split('%').skip(1).all(is_escape);
                is_right
                    .then(|| percent_encoding::percent_decode_str(before).decode_utf8_lossy().into_owned())
            }
        }
    }
}

/// The parameters of a path, by their names.
pub(super) type Parameters = HashMap<String, String>;

/// A route takes a path: which one takes it first, and the parameters. A route without a greedy variable comes first, then the longer one,
/// then the one with fewer variables.
pub(super) struct Fit {
    pub(super) rank: (bool, Reverse<usize>, usize),
    pub(super) parameters: Parameters,
}

/// The path as API Gateway hands it over, and as it looks for a route: every escape is decoded but `%25`, so that what was a `%` stays
/// apart from what was escaped by one.
#[must_use]
pub fn decoded(path: &str) -> String {
    let parts = path.split("%25").map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy());
    parts.collect::<Vec<_>>().join("%25")
}

/// How a route's path fits a decoded path, or `None`.
pub(super) fn fit(route: &str, path: &str, slash: TrailingSlash) -> Option<Fit> {
    let path = match slash {
        TrailingSlash::Ignored => path.strip_suffix('/').unwrap_or(path),
        TrailingSlash::Greedy => path,
        TrailingSlash::Fallback if path.ends_with('/') => return None,
        TrailingSlash::Fallback => path,
    };
    let (mut parameters, length) = (Parameters::new(), route.split('/').count());
    let mut found = path.split('/');
    for wanted in route.split('/') {
        if let Some(name) = greedy(wanted) {
            let mut rest = vec![found.next()?];
            rest.extend(found);
            let rest = rest.join("/");
            // Who passes over a slash has no use for a variable that matches nothing.
            if rest.is_empty() && slash == TrailingSlash::Ignored {
                return None;
            }
            parameters.insert(name.into(), rest);
            let count = parameters.len();
            return Some(Fit { rank: (true, Reverse(length), count), parameters });
        }
        let found = found.next()?;
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !found.is_empty() => {
                parameters.insert(name.into(), found.into());
            }
            None if wanted == found => {}
            Some(_) | None => return None,
        }
    }
    let count = parameters.len();
    found.next().is_none().then_some(Fit { rank: (false, Reverse(length), count), parameters })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: [&str; 4] = ["/a", "/a/{rest+}", "/a/{id}", "/a/{id}/{rest+}"];

    /// The route that takes a path, and what stands in `id` and `rest`.
    fn taken(path: &str, slash: TrailingSlash) -> Option<(&'static str, Option<String>, Option<String>)> {
        let fits = ROUTES.into_iter().filter_map(|route| Some((route, fit(route, path, slash)?)));
        let (route, mut found) = fits.min_by_key(|(_, fit)| fit.rank)?;
        Some((route, found.parameters.remove("id"), found.parameters.remove("rest")))
    }

    #[test]
    fn a_route_without_a_greedy_variable_comes_first_and_then_the_longer_one() {
        let text = |text: &str| Some(text.to_owned());
        for slash in TrailingSlash::ALL {
            assert_eq!(taken("/a", slash), Some(("/a", None, None)));
            assert_eq!(taken("/a/x", slash), Some(("/a/{id}", text("x"), None)));
            assert_eq!(taken("/a/x/y", slash), Some(("/a/{id}/{rest+}", text("x"), text("y"))));
            assert_eq!(taken("/a/x/y/z", slash), Some(("/a/{id}/{rest+}", text("x"), text("y/z"))));
            assert_eq!(taken("/a//y", slash), Some(("/a/{rest+}", None, text("/y"))));
            for path in ["", "/", "/b", "/A", "a", "/ab", "//a"] {
                assert_eq!(taken(path, slash), None, "{path}");
            }
        }
    }

    #[test]
    fn a_slash_at_the_end_is_ignored_or_leaves_nothing_or_has_no_route() {
        let text = |text: &str| Some(text.to_owned());
        for (path, ignored, greedy) in [
            ("/a/", ("/a", None, None), ("/a/{rest+}", None, text(""))),
            ("/a/x/", ("/a/{id}", text("x"), None), ("/a/{id}/{rest+}", text("x"), text(""))),
            (
                "/a/x/y/",
                ("/a/{id}/{rest+}", text("x"), text("y")),
                ("/a/{id}/{rest+}", text("x"), text("y/")),
            ),
            ("/a/x//", ("/a/{rest+}", None, text("x/")), ("/a/{id}/{rest+}", text("x"), text("/"))),
        ] {
            assert_eq!(taken(path, TrailingSlash::Ignored), Some(ignored), "{path}");
            assert_eq!(taken(path, TrailingSlash::Greedy), Some(greedy), "{path}");
            assert_eq!(taken(path, TrailingSlash::Fallback), None, "{path}");
        }
    }

    /// What was seen at AWS on 10 July 2026 (hotsock/voker, `ingress-paths.json`): nothing is a 400.
    #[test]
    fn escapes_that_are_read_twice_are_those_that_were_seen() {
        for (sent, handed) in [
            ("/c/plain", Some("/c/plain")),
            ("/c/space%20value", Some("/c/space value")),
            ("/c/question%3Fvalue", Some("/c/question")),
            ("/c/percent%25done", None),
            ("/c/hash%23value", Some("/c/hash#value")),
            ("/c/slash%2Fvalue", Some("/c/slash/value")),
            ("/c/unicode-%CE%BB", Some("/c/unicode-λ")),
            ("/c/literal%252Fvalue", Some("/c/literal/value")),
            ("/c/literal%253Fvalue", Some("/c/literal?value")),
            ("/c/literal%2525value", Some("/c/literal%value")),
        ] {
            assert_eq!(Escapes::Twice.decode(sent).as_deref(), handed, "{sent}");
        }
    }

    #[test]
    fn a_path_without_the_front_that_it_must_have_is_nobodys() {
        let (stage, mapping) = (Front::Stage("prod".into()), Front::Mapping("team/postern".into()));
        for (front, path, own) in [
            (&Front::None, "/prod/a", Some("/prod/a")),
            (&stage, "/prod/a", Some("/a")),
            (&stage, "/prod/", Some("/")),
            (&stage, "/production/a", None),
            (&stage, "/a", None),
            (&mapping, "/team/postern/a", Some("/a")),
            (&mapping, "/team/a", None),
        ] {
            assert_eq!(front.own(path), own, "{front:?} {path}");
        }
    }

    #[test]
    fn every_escape_is_decoded_but_that_of_the_percent_sign() {
        for (sent, handed) in [
            ("/a/%2F%3f%C3%A9+", "/a//?é+"),
            ("/a/%252F", "/a/%252F"),
            ("/%zz%", "/%zz%"),
            ("/%ff", "/\u{fffd}"),
            ("/%72", "/r"),
        ] {
            assert_eq!(decoded(sent), handed, "{sent}");
        }
    }
}
