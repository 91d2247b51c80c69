//! Sums of wavelets with learned translations, scales and weights; the derivatives are those in `kernels/wavelet.rs`.

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};
use crate::kernels::wavelet::{self as kernels, Wavelets};

/// A wavelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wavelet {
    /// `2/(√3·π^¼)·(u² - 1)·e^(-u²/2)`
    MexicanHat,
    /// `cos(5u)·e^(-u²/2)`
    Morlet,
    /// `-u·e^(-u²/2)`, the derivative of a Gaussian.
    Dog,
    /// Meyer's, without its scaling.
    Meyer,
    /// `sin(u)/u`
    Shannon,
}

impl Wavelet {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] =
        [Self::MexicanHat, Self::Morlet, Self::Dog, Self::Meyer, Self::Shannon];

    /// Its name in programs, which is upstream's.
    pub fn name(self) -> &'static str {
        match self {
            Self::MexicanHat => "mexican_hat",
            Self::Morlet => "morlet",
            Self::Dog => "dog",
            Self::Meyer => "meyer",
            Self::Shannon => "shannon",
        }
    }
}

/// Calls a kernel for a wavelet.
macro_rules! with {
    ($wavelet:expr, $kernel:ident($($arg:expr),*)) => {
        match $wavelet {
            Wavelet::MexicanHat => kernels::$kernel::<kernels::MexicanHat>($($arg),*),
            Wavelet::Morlet => kernels::$kernel::<kernels::Morlet>($($arg),*),
            Wavelet::Dog => kernels::$kernel::<kernels::Dog>($($arg),*),
            Wavelet::Meyer => kernels::$kernel::<kernels::Meyer>($($arg),*),
            Wavelet::Shannon => kernels::$kernel::<kernels::Shannon>($($arg),*),
        }
    };
}

/// Inputs: the numbers; translations, scales and weights.
struct WaveletSums {
    wavelet: Wavelet,
}

impl Op for WaveletSums {
    fn describe(&self) -> Description {
        Description::new("wavelet_sums").with("wavelet", self.wavelet.name())
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let [t, s, w] = [1, 2, 3].map(|i| x.data(i));
        let of = Wavelets { t, s, w, inputs: x.shape(0).last() };
        with!(self.wavelet, sums(x.compute(), x.data(0), of, out.data));
    }

    fn scratch(&self, x: &Inputs<'_>, _shape: super::Shape) -> usize {
        3 * x.shape(1).size()
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (inputs, each) = (b.input_shape(0).last(), b.input_shape(1).size());
        fn of<'a>(b: &'a Backward<'_>, inputs: usize) -> Wavelets<'a> {
            let [t, s, w] = [1, 2, 3].map(|i| b.input(i));
            Wavelets { t, s, w, inputs }
        }
        b.accumulate(0, |b, dx| {
            let given = [b.input(0), b.grad()];
            with!(self.wavelet, sums_input_grad(b.compute(), given, of(b, inputs), dx));
        });
        let mut grads = b.take_scratch(3 * each);
        grads[..3 * each].fill(0.0);
        let (dt, rest) = grads[..3 * each].split_at_mut(each);
        let (ds, dw) = rest.split_at_mut(each);
        let given = [b.input(0), b.grad()];
        with!(self.wavelet, sums_grad(b.compute(), given, of(b, inputs), [dt, ds, dw]));
        for (i, grad) in [dt, ds, dw].into_iter().enumerate() {
            b.accumulate(i + 1, |_, to| crate::kernels::elementwise::add_assign(to, grad));
        }
        b.give_scratch(grads);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// `y[b, o] = Σ w[o, l]·ψ((x[b, l] - t[o, l]) / s[o, l])`: of `[B, L]`, with translations `t`, scales `s` and weights `w`
    /// `[O, L]`, `[B, O]`.
    #[track_caller]
    pub fn wavelet_sums(self, wavelet: Wavelet, parameters: [Var<'t>; 3]) -> Self {
        let (x, [t, s, w]) = (self.shape(), parameters);
        let shapes = [t, s, w].map(Var::shape);
        assert!(x.rank() == 2 && shapes[0].rank() == 2 && shapes[0].last() == x.last());
        assert!(shapes.iter().all(|shape| *shape == shapes[0]), "wavelets of {shapes:?}");
        let shape = [x.dims()[0], shapes[0].dims()[0]];
        self.tape.record(WaveletSums { wavelet }, &[self, t, s, w], shape)
    }
}
