//! What a picture shows is what was measured.

use bench_plot::{Axis, Group, Series, bars, lines};
use roxmltree::{Document, Node};

fn numbers(node: Node<'_, '_>, attribute: &str) -> Vec<f64> {
    let text = node.attribute(attribute).unwrap_or_default();
    text.split([' ', ',']).map(|number| number.parse().unwrap_or(f64::NAN)).collect()
}

fn of<'a, 'input>(picture: &'a Document<'input>, tag: &'a str) -> impl Iterator<Item = Node<'a, 'input>> {
    picture.descendants().filter(move |node| node.has_tag_name(tag))
}

#[test]
fn equal_ratios_are_equally_far_apart_on_a_logarithmic_axis() -> Result<(), roxmltree::Error> {
    let series = Series::new("get", vec![(1.0, 2.0), (10.0, 20.0), (100.0, 200.0)]);
    let text = lines("Growth", &Axis::log("items"), &Axis::log("ms"), &[series]);
    let picture = Document::parse(&text)?;
    let points: Vec<f64> = of(&picture, "polyline").flat_map(|line| numbers(line, "points")).collect();
    let [x1, y1, x2, y2, x3, y3] = points[..] else { return Err(roxmltree::Error::NoRootNode) };
    assert!((x2 - x1 - (x3 - x2)).abs() < 0.2 && x2 > x1, "{points:?}");
    assert!((y2 - y1 - (y3 - y2)).abs() < 0.2 && y2 < y1, "{points:?}");
    Ok(())
}

#[test]
fn what_has_no_place_on_an_axis_is_left_out() -> Result<(), roxmltree::Error> {
    let series = Series::new("get", vec![(0.0, 1.0), (1.0, 0.0), (10.0, f64::NAN), (100.0, 5.0)]);
    let text = lines("Growth", &Axis::log("items"), &Axis::log("ms"), &[series]);
    assert_eq!(of(&Document::parse(&text)?, "circle").count(), 1);
    Ok(())
}

#[test]
fn bars_are_as_long_as_their_values() -> Result<(), roxmltree::Error> {
    let groups =
        [Group::new("DELETE", &[("Rust", 10.0), ("Python", 40.0)]), Group::new("GET", &[("Rust", 20.0)])];
    let text = bars("Start", "ms", &groups);
    let picture = Document::parse(&text)?;
    let long: Vec<f64> = of(&picture, "rect")
        .filter(|bar| bar.attribute("height") == Some("12.0"))
        .flat_map(|bar| numbers(bar, "width"))
        .collect();
    let [first, second, third] = long[..] else { return Err(roxmltree::Error::NoRootNode) };
    assert!((second / first - 4.0).abs() < 0.02 && (third / first - 2.0).abs() < 0.02, "{long:?}");
    Ok(())
}

#[test]
fn a_picture_has_both_schemes_and_harmless_texts() -> Result<(), roxmltree::Error> {
    let text = bars("A <b> & \"c\"", "ms", &[Group::new("x < y", &[("one", 1.0)])]);
    let picture = Document::parse(&text)?;
    assert_eq!(of(&picture, "title").next().and_then(|title| title.text()), Some("A <b> & \"c\""));
    assert!(text.contains("prefers-color-scheme:dark"));
    assert!(of(&picture, "text").any(|node| node.text() == Some("x < y")));
    Ok(())
}

#[test]
fn nothing_measured_is_still_a_picture() -> Result<(), roxmltree::Error> {
    Document::parse(&lines("Nothing", &Axis::linear("x"), &Axis::log("y"), &[]))?;
    Document::parse(&bars("Nothing", "ms", &[]))?;
    Ok(())
}

#[test]
fn marks_are_written_as_people_write_them() {
    let points = vec![(1.0, 0.02), (100_000.0, 30.0)];
    let text = lines("Marks", &Axis::log("x"), &Axis::log("y"), &[Series::new("s", points)]);
    for mark in [">100,000<", ">0.01<", ">0.1<", ">10<"] {
        assert!(text.contains(mark), "{mark}: {text}");
    }
}
