//! CloudWatch's metric math, as far as the template uses it (CloudWatch User Guide, "Using math expressions").

use std::iter::Peekable;
use std::str::Chars;

/// An expression, which is computed for each period on its own.
#[derive(Debug)]
pub(super) enum Math {
    Number(f64),
    Metric(String),
    Binary(Box<Self>, &'static str, Box<Self>),
    /// The values of the first, and the second where there is none.
    Fill(Box<Self>, Box<Self>),
    If(Box<Self>, Box<Self>, Box<Self>),
}

/// Operators, those that bind least first.
const LEVELS: [&[&str]; 3] = [&[">=", "<=", ">", "<"], &["+", "-"], &["*", "/"]];

impl Math {
    pub(super) fn metric(id: &str) -> Self {
        Self::Metric(id.into())
    }

    pub(super) fn parse(text: &str) -> Self {
        let mut rest = text.chars().peekable();
        let math = operation(&mut rest, 0);
        assert_eq!(rest.collect::<String>(), "", "the end of {text}");
        math
    }

    /// The value of a period. What needs a value that is not there has none itself, and neither has a division by zero.
    pub(super) fn value(&self, of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Metric(id) => of(id),
            Self::Fill(math, other) => math.value(of).or_else(|| other.value(of)),
            Self::If(condition, then, other) => {
                // CloudWatch computes all three.
                let (condition, then, other) = (condition.value(of)?, then.value(of), other.value(of));
                if condition == 0.0 { other } else { then }
            }
            Self::Binary(left, operator, right) => {
                let (left, right) = (left.value(of)?, right.value(of)?);
                let truth = |is: bool| Some(f64::from(u8::from(is)));
                match *operator {
                    "+" => Some(left + right),
                    "-" => Some(left - right),
                    "*" => Some(left * right),
                    "/" => (right != 0.0).then(|| left / right),
                    ">=" => truth(left >= right),
                    "<=" => truth(left <= right),
                    ">" => truth(left > right),
                    _ => truth(left < right),
                }
            }
        }
    }
}

fn skip_spaces(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|next| next.is_whitespace()).is_some() {}
}

fn expect(rest: &mut Peekable<Chars<'_>>, wanted: char) {
    skip_spaces(rest);
    assert_eq!(rest.next(), Some(wanted));
}

fn operator(rest: &mut Peekable<Chars<'_>>, level: usize) -> Option<&'static str> {
    skip_spaces(rest);
    let ahead: String = rest.clone().take(2).collect();
    let found = LEVELS[level].iter().find(|operator| ahead.starts_with(**operator))?;
    for _ in 0..found.len() {
        rest.next();
    }
    Some(found)
}

fn operation(rest: &mut Peekable<Chars<'_>>, level: usize) -> Math {
    if level == LEVELS.len() {
        return operand(rest);
    }
    let mut left = operation(rest, level + 1);
    while let Some(operator) = operator(rest, level) {
        left = Math::Binary(Box::new(left), operator, Box::new(operation(rest, level + 1)));
    }
    left
}

fn operand(rest: &mut Peekable<Chars<'_>>) -> Math {
    skip_spaces(rest);
    if rest.next_if_eq(&'(').is_some() {
        let inner = operation(rest, 0);
        expect(rest, ')');
        return inner;
    }
    let mut word = String::new();
    while let Some(next) = rest.next_if(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '.')) {
        word.push(next);
    }
    match word.as_str() {
        "FILL" => {
            let [math, other] = arguments(rest);
            Math::Fill(math, other)
        }
        "IF" => {
            let [condition, then, other] = arguments(rest);
            Math::If(condition, then, other)
        }
        _ => word.parse().map_or_else(|_| Math::Metric(word.clone()), Math::Number),
    }
}

fn arguments<const N: usize>(rest: &mut Peekable<Chars<'_>>) -> [Box<Math>; N] {
    let mut open = '(';
    let arguments = std::array::from_fn(|_| {
        expect(rest, open);
        open = ',';
        Box::new(operation(rest, 0))
    });
    expect(rest, ')');
    arguments
}

#[test]
fn expressions_mean_what_cloudwatch_says() {
    let of =
        |id: &str| [("a", 6.0), ("zero", 0.0)].into_iter().find(|(name, _)| *name == id).map(|(_, of)| of);
    for (text, expected) in [
        ("1 + 2 * a - 3", Some(10.0)),
        ("(1 + 2) * a", Some(18.0)),
        ("a / zero", None),
        ("absent + 1", None),
        ("FILL(absent, 0) + 1", Some(1.0)),
        ("FILL(a, 0)", Some(6.0)),
        ("IF(a >= 6, 100 * a / 3, 0)", Some(200.0)),
        ("IF(a < 6, a / zero, 5)", Some(5.0)),
        ("IF(absent > 6, 1, 5)", None),
    ] {
        assert_eq!(Math::parse(text).value(&of), expected, "{text}");
    }
}
