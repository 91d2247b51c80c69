//! The exogenous inputs of a model: numbers as they are, categories embedded. Upstream: `_base_model.py: _embed_stream`.

use super::Batch;
use crate::nn::{Embedding, Path};
use crate::tape::Var;
use crate::train::Train;

/// Values that are put together at once.
const AT_ONCE: usize = 16;

/// Exogenous columns of one kind.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// Names in the order in which batches have them: numbers first, then categories.
    pub(crate) columns: Vec<String>,
    /// How many of them are numbers.
    pub(crate) numbers: usize,
    embeddings: Vec<Embedding>,
}

impl Stream {
    fn new(path: &Path<'_>, list: &[String], train: &Train) -> Self {
        let (categories, numbers) = (&train.cat_exog_list, |c: &&String| !train.is_category(c));
        let mut columns: Vec<String> = list.iter().filter(numbers).cloned().collect();
        let numbers = columns.len();
        columns.extend(categories.iter().filter(|c| list.contains(c)).cloned());
        let embedding = |(i, column): (usize, &String)| {
            let count = train.cardinality(column);
            Embedding::new(&path.sub(i), count, train.cat_emb_dim.of(count))
        };
        let embeddings = columns[numbers..].iter().enumerate().map(embedding).collect();
        Self { columns, numbers, embeddings }
    }

    /// Columns as the network sees them: each category takes as many as its embedding has numbers.
    pub(crate) fn size(&self) -> usize {
        self.numbers + self.embeddings.iter().map(Embedding::size).sum::<usize>()
    }

    /// Embeds the categories of `x`, whose columns lie along `axis`.
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
    pub(crate) futr: Stream,
    /// Known until the forecast.
    pub(crate) hist: Stream,
    /// Constant in time.
    pub(crate) stat: Stream,
}

impl Streams {
    /// Declares the embeddings of all categories.
    pub(crate) fn new(path: &Path<'_>, train: &Train) -> Self {
        let stream = |name: &str, list| Stream::new(&path.sub(name), list, train);
        Self {
            hist: stream("hist_cat_embeddings", &train.hist_exog_list),
            futr: stream("futr_cat_embeddings", &train.futr_exog_list),
            stat: stream("stat_cat_embeddings", &train.stat_exog_list),
        }
    }

    /// What the network sees of a batch whose categories are numbers of categories.
    pub(crate) fn embed<'t>(&self, batch: &Batch<'t>) -> Batch<'t> {
        let last = |x: Var<'t>| x.shape().rank() - 1;
        Batch {
            futr_exog: batch.futr_exog.map(|x| self.futr.embed(x, last(x))),
            hist_exog: batch.hist_exog.map(|x| self.hist.embed(x, last(x))),
            stat_exog: batch.stat_exog.map(|x| self.stat.embed(x, last(x))),
            ..*batch
        }
    }
}
