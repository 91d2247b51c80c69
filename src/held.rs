//! What V8 knows of the memory that objects of ours hold outside of its heap: so it collects those that nobody has any more.

use std::sync::atomic::{AtomicI64, Ordering};

use napi::bindgen_prelude::*;

/// Bytes that V8 was told of for one object.
#[derive(Default)]
pub(crate) struct Held(AtomicI64);

impl Held {
    /// Says how many bytes the object holds now. Runs on the JavaScript thread.
    pub(crate) fn tell(&self, env: &Env, bytes: usize) -> Result<()> {
        let now = i64::try_from(bytes).unwrap_or(i64::MAX);
        let before = self.0.swap(now, Ordering::Relaxed);
        if now != before {
            env.adjust_external_memory(now - before)?;
        }
        Ok(())
    }
}
