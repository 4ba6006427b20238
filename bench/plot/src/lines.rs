//! How something grows: a line for each series.

use crate::scale::{Axis, Scale, spoken};
use crate::svg::{Anchor, Svg, width};

const LEFT: f64 = 78.0;
const TOP: f64 = 46.0;
const PLOT: (f64, f64) = (520.0, 320.0);

/// A line and its name.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// Its points, in order.
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// A line through `points`.
    #[must_use]
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points }
    }
}

/// A picture of `series` as lines over two axes.
#[must_use]
pub fn lines(title: &str, x: &Axis, y: &Axis, series: &[Series]) -> String {
    let legend = series.iter().map(|series| width(&series.name)).fold(0.0, f64::max) + 46.0;
    let (right, bottom) = (LEFT + PLOT.0, TOP + PLOT.1);
    let points = || series.iter().flat_map(|series| series.points.iter().copied());
    let across = x.scale(points().map(|(x, _)| x), LEFT, right);
    let up = y.scale(points().map(|(_, y)| y), bottom, TOP);
    let mut svg = Svg::new(title, right + legend + 16.0, bottom + 56.0);
    grid(&mut svg, &across, &up);
    svg.text("label", LEFT + PLOT.0 / 2.0, bottom + 42.0, &Anchor::Middle, &x.label);
    svg.upright(20.0, TOP + PLOT.1 / 2.0, &y.label);
    let mut at = TOP + 10.0;
    for (number, line) in series.iter().enumerate() {
        let places: Vec<(f64, f64)> = line
            .points
            .iter()
            .filter(|(px, py)| x.has(*px) && y.has(*py))
            .map(|(px, py)| (across.position(*px), up.position(*py)))
            .collect();
        svg.path(number, &places);
        svg.bar(number, (right + 20.0, at - 9.0), 14.0, 8.0);
        svg.text("legend", right + 40.0, at, &Anchor::Start, &line.name);
        at += 20.0;
    }
    svg.done()
}

fn grid(svg: &mut Svg, across: &Scale, up: &Scale) {
    let (right, bottom) = (LEFT + PLOT.0, TOP + PLOT.1);
    for mark in across.marks() {
        let x = across.position(mark);
        svg.rule((x, TOP), (x, bottom));
        svg.text("mark", x, bottom + 18.0, &Anchor::Middle, &spoken(mark));
    }
    for mark in up.marks() {
        let y = up.position(mark);
        svg.rule((LEFT, y), (right, y));
        svg.text("mark", LEFT - 8.0, y + 4.0, &Anchor::End, &spoken(mark));
    }
}
