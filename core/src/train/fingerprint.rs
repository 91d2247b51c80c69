//! A hash of the training data, so that the state of an interrupted run is not resumed on other data.

use crate::data::{Ids, Panel};

/// Hashes all values of a panel and the validation size. The same on every machine.
pub(crate) fn fingerprint(panel: &Panel, val_size: usize) -> u64 {
    let mut sum = Sum(0xcbf2_9ce4_8422_2325);
    sum.add(val_size as u64);
    match &panel.ids {
        Ids::Int(ids) => ids.iter().for_each(|id| sum.add(*id as u64)),
        Ids::Text(ids) => ids.iter().for_each(|id| sum.text(id)),
    }
    panel.indptr.iter().for_each(|i| sum.add(*i as u64));
    panel.times.iter().for_each(|t| sum.add(*t as u64));
    for (name, values) in panel.temporal.iter().chain(&panel.statics) {
        sum.text(name);
        values.iter().for_each(|v| sum.add(v.to_bits()));
    }
    for weights in std::iter::once(&panel.mask).chain(&panel.weight) {
        weights.iter().for_each(|w| sum.add(w.to_bits().into()));
    }
    sum.0
}

/// FNV-1a on 64-bit words, with a shift that mixes high bits into low ones.
struct Sum(u64);

impl Sum {
    fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }

    fn text(&mut self, text: &str) {
        self.add(text.len() as u64);
        text.bytes().for_each(|b| self.add(b.into()));
    }
}
