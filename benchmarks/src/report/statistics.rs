//! The arithmetic of reports.

/// The middle one of `values`, or the mean of the two in the middle; 0 of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len(), sorted.get(middle)) {
        (0, _) | (_, None) => 0.0,
        (length, Some(upper)) if length % 2 == 1 => *upper,
        (_, Some(upper)) => f64::midpoint(sorted[middle - 1], *upper),
    }
}

/// The smallest of `sorted` that `percent` per cent of them do not exceed (nearest rank); 0 of none.
pub(crate) fn percentile(sorted: &[u32], percent: usize) -> u32 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

/// `measured` over `base`, if there is a base.
pub(crate) fn ratio(measured: f64, base: f64) -> Option<f64> {
    (base > 0.0).then(|| measured / base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([]), 0.0);
        assert_eq!(median([7.0]), 7.0);
        assert_eq!(median([9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median([1.0, 9.0, 4.0, 6.0]), 5.0);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let sorted: Vec<u32> = (1..=200).collect();
        assert_eq!([50, 95, 99, 100].map(|percent| percentile(&sorted, percent)), [100, 190, 198, 200]);
        assert_eq!(percentile(&[3], 99), 3);
        assert_eq!(percentile(&[], 50), 0);
    }

    #[test]
    fn there_is_no_ratio_to_nothing() {
        assert_eq!(ratio(30.0, 2.0), Some(15.0));
        assert_eq!(ratio(30.0, 0.0), None);
    }
}
