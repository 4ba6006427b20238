//! The elements that both kinds of pictures are made of.

use std::fmt::Write as _;

/// A colour for each series, one for light and one for dark: eight that colour-blind readers tell apart (Okabe and Ito).
const COLOURS: [(&str, &str); 8] = [
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#ff8c42"),
    ("#009e73", "#2fd3a3"),
    ("#b3589a", "#e29bd0"),
    ("#946b00", "#e6b325"),
    ("#3f3fbf", "#9a9aff"),
    ("#a40000", "#ff7b72"),
    ("#555555", "#b0b0b0"),
];

pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture under construction.
pub(crate) struct Svg {
    text: String,
}

impl Svg {
    /// The ground is drawn, and in the same scheme as the text: a page's own scheme may differ from the reader's system.
    pub(crate) fn new(title: &str, width: f64, height: f64) -> Self {
        let mut svg = Self { text: String::new() };
        let title_text = escaped(title);
        svg.line(&format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img" aria-label="{title_text}">"#
        ));
        svg.line(&format!("<title>{title_text}</title>"));
        svg.line(&style());
        svg.line(&format!(r#"<rect class="ground" width="{width:.0}" height="{height:.0}" rx="6"/>"#));
        svg.text("title", 16.0, 26.0, &Anchor::Start, title);
        svg
    }

    pub(crate) fn rule(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.line(&format!(r#"<line class="grid" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#));
    }

    pub(crate) fn text(&mut self, class: &str, x: f64, y: f64, anchor: &Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.line(&format!(
            r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    pub(crate) fn upright(&mut self, x: f64, y: f64, text: &str) {
        let text = escaped(text);
        self.line(&format!(
            r#"<text class="label" transform="translate({x:.1} {y:.1}) rotate(-90)" text-anchor="middle">{text}</text>"#
        ));
    }

    pub(crate) fn path(&mut self, series: usize, points: &[(f64, f64)]) {
        let mut list = String::new();
        for (x, y) in points {
            let _ = write!(list, "{x:.1},{y:.1} ");
        }
        let class = series % COLOURS.len();
        let list = list.trim_end();
        self.line(&format!(r#"<polyline class="l{class}" points="{list}"/>"#));
        for (x, y) in points {
            self.line(&format!(r#"<circle class="f{class}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#));
        }
    }

    pub(crate) fn bar(&mut self, series: usize, (x, y): (f64, f64), width: f64, height: f64) {
        let class = series % COLOURS.len();
        self.line(&format!(
            r#"<rect class="f{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="1.5"/>"#
        ));
    }

    pub(crate) fn done(mut self) -> String {
        self.line("</svg>");
        self.text
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }
}

fn style() -> String {
    let scheme = |ground: &str, ink: &str, faint: &str, grid: &str, colours: &[&str]| {
        let mut rules = format!(
            ".ground{{fill:{ground}}}text{{fill:{ink}}}.mark,.label{{fill:{faint}}}.grid{{stroke:{grid}}}"
        );
        for (at, colour) in colours.iter().enumerate() {
            let _ = write!(rules, ".f{at}{{fill:{colour}}}.l{at}{{stroke:{colour}}}");
        }
        rules
    };
    let light = scheme("#ffffff", "#1f2328", "#59636e", "#d9dee3", &COLOURS.map(|(light, _)| light));
    let dark = scheme("#0d1117", "#f0f6fc", "#9198a1", "#30363d", &COLOURS.map(|(_, dark)| dark));
    format!(
        "<style>text{{font:12px system-ui,-apple-system,'Segoe UI',sans-serif}}.title{{font-size:15px;font-weight:600}}\
         polyline{{fill:none;stroke-width:2;stroke-linejoin:round}}{light}@media(prefers-color-scheme:dark){{{dark}}}</style>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// About how wide a text of the marks' size is: no fonts are read, and the legends need a column, not a measure.
#[expect(clippy::cast_precision_loss, reason = "texts of a picture are short")]
pub(crate) fn width(text: &str) -> f64 {
    text.chars().count() as f64 * 6.7
}
