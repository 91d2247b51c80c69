//! Gradients of values used twice and of parameters, and replaying.

use super::*;

#[test]
fn a_value_used_twice_collects_both_gradients() {
    let tape = Tape::default();
    let x = tape.variable([3], &[1.0, -2.0, 3.0]);
    let y = (x * x + x).sum();
    assert_eq!(y.data()[0], 1.0 + 4.0 + 9.0 + 2.0);
    tape.backward(y, &mut Vec::new());
    assert_eq!(x.grad(), [3.0, -3.0, 7.0]);
}

#[test]
fn gradients_of_parameters_go_to_the_flat_buffer_and_add_up() {
    let tape = Tape::default();
    let params = Arc::new(vec![0.0, 2.0, 3.0]);
    let mut grads = vec![0.0; 3];
    for _ in 0..2 {
        tape.reset(&params, None);
        let w = tape.param(Param { offset: 1, shape: [2].into() });
        let x = tape.constant([2], &[10.0, 100.0]);
        tape.backward((w * x).sum(), &mut grads);
    }
    assert_eq!(grads, [0.0, 20.0, 200.0]);
}

#[test]
fn replaying_the_descriptors_gives_the_same_numbers() {
    let tape = Tape::default();
    let x = tape.variable([2, 3], &[0.1, -0.5, 2.0, 1.0, 0.0, -1.0]);
    let y = (x.tanh() * x).reshape([3, 2]).sum();
    let before = y.data()[0];
    tape.replay();
    assert_eq!(y.data()[0], before);
}
