//! Bars in groups over a logarithmic scale: the figures of one run lie orders of magnitude apart.

use anyhow::anyhow;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

type Cartesian<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, LogCoord<f64>>>;

const SIZE: (u32, u32) = (960, 480);
/// Distinct also for those who do not tell red from green (Okabe and Ito).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
    RGBColor(0, 158, 115),
    RGBColor(120, 120, 120),
];

/// What is drawn.
pub(crate) struct Chart {
    /// Above everything.
    pub title: String,
    /// What the bars mean.
    pub unit: &'static str,
    /// Groups of bars, from left to right.
    pub groups: Vec<Group>,
}

/// Bars side by side.
pub(crate) struct Group {
    /// Below them.
    pub name: String,
    /// Who, and how much. The same name has the same colour in every group.
    pub bars: Vec<(String, f64)>,
}

impl Chart {
    /// The chart as SVG.
    pub(crate) fn svg(&self) -> anyhow::Result<String> {
        let mut svg = String::new();
        // Its errors are only for backends that can fail; borrowing `svg`, they cannot be passed on as they are.
        self.draw(&mut svg).map_err(|failure| anyhow!("the chart cannot be drawn: {failure}"))?;
        Ok(svg)
    }

    fn draw(&self, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let (low, high) = self.bounds();
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(72)
            .build_cartesian_2d(0.0..self.width(), (low..high).log_scale())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(self.groups.len() * 4)
            .x_label_formatter(&|x| self.label(*x))
            .y_label_formatter(&|y| written(*y))
            .y_desc(self.unit)
            .light_line_style(WHITE)
            .draw()?;
        for (number, name) in self.names().into_iter().enumerate() {
            self.draw_bars(&mut chart, &name, COLOURS[number % COLOURS.len()], low)?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE)
            .border_style(BLACK.mix(0.3))
            .draw()?;
        area.present()?;
        Ok(())
    }

    fn draw_bars(
        &self,
        chart: &mut Cartesian<'_, '_>,
        name: &str,
        colour: RGBColor,
        low: f64,
    ) -> Result<(), Box<dyn std::error::Error + 'static>> {
        let mut bars = Vec::new();
        for (group, left) in self.groups.iter().zip(0_u32..) {
            let width = 0.8 / group.bars.len().max(1) as f64;
            for ((bar, value), place) in group.bars.iter().zip(0_u32..) {
                if bar == name {
                    let from = f64::from(left) + 0.1 + f64::from(place) * width;
                    bars.push((from, from + width * 0.92, *value));
                }
            }
        }
        let boxes =
            bars.iter().map(|&(from, to, value)| Rectangle::new([(from, low), (to, value)], colour.filled()));
        chart
            .draw_series(boxes)
            .map_err(|failure| failure.to_string())?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 10, y + 5)], colour.filled()));
        let place = Pos::new(HPos::Center, VPos::Bottom);
        let small = TextStyle::from(("sans-serif", 10).into_font()).pos(place);
        let labels = bars.iter().map(|&(from, to, value)| {
            Text::new(written(value), ((from + to) / 2.0, value * 1.04), small.clone())
        });
        chart.draw_series(labels).map_err(|failure| failure.to_string())?;
        Ok(())
    }

    /// The groups, one unit each, and room for the legend.
    fn width(&self) -> f64 {
        let groups = self.groups.len() as f64;
        groups + (groups / 5.0).max(0.4)
    }

    /// In the order of their first bars.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.groups.iter().flat_map(|group| &group.bars) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// A group's name stands below its middle.
    fn label(&self, x: f64) -> String {
        let is_middle = (x.fract() - 0.5).abs() < 0.01;
        let group =
            self.groups.iter().zip(0_u32..).find(|(_, left)| is_middle && (x - f64::from(*left)).abs() < 1.0);
        group
            .filter(|(_, left)| x > f64::from(*left))
            .map(|(group, _)| group.name.clone())
            .unwrap_or_default()
    }

    /// The powers of ten around all values.
    fn bounds(&self) -> (f64, f64) {
        let values =
            || self.groups.iter().flat_map(|group| &group.bars).map(|bar| bar.1).filter(|value| *value > 0.0);
        let low = values().reduce(f64::min).unwrap_or(1.0);
        let high = values().reduce(f64::max).unwrap_or(10.0);
        (10_f64.powf(low.log10().floor()), 10_f64.powf((high * 1.2).log10().ceil()))
    }
}

fn written(value: f64) -> String {
    match value {
        10_000.0.. => format!("{:.0}k", value / 1000.0),
        1000.0.. => format!("{:.1}k", value / 1000.0),
        10.0.. => format!("{value:.0}"),
        1.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_shows_who_and_how_much() {
        let bars = vec![("ours".to_owned(), 12_345.0), ("theirs".to_owned(), 7.0)];
        let groups = vec![Group { name: "hot".to_owned(), bars }];
        let svg = Chart { title: "Speed".to_owned(), unit: "commands/s", groups }.svg().unwrap();
        for text in ["Speed", "commands/s", "hot", "ours", "theirs", "12k"] {
            assert!(svg.contains(text), "{text} is missing");
        }
    }
}
