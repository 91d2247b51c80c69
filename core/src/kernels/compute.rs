//! What the caller of a kernel allows it to do.

/// What a kernel may do to be faster. It is passed from the training step to the tape, and from there to every kernel that
/// can make use of it.
///
/// The default allows nothing: one thread, products in f32. That is right for everything but training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compute {
    /// Whether kernels may split their work among the threads of the pool that they are called in. This does not
    /// change a result.
    pub shared: bool,
    /// Whether matrix products may round their factors to bfloat16, where that is faster.
    pub rounds: bool,
}
