//! How things compare: lying bars, because the names of operations are long.

use crate::scale::{Axis, spoken};
use crate::svg::{Anchor, Svg, width};

const TOP: f64 = 46.0;
const PLOT: f64 = 460.0;
const BAR: f64 = 13.0;
const GAP: f64 = 9.0;

/// One thing, and a bar for each way in which it was measured.
#[derive(Clone, Debug)]
pub struct Group {
    /// What stands to the left of its bars.
    pub name: String,
    /// Each bar's series, for the colour and the legend, and its value.
    pub bars: Vec<(String, f64)>,
}

impl Group {
    /// A thing with these bars.
    #[must_use]
    pub fn new(name: &str, bars: &[(&str, f64)]) -> Self {
        let bars = bars.iter().map(|(series, value)| ((*series).to_owned(), *value)).collect();
        Self { name: name.to_owned(), bars }
    }
}

/// A picture of `groups` as bars from zero, each with its value beside it.
#[must_use]
pub fn bars(title: &str, unit: &str, groups: &[Group]) -> String {
    let names = series(groups);
    let left = groups.iter().map(|group| width(&group.name)).fold(0.0, f64::max) + 26.0;
    let top = if names.len() > 1 { TOP + 22.0 } else { TOP };
    let bottom = top + groups.iter().map(height).sum::<f64>();
    let values = groups.iter().flat_map(|group| group.bars.iter().map(|(_, value)| *value));
    let across = Axis::linear(unit).scale(values, left, left + PLOT);
    let mut svg = Svg::new(title, left + PLOT + 72.0, bottom + 52.0);
    legend(&mut svg, &names);
    for mark in across.marks() {
        let x = across.position(mark);
        svg.rule((x, top), (x, bottom));
        svg.text("mark", x, bottom + 16.0, &Anchor::Middle, &spoken(mark));
    }
    svg.text("label", left + PLOT / 2.0, bottom + 40.0, &Anchor::Middle, unit);
    let mut y = top;
    for group in groups {
        svg.text("name", left - 8.0, y + height(group) / 2.0 + 4.0, &Anchor::End, &group.name);
        let mut at = y + GAP / 2.0;
        for (series, value) in &group.bars {
            let number = names.iter().position(|name| name == series).unwrap_or_default();
            let end = across.position(value.max(0.0));
            svg.bar(number, (left, at), end - left, BAR - 1.0);
            svg.text("mark", end + 5.0, at + 10.0, &Anchor::Start, &spoken(*value));
            at += BAR;
        }
        y += height(group);
    }
    svg.done()
}

#[expect(clippy::cast_precision_loss, reason = "a group has a few bars")]
fn height(group: &Group) -> f64 {
    group.bars.len() as f64 * BAR + GAP
}

/// The names of the series in the order in which they first appear.
fn series(groups: &[Group]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in groups.iter().flat_map(|group| &group.bars) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn legend(svg: &mut Svg, names: &[String]) {
    if names.len() < 2 {
        return;
    }
    let mut x = 16.0;
    for (number, name) in names.iter().enumerate() {
        svg.bar(number, (x, TOP - 5.0), 14.0, 8.0);
        svg.text("legend", x + 20.0, TOP + 4.0, &Anchor::Start, name);
        x += width(name) + 44.0;
    }
}
