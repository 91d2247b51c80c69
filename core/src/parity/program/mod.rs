//! Recorded programs as other software reads them: written to JSON, read back, and run by an interpreter that uses nothing
//! else of this crate.

mod models;
mod ops;

use std::collections::HashMap;

use serde_json::Value;

use super::assert_close;
use crate::tape::interpreter::{Array, run};
use crate::tape::{Program, Var};

/// A value as an array of the interpreter.
fn array(v: Var<'_>) -> Array {
    let data = v.data().iter().map(|x| f64::from(*x)).collect();
    Array { shape: v.shape().dims().to_vec(), data }
}

/// The inputs of a program, by id.
fn by_id(program: &Program, inputs: &[Array]) -> HashMap<usize, Array> {
    program.inputs.iter().map(|input| input.value.id).zip(inputs.iter().cloned()).collect()
}

/// Interprets a program: all its values, and its first output.
#[track_caller]
fn interpret(
    what: &str,
    program: &Program,
    parameters: &[f32],
    given: &HashMap<usize, Array>,
) -> (HashMap<usize, Array>, Vec<f32>) {
    let values = run(program, parameters, given).unwrap_or_else(|e| panic!("{what}: {e}"));
    let output = &values[&program.outputs[0].value.id];
    assert_eq!(output.shape, program.outputs[0].value.shape, "{what}");
    let numbers = output.data.iter().map(|x| *x as f32).collect();
    (values, numbers)
}

/// A program after a round trip through JSON.
fn reread(program: &Value) -> Program {
    serde_json::from_str(&program.to_string()).expect("a program is JSON")
}

/// Extrapolates descriptions at the sizes `n` and `m` to a third size: numbers that differ must be `a + b·size`.
#[track_caller]
fn at_size(what: &str, [one, two]: [&Value; 2], [n, m]: [i64; 2], size: i64) -> Value {
    match (one, two) {
        (Value::Array(one), Value::Array(two)) => {
            assert_eq!(one.len(), two.len(), "{what}: {one:?} at {n}, {two:?} at {m}");
            let pairs = one.iter().zip(two).enumerate();
            pairs.map(|(i, (a, b))| at_size(&format!("{what}.{i}"), [a, b], [n, m], size)).collect()
        }
        (Value::Object(one), Value::Object(two)) => {
            assert!(one.keys().eq(two.keys()), "{what}: {one:?} at {n}, {two:?} at {m}");
            let pairs = one.iter().zip(two.values());
            let of = |((key, a), b): ((&String, &Value), &Value)| {
                (key.clone(), at_size(&format!("{what}.{key}"), [a, b], [n, m], size))
            };
            Value::Object(pairs.map(of).collect())
        }
        _ if one == two => one.clone(),
        _ => {
            let (Some(a), Some(b)) = (one.as_i64(), two.as_i64()) else {
                panic!("{what}: {one} at {n}, {two} at {m}")
            };
            assert_eq!((b - a) % (m - n), 0, "{what}: {a} at {n}, {b} at {m}");
            (a + (b - a) / (m - n) * (size - n)).into()
        }
    }
}
