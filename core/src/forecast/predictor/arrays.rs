//! A predictor's windows and forecasts as `ndarray` arrays, with checked shapes.

use ndarray::{Array, ArrayView, ArrayView2, CowArray, Dimension, IxDyn};

use super::inputs::Input;
use super::{Predictor, WindowExog};
use crate::Result;

/// [`WindowExog`] as arrays, for a target of `D` dimensions. `None` if the model takes none.
#[derive(Clone, Debug)]
pub struct WindowArrays<'a, D: Dimension> {
    /// The columns of `futrExogList` over input and horizon: `[n, L + h, F]`; `[n, N, L + h, F]` for a multivariate model.
    pub futr: Option<ArrayView<'a, f32, D::Larger>>,
    /// The columns of `histExogList` over the input: `[n, L, X]`; `[n, N, L, X]` for a multivariate model.
    pub hist: Option<ArrayView<'a, f32, D::Larger>>,
    /// The columns of `statExogList`: `[n, S]`; `[N, S]` for a multivariate model.
    pub stat: Option<ArrayView2<'a, f32>>,
}

impl<D: Dimension> Default for WindowArrays<'_, D> {
    fn default() -> Self {
        Self { futr: None, hist: None, stat: None }
    }
}

impl Predictor {
    /// [`Predictor::predict`] with arrays: windows `[n, L]` give a forecast `[n, h, outputs]`, and windows `[n, N, L]` of a
    /// multivariate model give `[n, N, h, outputs]`. Windows may be views of a longer array; the forecast is a new one.
    pub fn predict_arrays<D: Dimension>(
        &mut self,
        y: ArrayView<'_, f32, D>,
        exog: WindowArrays<'_, D>,
    ) -> Result<Array<f32, D::Larger>> {
        let mut shape = y.shape().to_vec();
        let windows = shape.first().copied().unwrap_or(0);
        let [y, futr, hist, stat] = [
            shaped(&self.y, Some(y), windows)?,
            shaped(&self.futr, exog.futr, windows)?,
            shaped(&self.hist, exog.hist, windows)?,
            shaped(&self.stat, exog.stat, windows)?,
        ];
        let exog = WindowExog { futr: numbers(&futr), hist: numbers(&hist), stat: numbers(&stat) };
        self.give(numbers(&y), exog)?;
        let mut out = vec![0.0; windows * self.forecast_size()];
        self.forecast(&mut out)?;
        shape.pop(); // the steps of the input
        shape.extend([self.h(), self.outputs().len()]);
        let forecast = Array::from_shape_vec(IxDyn(&shape), out).expect("as many as there are");
        Ok(forecast.into_dimensionality().expect("one axis more than the windows"))
    }
}

/// A contiguous array of any rank.
type Rows<'a> = CowArray<'a, f32, IxDyn>;

/// The array given for an input, if any, contiguous and with its shape checked.
fn shaped<'a, D: Dimension>(
    input: &Input,
    given: Option<ArrayView<'a, f32, D>>,
    windows: usize,
) -> Result<Option<Rows<'a>>> {
    let Some(given) = given else { return Ok(None) };
    input.check_shape(given.shape(), windows)?;
    let given = given.into_dyn();
    Ok(Some(match given.is_standard_layout() {
        true => given.into(),
        false => given.as_standard_layout().into_owned().into(),
    }))
}

fn numbers<'a>(rows: &'a Option<Rows<'_>>) -> &'a [f32] {
    rows.as_ref().map_or(&[], |rows| rows.as_slice().expect("contiguous"))
}
