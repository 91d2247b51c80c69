//! Scratch memory: buffers that grow, and their parts.

/// The first `len` numbers of a buffer, which grows to that length.
pub(super) fn grow(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}

/// Splits a buffer into consecutive pieces.
pub fn pieces<const N: usize>(mut buffer: &mut [f32], lengths: [usize; N]) -> [&mut [f32]; N] {
    lengths.map(|n| {
        let (head, tail) = std::mem::take(&mut buffer).split_at_mut(n);
        buffer = tail;
        head
    })
}
