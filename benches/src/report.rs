//! Medians, as a table or as JSON.

/// What was measured of one variant of a workload.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) workload: &'static str,
    pub(crate) variant: String,
    /// `ns`, `ms`, `bytes`, `per_s`, a share or a count, or `us_per_s`: microseconds of CPU time a second, of which one core
    /// has a million.
    pub(crate) unit: &'static str,
    /// The variant that the table tells this one as a multiple of, where that one was measured.
    pub(crate) beside: Option<String>,
    /// What the median is held against, where there is a bar.
    pub(crate) bar: Option<Bar>,
    pub(crate) samples: Vec<f64>,
}

/// What a figure has to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    Least(f64),
    Most(f64),
}

impl Bar {
    /// The bar, and whether that is on the right side of it.
    fn told(self, median: f64) -> String {
        let (sign, bar, met) = match self {
            Self::Least(bar) => (">=", bar, median >= bar),
            Self::Most(bar) => ("<=", bar, median <= bar),
        };
        format!("{sign} {bar}: {}", if met { "met" } else { "MISSED" })
    }
}

/// Prints a line for each figure.
#[expect(clippy::print_stdout, reason = "a report is what this program is for")]
pub(crate) fn print(figures: &[Figure], json: bool) {
    let line = |figure| if json { json_line(figure) } else { table_line(figure, figures) };
    figures.iter().filter_map(line).for_each(|line| println!("{line}"));
}

/// The middle, the least and the greatest of the samples.
struct Summary {
    median: f64,
    min: f64,
    max: f64,
    n: usize,
}

impl Figure {
    /// `None` without a sample.
    fn summary(&self) -> Option<Summary> {
        let mut samples = self.samples.clone();
        samples.sort_by(f64::total_cmp);
        let (min, max) = (*samples.first()?, *samples.last()?);
        Some(Summary { median: samples[samples.len() / 2], min, max, n: samples.len() })
    }
}

fn json_line(figure: &Figure) -> Option<String> {
    let Figure { workload, variant, unit, .. } = figure;
    let Summary { median, min, max, n } = figure.summary()?;
    Some(format!(
        "{{\"workload\":\"{workload}\",\"variant\":\"{variant}\",\"unit\":\"{unit}\",\
         \"median\":{median:.2},\"min\":{min:.2},\"max\":{max:.2},\"n\":{n}}}"
    ))
}

fn table_line(figure: &Figure, all: &[Figure]) -> Option<String> {
    let Figure { workload, variant, unit, .. } = figure;
    let Summary { median, min, max, n } = figure.summary()?;
    let mut line = match *unit {
        "share" => format!(
            "{workload:12} {variant:24} {median:16.3} {unit:8} ({min:.3} to {max:.3}, n {n})"
        ),
        _ => format!(
            "{workload:12} {variant:24} {median:16.1} {unit:8} ({min:.1} to {max:.1}, n {n})"
        ),
    };
    let beside = all.iter().find(|other| Some(&other.variant) == figure.beside.as_ref());
    if let Some((other, theirs)) = beside.and_then(|other| Some((other, other.summary()?))) {
        line += &format!(", {:.3} times `{}`", median / theirs.median, other.variant);
    }
    if let Some(bar) = figure.bar {
        line += &format!(", bar {}", bar.told(median));
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(variant: &str, beside: Option<&str>, samples: &[f64]) -> Figure {
        Figure {
            workload: "w",
            variant: variant.into(),
            unit: "per_s",
            beside: beside.map(Into::into),
            bar: None,
            samples: samples.into(),
        }
    }

    #[test]
    fn json_holds_the_median_of_samples_in_any_order() {
        let ours = figure("full", None, &[30.0, 10.0, 14.5]);
        let expected = r#"{"workload":"w","variant":"full","unit":"per_s","median":14.50,"min":10.00,"max":30.00,"n":3}"#;
        assert_eq!(json_line(&ours).as_deref(), Some(expected));
        assert_eq!(json_line(&figure("full", None, &[])), None);
    }

    #[test]
    fn the_table_tells_bars_and_whether_they_are_met() {
        let told = |bar, unit, samples: &[f64]| {
            let figure = Figure { bar: Some(bar), unit, ..figure("full", None, samples) };
            table_line(&figure, &[]).unwrap()
        };
        assert!(told(Bar::Least(3e6), "per_s", &[3.5e6]).ends_with(", bar >= 3000000: met"));
        assert!(told(Bar::Least(3e6), "per_s", &[2.9e6]).ends_with(", bar >= 3000000: MISSED"));
        let share = told(Bar::Most(0.05), "share", &[0.0421]);
        assert!(
            share.ends_with("0.042 share    (0.042 to 0.042, n 1), bar <= 0.05: met"),
            "{share}"
        );
    }

    #[test]
    fn the_table_tells_ratios_to_what_was_measured() {
        let ours = figure("full", Some("floor"), &[3.0]);
        let all = [ours, figure("floor", None, &[4.0]), figure("park", Some("absent"), &[1.0])];
        let shown = |at: usize| table_line(&all[at], &all).unwrap();
        assert!(shown(0).ends_with("(3.0 to 3.0, n 1), 0.750 times `floor`"), "{}", shown(0));
        assert!(shown(1).ends_with("n 1)") && shown(2).ends_with("n 1)"), "{all:?}");
        let unmeasured = [figure("full", Some("floor"), &[3.0]), figure("floor", None, &[])];
        assert!(table_line(&unmeasured[0], &unmeasured).unwrap().ends_with("n 1)"));
    }
}
