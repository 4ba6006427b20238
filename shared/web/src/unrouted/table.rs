//! The methods of a path.

/// A line for each route of `template.yaml`, without those for paths that end in a slash: `build.rs`.
pub const ROUTES: &str = include_str!(concat!(env!("OUT_DIR"), "/routes.txt"));

/// The methods of a path, in the order of the file.
pub(super) fn methods(path: &str) -> Vec<String> {
    let mut methods: Vec<String> = Vec::new();
    for line in ROUTES.lines() {
        let Some((method, route)) = line.split_once(' ') else {
            continue;
        };
        if matches(route, path) && !methods.iter().any(|known| known == method) {
            methods.push(method.into());
        }
    }
    methods
}

/// A `{parameter}` matches one segment that is not empty. A slash at the end counts.
fn matches(route: &str, path: &str) -> bool {
    let (route, path) = (route.split('/'), path.split('/'));
    route.clone().count() == path.clone().count()
        && route.zip(path).all(
            |(wanted, found)| {
                if wanted.starts_with('{') { !found.is_empty() } else { wanted == found }
            },
        )
}
