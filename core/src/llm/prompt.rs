//! The prompt of a window: a sentence about the task, and statistics of the normalized window in Python's spelling.
//! Upstream: `models/timellm.py: TimeLLM.forecast`.
//!
//! Statistics are computed in f64 from the values of the window in f32. Upstream computes the mean in f32, so the last digits in its
//! prompts depend on the order of its sums and on the rounding of its square root. Windows of `L` steps correlate equally at the lags `k` and `L - k`; upstream
//! orders such lags by the rounding errors of its Fourier transform. Here the smaller one comes first, and so it does where
//! correlations differ by less than a billionth of that at lag 0.

use realfft::RealFftPlanner;

/// What RevIN adds to a variance.
const EPS: f32 = 1e-5;

/// The parts of a prompt that are the same for all windows.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    head: String,
    lags: usize,
}

/// What a prompt says of a window.
struct Statistics {
    least: f32,
    most: f32,
    median: f32,
    lags: Vec<usize>,
    rises: bool,
}

impl Prompt {
    /// For forecasts of `h` steps from `input` known ones, with this many lags. Without a prefix, upstream writes `None`.
    pub(crate) fn new(prefix: Option<&str>, [h, input]: [usize; 2], lags: usize) -> Self {
        let prefix = prefix.unwrap_or("None");
        let head = format!(
            "<|start_prompt|>{prefix}Task description: forecast the next {h} steps given the previous {input} steps \
             information; Input statistics: min value "
        );
        Self { head, lags }
    }

    /// What all prompts begin with.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    /// The most bytes that follow the head.
    pub(crate) fn longest_rest(&self, input: usize) -> usize {
        // A negative number of 17 digits with a point and an exponent.
        let number = "-1.1754943508222875e-38".len();
        let lags = format!("{input}, ").len().saturating_mul(self.lags);
        let sentence = self.rest(["", "", ""], false, "");
        sentence.len() + 3 * number + lags
    }

    /// The prompt of a window, which is not normalized yet.
    pub(crate) fn text(&self, window: &[f32]) -> String {
        let of = Statistics::new(&normalized(window), self.lags);
        let numbers = [of.least, of.most, of.median].map(python_float);
        let lags: Vec<String> = of.lags.iter().map(usize::to_string).collect();
        let [least, most, median] = &numbers;
        self.head.clone() + &self.rest([least, most, median], of.rises, &lags.join(", "))
    }

    /// What follows the head. It says `top 5` however many lags there are, as upstream.
    fn rest(&self, [least, most, median]: [&str; 3], rises: bool, lags: &str) -> String {
        let trend = if rises { "upward" } else { "downward" };
        format!(
            "{least}, max value {most}, median value {median}, the trend of input is {trend}, top 5 lags are : \
             [{lags}]<|<end_prompt>|>"
        )
    }
}

/// Mean 0 and variance 1, as RevIN.
fn normalized(window: &[f32]) -> Vec<f32> {
    let count = window.len().max(1) as f64;
    let mean = window.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let variance = window.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count;
    let (mean, deviation) = (mean as f32, (variance as f32 + EPS).sqrt());
    window.iter().map(|v| (v - mean) / deviation).collect()
}

impl Statistics {
    fn new(x: &[f32], lags: usize) -> Self {
        let mut sorted = x.to_vec();
        sorted.sort_by(f32::total_cmp);
        let median = sorted[(x.len() - 1) / 2]; // of two in the middle, the smaller
        Self {
            least: sorted[0],
            most: sorted[x.len() - 1],
            median,
            lags: top_lags(x, lags),
            rises: x[x.len() - 1] > x[0],
        }
    }
}

/// The number of lags that a window of this length has: as upstream, one less than steps if these are odd.
pub(crate) fn lags_of(steps: usize) -> usize {
    steps - steps % 2
}

/// The lags at which a window correlates most with itself, as a circle.
fn top_lags(x: &[f32], count: usize) -> Vec<usize> {
    let mut planner = RealFftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(x.len());
    let mut wide: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
    let mut power = forward.make_output_vec();
    forward.process(&mut wide, &mut power).expect("lengths agree");
    power.iter_mut().for_each(|v| *v = v.norm_sqr().into());
    let lags = lags_of(x.len());
    let inverse = planner.plan_fft_inverse(lags);
    let mut correlations = inverse.make_output_vec();
    inverse.process(&mut power, &mut correlations).expect("a spectrum of real numbers");
    let unit = correlations[0].max(f64::MIN_POSITIVE) / 1e9;
    let at = |lag: &usize| (correlations[*lag.min(&(lags - lag))] / unit).round();
    let mut order: Vec<usize> = (0..lags).collect();
    order.sort_by(|a, b| at(b).total_cmp(&at(a)));
    order.truncate(count);
    order
}

/// A number as Python's `str(float(x))` writes it: the shortest digits that are read as the same f64, rounded to even.
fn python_float(x: f32) -> String {
    let x = f64::from(x);
    // Where two numbers of the fewest digits are equally near, `{:e}` takes the larger one; with a precision, the even one.
    let shortest = format!("{x:e}");
    let precision = shortest.find('.').zip(shortest.find('e')).map_or(0, |(dot, e)| e - dot - 1);
    let text = format!("{x:.precision$e}");
    let (number, exponent) = text.split_once('e').expect("a number with an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent of a number");
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{number}e{sign}{:02}", exponent.abs());
    }
    let sign = if number.starts_with('-') { "-" } else { "" };
    let mut digits = number.replace(['-', '.'], "");
    let zeros = "0".repeat(exponent.unsigned_abs() as usize);
    if exponent < 0 {
        digits.insert_str(0, &zeros);
    }
    let whole = exponent.max(0) as usize + 1;
    while digits.len() <= whole {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at(whole);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_as_in_python() {
        for (x, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.10000000149011612"),
            (-1.560_487_9, "-1.5604878664016724"),
            (123_456.79, "123456.7890625"),
            (1.813_301_1, "1.8133010864257812"), // not ..13, which is as near
            (0.5, "0.5"),
            (-123.0, "-123.0"),
            (1e-4, "9.999999747378752e-05"),
            (0.000_122_070_31, "0.0001220703125"),
            (0.000_061_035_156, "6.103515625e-05"),
            (1e-5, "9.999999747378752e-06"),
            (9_007_199_254_740_992.0, "9007199254740992.0"),
            (18_014_398_509_481_984.0, "1.8014398509481984e+16"),
            (1e15, "999999986991104.0"),
            (f32::MAX, "3.4028234663852886e+38"),
            (f32::MIN_POSITIVE, "1.1754943508222875e-38"),
            (1.907_348_6e-6, "1.9073486328125e-06"),
            (2f32.powi(-100), "7.888609052210118e-31"),
        ] {
            assert_eq!(python_float(x), expected);
        }
    }

    #[test]
    fn lags_that_correlate_equally_are_in_order() {
        let wave: Vec<f32> = (0..24).map(|t| (t % 6) as f32 - 2.5).collect();
        assert_eq!(top_lags(&wave, 5), [0, 6, 12, 18, 1]);
        assert_eq!(top_lags(&[0.0; 7], 6), [0, 1, 2, 3, 4, 5]);
        assert_eq!(top_lags(&[1.0, -1.0], 2), [0, 1]);
    }

    #[test]
    fn a_prompt_is_no_longer_than_announced() {
        let prompt = Prompt::new(Some("Sales. "), [3, 120], 5);
        let window: Vec<f32> = (0..120).map(|t| (t as f32 * 1.7).sin() * 1e-3 - 1e-3).collect();
        let text = prompt.text(&window);
        assert!(text.starts_with(prompt.head()) && text.ends_with("]<|<end_prompt>|>"), "{text}");
        let rest = text.len() - prompt.head().len();
        assert!(rest <= prompt.longest_rest(120) && rest + 40 > prompt.longest_rest(120), "{rest}");
    }
}
