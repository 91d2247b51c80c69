//! A sheet of SVG in pixels, drawn by plotters in tenths of pixels so that curves stay smooth.
//!
//! Plotters has only integer coordinates and, without a font library, no text widths. So the sheet is drawn ten times too
//! large and scaled down by a view box, text is placed by anchors, and the text widths that the layout needs are estimated.

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A point in pixels from the upper left corner.
pub(super) type Point = (f64, f64);

const SCALE: f64 = 10.0;
const DRAWN: &str = "drawing into memory does not fail";

/// A sheet to draw on.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
}

/// How a line looks.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub(super) color: RGBColor,
    pub(super) width: f64,
    pub(super) dashed: bool,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Font {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) color: RGBColor,
}

/// Draws a sheet of this size; `label` is the description for screen readers.
pub(super) fn sheet(width: f64, height: f64, label: &str, draw: impl FnOnce(&Canvas)) -> String {
    let mut svg = String::new();
    {
        let size = (scaled(width) as u32, scaled(height) as u32);
        let canvas = Canvas { area: SVGBackend::with_string(&mut svg, size).into_drawing_area() };
        canvas.rectangle((0.0, 0.0), (width, height), WHITE, 1.0);
        draw(&canvas);
        canvas.area.present().expect(DRAWN);
    }
    let (_, content) = svg.split_once('\n').expect("plotters ends the root tag with a new line");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         role=\"img\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n<title>{}</title>\n{content}",
        scaled(width),
        scaled(height),
        escaped(label)
    )
}

impl Canvas<'_> {
    pub(super) fn line(&self, points: &[Point], pen: Pen) {
        let style = ShapeStyle {
            color: pen.color.into(),
            filled: false,
            stroke_width: scaled(pen.width) as u32,
        };
        let path: Vec<_> = points.iter().map(|p| unit(*p)).collect();
        match (points, pen.dashed) {
            ([], _) => {}
            ([one], _) => self.dot(*one, pen.width * 1.2, pen.color),
            (_, false) => self.area.draw(&PathElement::new(path, style)).expect(DRAWN),
            (_, true) => {
                let (dash, space) = (scaled(4.0), scaled(3.5));
                self.area.draw(&DashedPathElement::new(path, dash, space, style)).expect(DRAWN);
            }
        }
    }

    pub(super) fn dot(&self, center: Point, radius: f64, color: RGBColor) {
        self.area.draw(&Circle::new(unit(center), scaled(radius), color.filled())).expect(DRAWN);
    }

    pub(super) fn polygon(&self, points: &[Point], color: RGBColor, opacity: f64) {
        let path: Vec<_> = points.iter().map(|p| unit(*p)).collect();
        self.area.draw(&Polygon::new(path, color.mix(opacity))).expect(DRAWN);
    }

    pub(super) fn rectangle(&self, from: Point, to: Point, color: RGBColor, opacity: f64) {
        self.area
            .draw(&Rectangle::new([unit(from), unit(to)], color.mix(opacity).filled()))
            .expect(DRAWN);
    }

    /// Writes a text whose middle line is at `at.1`, and whose start, middle or end is at `at.0`.
    pub(super) fn text(&self, text: &str, at: Point, align: HPos, font: Font) {
        let style = if font.bold { FontStyle::Bold } else { FontStyle::Normal };
        let size = font.size * SCALE * 1.24; // the backend divides by 1.24
        let style = TextStyle::from(FontDesc::new(FontFamily::SansSerif, size, style))
            .color(&font.color)
            .pos(Pos::new(align, VPos::Center));
        self.area.draw_text(&printable(text), &style, unit(at)).expect(DRAWN);
    }
}

impl Font {
    /// Estimated width of a text, on the high side, since the reader's sans-serif font is unknown.
    pub(super) fn width(self, text: &str) -> f64 {
        let em = |c: char| match c {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '(' | ')'
            | '[' | ']' => 0.36,
            'f' | 't' | 'r' | '-' | '/' => 0.42,
            'm' | 'w' | 'M' | 'W' | '@' | '%' | '&' => 0.95,
            'A'..='Z' => 0.72,
            '\u{300}'..='\u{36f}' => 0.0,
            '\u{1100}'.. => 1.0,
            _ => 0.62,
        };
        let weight = if self.bold { 1.08 } else { 1.0 };
        text.chars().map(em).sum::<f64>() * self.size * weight
    }

    /// The text, truncated with an ellipsis to fit a width.
    pub(super) fn fit(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.into();
        }
        let mut used = self.size; // the ellipsis
        let fits = |c: &char| {
            used += self.width(c.encode_utf8(&mut [0; 4]));
            used <= width
        };
        text.chars().take_while(fits).chain(['…']).collect()
    }
}

fn scaled(pixels: f64) -> i32 {
    (pixels * SCALE).round() as i32
}

fn unit((x, y): Point) -> (i32, i32) {
    (scaled(x), scaled(y))
}

/// The text without the characters that XML forbids.
fn printable(text: &str) -> String {
    let allowed = |c: char| {
        if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c }
    };
    text.chars().map(allowed).collect()
}

fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
