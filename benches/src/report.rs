//! Medians, as a table or as JSON.

/// What was measured of one variant of a workload.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) workload: &'static str,
    pub(crate) variant: &'static str,
    /// `ns`, `per_s` or `bytes`.
    pub(crate) unit: &'static str,
    pub(crate) samples: Vec<f64>,
}

impl Figure {
    /// Prints one line.
    #[expect(clippy::print_stdout, reason = "a report is what this program is for")]
    pub(crate) fn print(mut self, json: bool) {
        self.samples.sort_by(f64::total_cmp);
        let (Some(min), Some(max)) = (self.samples.first(), self.samples.last()) else { return };
        let (n, median) = (self.samples.len(), self.samples[self.samples.len() / 2]);
        let Self { workload, variant, unit, .. } = &self;
        if json {
            println!(
                "{{\"workload\":\"{workload}\",\"variant\":\"{variant}\",\"unit\":\"{unit}\",\
                 \"median\":{median:.2},\"min\":{min:.2},\"max\":{max:.2},\"n\":{n}}}"
            );
        } else {
            println!(
                "{workload:12} {variant:24} {median:16.1} {unit:6} ({min:.1} to {max:.1}, n {n})"
            );
        }
    }
}
