//! A comparison as a picture: for each workload a group of bars, one for each rival, as long as ours
//! is better, on a scale of logarithms.

use crate::compare::Block;
use std::fmt::Write;

/// Pixels.
const WIDTH: f64 = 900.0;
/// Where the bars may begin and end; left of it stand the rivals' names, right of it ratios.
const PLOT: (f64, f64) = (100.0, 840.0);
const TOP: f64 = 78.0;
const BAR: f64 = 13.0;
/// From the top of one bar to that of the next.
const STEP: f64 = 16.0;
/// What the name of a workload takes, and the room before it.
const HEAD: f64 = 34.0;

/// What the lines of the scale may stand at.
const TICKS: [f64; 10] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];

const STYLE: &str = "\
<style>
  text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #24292f; }
  .back { fill: #ffffff; } .title { font-size: 16px; font-weight: bold; }
  .name { font-size: 13px; font-weight: bold; } .small { fill: #57606a; }
  .rival, .tick { text-anchor: end; } .tick { text-anchor: middle; fill: #57606a; }
  .grid { stroke: #d0d7de; } .one { stroke: #57606a; stroke-width: 1.5; }
  .better { fill: #2f855a; } .worse { fill: #c2410c; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .back { fill: #0d1117; } .small, .tick { fill: #9198a1; }
    .grid { stroke: #30363d; } .one { stroke: #9198a1; }
    .better { fill: #3fb27f; } .worse { fill: #f0883e; }
  }
</style>
";

/// The scale from ratios to places.
struct Scale {
    min: f64,
    max: f64,
}

impl Scale {
    /// One that holds all ratios, and the lines of 1 and 10 at least.
    fn of(ratios: impl Iterator<Item = f64>) -> Self {
        let wide = ratios.fold((1.0_f64, 10.0_f64), |(min, max), r| (min.min(r), max.max(r)));
        Self { min: wide.0 * 0.8, max: wide.1 * 1.05 }
    }

    fn x(&self, ratio: f64) -> f64 {
        let part = (ratio / self.min).ln() / (self.max / self.min).ln();
        PLOT.0 + part * (PLOT.1 - PLOT.0)
    }
}

/// The picture.
pub(crate) fn svg(blocks: &[Block]) -> String {
    let groups: Vec<(&Block, Vec<(&str, f64)>)> = blocks
        .iter()
        .map(|block| {
            let bars = block.rows().filter_map(|row| Some((&*row.name, block.ratio_to(row)?)));
            (block, bars.collect())
        })
        .filter(|(_, bars): &(_, Vec<_>)| !bars.is_empty())
        .collect();
    let scale = Scale::of(groups.iter().flat_map(|(_, bars)| bars).map(|(_, ratio)| *ratio));
    let bars: usize = groups.iter().map(|(_, bars)| bars.len()).sum();
    let bottom = TOP + bars as f64 * STEP + groups.len() as f64 * HEAD;
    let height = bottom + 20.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         aria-label=\"How many times better Greenroom is than other actor frameworks\">\n{STYLE}\
         <rect class=\"back\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"20\" y=\"30\">How many times better Greenroom is</text>\n\
         <text class=\"small\" x=\"20\" y=\"49\">less time or memory, or more throughput, than each \
         of the others at the same work; logarithmic scale</text>\n"
    );
    for tick in TICKS.into_iter().filter(|tick| (scale.min..=scale.max).contains(tick)) {
        let x = scale.x(tick);
        let class = if tick == 1.0 { "one" } else { "grid" };
        let _ = writeln!(
            out,
            "<line class=\"{class}\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{}\">{tick}x</text>",
            TOP - 6.0
        );
    }
    let mut y = TOP;
    for (block, bars) in groups {
        let (name, cores) = (block.workload.name(), block.workload.cores());
        let cores = if cores == 1 { "one core" } else { "two cores" };
        let _ = writeln!(
            out,
            "<rect class=\"back\" x=\"16\" y=\"{}\" width=\"320\" height=\"18\"/>\
             <text class=\"name\" x=\"20\" y=\"{}\">{name} <tspan class=\"small\" \
             font-weight=\"normal\">({cores})</tspan></text>",
            y + HEAD - 22.0,
            y + HEAD - 8.0
        );
        y += HEAD;
        for (rival, ratio) in bars {
            bar(&mut out, &scale, y, rival, ratio);
            y += STEP;
        }
    }
    out += "</svg>\n";
    out
}

fn bar(out: &mut String, scale: &Scale, y: f64, rival: &str, ratio: f64) {
    let (one, end) = (scale.x(1.0), scale.x(ratio));
    let (x, width) = (one.min(end), (end - one).abs().max(1.0));
    let class = if ratio >= 1.0 { "better" } else { "worse" };
    let base = y + BAR - 2.5;
    let _ = writeln!(
        out,
        "<text class=\"rival\" x=\"{}\" y=\"{base}\">{rival}</text>\
         <rect class=\"{class}\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\
         <text x=\"{:.1}\" y=\"{base}\">{}</text>",
        PLOT.0 - 8.0,
        one.max(end) + 5.0,
        super::times(ratio)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::block;
    use crate::workloads::Workload;

    #[test]
    fn there_is_a_bar_for_each_ratio_and_none_for_a_failure() {
        let svg = svg(&[block(Workload::Ring), block(Workload::CastCross)]);
        assert_eq!(svg.matches("class=\"better\"").count(), 1, "{svg}");
        assert_eq!(svg.matches("class=\"worse\"").count(), 1, "{svg}");
        assert!(svg.contains(">2.5x</text>") && svg.contains(">0.40x</text>"), "{svg}");
        assert!(!svg.contains("broken"), "{svg}");
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
    }

    #[test]
    fn the_scale_is_logarithmic_and_holds_all() {
        let scale = Scale::of([0.5, 200.0].into_iter());
        assert!(PLOT.0 < scale.x(0.5) && scale.x(200.0) < PLOT.1);
        let tenfold = scale.x(10.0) - scale.x(1.0);
        assert!((scale.x(100.0) - scale.x(10.0) - tenfold).abs() < 1e-9);
    }
}
