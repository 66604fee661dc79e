//! The figures of one contender at one workload.

/// At least one figure, sorted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// Sorts `figures`; none if there are none.
    pub(crate) fn new(mut figures: Vec<f64>) -> Option<Self> {
        figures.sort_by(f64::total_cmp);
        (!figures.is_empty()).then_some(Self(figures))
    }

    /// All of them, from the smallest.
    pub(crate) fn figures(&self) -> &[f64] {
        &self.0
    }

    /// The middle one, or the mean of the two in the middle.
    pub(crate) fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        if self.0.len() % 2 == 1 {
            self.0[middle]
        } else {
            f64::midpoint(self.0[middle - 1], self.0[middle])
        }
    }

    /// The smallest one.
    pub(crate) fn min(&self) -> f64 {
        self.0[0]
    }

    /// The largest one.
    pub(crate) fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// How many there are.
    pub(crate) fn n(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let odd = Samples::new(vec![30.0, 10.0, 20.0]).unwrap();
        assert_eq!((odd.median(), odd.min(), odd.max(), odd.n()), (20.0, 10.0, 30.0, 3));
        let even = Samples::new(vec![40.0, 10.0, 20.0, 30.0]).unwrap();
        assert_eq!(even.median(), 25.0);
        assert_eq!(Samples::new(vec![]), None);
    }
}
