//! The exogenous inputs of a model: numeric columns unchanged, categorical ones embedded. Upstream: `_base_model.py:
//! _embed_stream`.

use super::{Batch, CommonOptions};
use crate::nn::{Embedding, Path};
use crate::tape::Var;

/// The most variables concatenated in one operation.
const AT_ONCE: usize = 16;

/// Exogenous columns of one kind.
#[derive(Debug, Default)]
pub(crate) struct InputStream {
    /// Names in the order that batches have: numeric columns first, then categorical ones.
    pub(crate) columns: Vec<String>,
    /// How many of them are numeric.
    pub(crate) numbers: usize,
    embeddings: Vec<Embedding>,
}

impl InputStream {
    fn new(path: &Path<'_>, list: &[String], common: &CommonOptions) -> Self {
        let (categories, numbers) = (&common.cat_exog_list, |c: &&String| !common.is_category(c));
        let mut columns: Vec<String> = list.iter().filter(numbers).cloned().collect();
        let numbers = columns.len();
        columns.extend(categories.iter().filter(|c| list.contains(c)).cloned());
        let embedding = |(i, column): (usize, &String)| {
            let count = common.cardinality(column);
            Embedding::new(&path.sub(i), count, common.cat_emb_dim.of(count))
        };
        let embeddings = columns[numbers..].iter().enumerate().map(embedding).collect();
        Self { columns, numbers, embeddings }
    }

    /// Input channels of the network: a categorical column takes as many as its embedding size.
    pub(crate) fn size(&self) -> usize {
        self.numbers + self.embeddings.iter().map(Embedding::size).sum::<usize>()
    }

    /// Embeds the categorical columns of `x`, which lie along `axis`.
    fn embed<'t>(&self, x: Var<'t>, axis: usize) -> Var<'t> {
        if self.embeddings.is_empty() {
            return x;
        }
        let mut parts = [x; AT_ONCE];
        let mut count = 0;
        let mut add = |part: Var<'t>| {
            if count == AT_ONCE {
                (parts[0], count) = (Var::concat(&parts, axis), 1);
            }
            parts[count] = part;
            count += 1;
        };
        if self.numbers > 0 {
            add(x.slice(axis, 0, self.numbers));
        }
        let (outer, _, inner) = x.shape().around(axis);
        for (i, embedding) in self.embeddings.iter().enumerate() {
            let codes = x.slice(axis, self.numbers + i, 1).reshape([outer, inner]);
            let rows = embedding.forward(codes).transpose(); // [outer, E, inner]
            add(rows.reshape(x.shape().with(axis, embedding.size())));
        }
        if count == 1 { parts[0] } else { Var::concat(&parts[..count], axis) }
    }
}

/// All exogenous columns of a model.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// Known in advance.
    pub(crate) futr: InputStream,
    /// Known up to the forecast origin.
    pub(crate) hist: InputStream,
    /// Static.
    pub(crate) stat: InputStream,
}

impl Streams {
    /// Declares the embeddings of all categorical columns.
    pub(crate) fn new(path: &Path<'_>, common: &CommonOptions) -> Self {
        let stream = |name: &str, list| InputStream::new(&path.sub(name), list, common);
        Self {
            hist: stream("hist_cat_embeddings", &common.hist_exog_list),
            futr: stream("futr_cat_embeddings", &common.futr_exog_list),
            stat: stream("stat_cat_embeddings", &common.stat_exog_list),
        }
    }

    /// The network's view of a batch whose categories are given as codes; see [`Batch`] for the shapes.
    pub(crate) fn embed<'t>(&self, batch: &Batch<'t>, multivariate: bool) -> Batch<'t> {
        let axis = if multivariate { 1 } else { 2 };
        Batch {
            futr_exog: batch.futr_exog.map(|x| self.futr.embed(x, axis)),
            hist_exog: batch.hist_exog.map(|x| self.hist.embed(x, axis)),
            stat_exog: batch.stat_exog.map(|x| self.stat.embed(x, 1)),
            ..*batch
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::models::{Cardinalities, CatEmbDim};
    use crate::nn::Params;
    use crate::tape::Tape;

    /// `count` categorical columns after the numeric columns `a` and `b`.
    fn stream(params: &Params, count: usize) -> InputStream {
        let categories: Vec<String> = (0..count).map(|i| format!("c{i}")).collect();
        let common = CommonOptions {
            categorical_cardinalities: Cardinalities(
                categories.iter().map(|c| (c.clone(), 3)).collect(),
            ),
            cat_emb_dim: CatEmbDim::Size(2),
            cat_exog_list: categories.clone(),
            ..CommonOptions::default()
        };
        let mut list = categories;
        list.insert(0, "a".into());
        list.push("b".into());
        InputStream::new(&params.root(), &list, &common)
    }

    #[test]
    fn numbers_come_first_and_categories_become_wider() {
        let params = Params::default();
        let stream = stream(&params, 2);
        assert_eq!(stream.columns, ["a", "b", "c0", "c1"]);
        assert_eq!((stream.numbers, stream.size()), (2, 6));
        let names: Vec<String> = params.into_entries().into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["0.weight", "1.weight"]);
    }

    #[test]
    fn columns_along_any_axis_are_embedded_however_many_there_are() {
        for count in [1, 15, 40] {
            let params = Params::default();
            let stream = stream(&params, count);
            let values = (0..params.size()).map(|i| (i as f32).sin()).collect();
            let tape = Tape::default();
            tape.reset(&Arc::new(values), None);
            let (width, steps) = (2 + count, 5);
            let data: Vec<f32> = (0..2 * steps * width).map(|i| (i * 7 % 4) as f32).collect();
            let x = tape.constant([2, steps, width], &data);
            let last = stream.embed(x, 2);
            assert_eq!(last.shape().dims(), [2, steps, stream.size()]);
            let middle = stream.embed(x.transpose(), 1).transpose();
            assert_eq!(middle.data()[..], last.data()[..], "{count}");
            let [embedded, given] = [last, x].map(|v| v.slice(2, 0, 2));
            assert_eq!(embedded.data()[..], given.data()[..]);
        }
    }
}
