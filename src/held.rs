//! Reports to V8 the memory that our objects hold outside its heap, so that it collects those no longer referenced in time.

use std::sync::atomic::{AtomicI64, Ordering};

use napi::bindgen_prelude::*;

/// The bytes last reported to V8 for an object.
#[derive(Default)]
pub(crate) struct Held(AtomicI64);

impl Held {
    /// Reports how many bytes the object holds now. Runs on the JavaScript thread.
    pub(crate) fn tell(&self, env: &Env, bytes: usize) -> Result<()> {
        let now = i64::try_from(bytes).unwrap_or(i64::MAX);
        let before = self.0.swap(now, Ordering::Relaxed);
        if now != before {
            env.adjust_external_memory(now - before)?;
        }
        Ok(())
    }
}
