//! Measured figures as SVG, and the page that shows them.
//!
//! Pictures are written by hand, because what the pictures need is little and a drawing library lacks the main thing: a library such
//! as `plotters` writes colours into each element, while a picture in a README has to follow the reader's light or dark
//! scheme, which only a style sheet within the SVG can. The same figures always give the same text, so that a picture
//! in git changes only with them.

mod bars;
mod lines;
pub mod page;
mod scale;
mod svg;

pub use bars::{Group, bars};
pub use lines::{Series, lines};
pub use scale::Axis;
