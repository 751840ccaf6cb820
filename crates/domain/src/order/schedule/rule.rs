//! What a schedule must keep to mean something.

use crate::words::words;

words! {
    /// A rule that a schedule breaks.
    pub enum ScheduleRule {
        /// The interval is none, or longer than anybody needs.
        IntervalOutOfRange = "interval-out-of-range",
        /// It ends before it starts.
        EndBeforeStart = "end-before-start",
        /// It is to be due no times, or more often than can be counted.
        CountOutOfRange = "count-out-of-range",
        /// It has two ends.
        EndAndCount = "end-and-count",
        /// What is due once has no end.
        EndWithoutInterval = "end-without-interval",
        /// What is due once is not counted.
        CountWithoutInterval = "count-without-interval",
        /// It starts after the last year.
        StartTooFar = "start-too-far",
        /// It ends after the last year.
        EndTooFar = "end-too-far",
    }
}

impl ScheduleRule {
    /// The field that breaks it, as a JSON pointer within the schedule.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::IntervalOutOfRange => "/every/number",
            Self::EndBeforeStart | Self::EndWithoutInterval | Self::EndTooFar => "/endDate",
            Self::CountOutOfRange | Self::EndAndCount | Self::CountWithoutInterval => "/count",
            Self::StartTooFar => "/startDate",
        }
    }

    /// What would be right.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::IntervalOutOfRange => "an interval is 1 to 1000 days, weeks, months or years",
            Self::EndBeforeStart => "the last day must not be before the first one",
            Self::CountOutOfRange => "an order is due 1 to 100000 times",
            Self::EndAndCount => "an order has a last day or a count, not both",
            Self::EndWithoutInterval => "an order without an interval is due once: it has no last day",
            Self::CountWithoutInterval => "an order without an interval is due once: it has no count",
            Self::StartTooFar | Self::EndTooFar => "the last year is 9999",
        }
    }
}
