//! From values to positions, and where the marks of an axis stand.

/// What an axis is called, and how it divides its length.
#[derive(Clone, Debug)]
pub struct Axis {
    pub(crate) label: String,
    pub(crate) log: bool,
}

impl Axis {
    /// Equal distances for equal differences, from zero on.
    #[must_use]
    pub fn linear(label: &str) -> Self {
        Self { label: label.to_owned(), log: false }
    }

    /// Equal distances for equal ratios. What is not above zero has no place on it and is left out.
    #[must_use]
    pub fn log(label: &str) -> Self {
        Self { label: label.to_owned(), log: true }
    }

    /// The scale on which all `values` have a place between the positions `from` and `to`.
    pub(crate) fn scale(&self, values: impl Iterator<Item = f64>, from: f64, to: f64) -> Scale {
        let values: Vec<f64> = values.filter(|value| self.has(*value)).collect();
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        if self.log {
            let low = if smallest.is_finite() { tenth(smallest.log10()).floor() } else { 0.0 };
            let high = if largest.is_finite() { tenth(largest.log10()).ceil() } else { 1.0 };
            return Scale { log: true, low, high: high.max(low + 1.0), step: 1.0, from, to };
        }
        let step = step(if largest.is_finite() { largest } else { 1.0 });
        let high = (largest / step).ceil().max(1.0) * step;
        Scale { log: false, low: 0.0, high, step, from, to }
    }

    pub(crate) fn has(&self, value: f64) -> bool {
        value.is_finite() && (value > 0.0 || (!self.log && value >= 0.0))
    }
}

/// Keeps `log10(1000.0)`, which is a hair off three, from taking a decade more.
fn tenth(exponent: f64) -> f64 {
    (exponent * 1e6).round() / 1e6
}

/// 1, 2 or 5 times a power of ten, of which five at most reach `largest`.
fn step(largest: f64) -> f64 {
    let largest = if largest > 0.0 { largest } else { 1.0 };
    let decade = 10_f64.powf((largest / 5.0).log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * decade * 5.0 >= largest);
    times.unwrap_or(10.0) * decade
}

pub(crate) struct Scale {
    log: bool,
    low: f64,
    high: f64,
    step: f64,
    from: f64,
    to: f64,
}

impl Scale {
    pub(crate) fn position(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The values that have a mark.
    pub(crate) fn marks(&self) -> Vec<f64> {
        let mut marks = Vec::new();
        let mut at = self.low;
        while at <= self.high + self.step / 2.0 {
            marks.push(if self.log { 10_f64.powf(at) } else { at });
            at += self.step;
        }
        marks
    }
}

/// A value as people write it: no more than three digits that count, thousands apart.
pub(crate) fn spoken(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 9.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0-9")]
    let text = format!("{value:.*}", decimals as usize);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    let whole = thousands(whole);
    if part.is_empty() { whole } else { format!("{whole}.{part}") }
}

fn thousands(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
