//! Small numbers for big values, so that a world is small and quick to compare.

/// Gives equal values the same number.
#[derive(Debug)]
pub(super) struct Interner<T> {
    values: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: vec![] }
    }
}

impl<T: PartialEq> Interner<T> {
    pub(super) fn number(&mut self, value: T) -> u16 {
        let known = self.values.iter().position(|known| *known == value);
        let number = known.unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        u16::try_from(number).expect("few distinct values")
    }

    pub(super) fn numbers(&mut self, values: impl IntoIterator<Item = T>) -> Vec<u16> {
        values.into_iter().map(|value| self.number(value)).collect()
    }

    pub(super) fn value(&self, number: u16) -> &T {
        &self.values[usize::from(number)]
    }
}
