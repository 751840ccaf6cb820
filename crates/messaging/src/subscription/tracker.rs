//! How far a partition is done without a hole.

use std::collections::BTreeSet;

/// Knows which of the delivered offsets are unfinished.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    unfinished: BTreeSet<i64>,
    highest: Option<i64>,
    told: Option<i64>,
}

impl Tracker {
    /// Takes note of a delivery; false when that message is in hand already. One that was finished before and
    /// comes again is handled again: sources may step back, for example after an unclean broker failure.
    pub(super) fn begin(&mut self, offset: i64) -> bool {
        self.told.get_or_insert(offset - 1);
        self.highest = self.highest.max(Some(offset));
        self.unfinished.insert(offset)
    }

    /// The message was handled or durably parked.
    pub(super) fn finish(&mut self, offset: i64) {
        self.unfinished.remove(&offset);
    }

    /// The offset up to which everything is finished, when that has grown since the last call.
    pub(super) fn progress(&mut self) -> Option<i64> {
        let done = self.unfinished.first().map(|first| first - 1).or(self.highest)?;
        if self.told.is_some_and(|told| done <= told) {
            return None;
        }
        self.told = Some(done);
        Some(done)
    }
}

#[cfg(test)]
mod tests {
    use super::Tracker;

    #[test]
    fn an_unfinished_message_holds_back_the_offset_of_later_ones() {
        let mut tracker = Tracker::default();
        for offset in 5..9 {
            assert!(tracker.begin(offset));
        }
        tracker.finish(6);
        tracker.finish(8);
        assert_eq!(tracker.progress(), None);
        tracker.finish(5);
        assert_eq!(tracker.progress(), Some(6));
        tracker.finish(7);
        assert_eq!(tracker.progress(), Some(8));
        assert_eq!(tracker.progress(), None, "told already");
    }

    #[test]
    fn offsets_may_have_holes_and_step_back() {
        let mut tracker = Tracker::default();
        assert!(tracker.begin(0));
        assert!(tracker.begin(10));
        assert!(!tracker.begin(10), "in hand");
        tracker.finish(0);
        assert_eq!(tracker.progress(), Some(9));
        assert!(tracker.begin(3), "a step back is handled again");
        tracker.finish(10);
        assert_eq!(tracker.progress(), None, "and never moves the stored offset back");
        tracker.finish(3);
        assert_eq!(tracker.progress(), Some(10));
    }
}
