//! Available memory: the minimum over the machine, the control group and the address space of the process.

#[cfg(feature = "io")]
use sysinfo::System;

/// Bytes that this process can still allocate.
#[cfg(feature = "io")]
pub fn available() -> usize {
    let mut system = System::new();
    system.refresh_memory();
    let machine = system.available_memory();
    // What the group holds of files does not count: the system gives it up for allocations, as it does for `machine`.
    let group = system.cgroup_limits().map(|limits| limits.total_memory.saturating_sub(limits.rss));
    let left = [Some(machine), group, address_space()].into_iter().flatten().min();
    usize::try_from(left.unwrap_or(u64::MAX)).unwrap_or(usize::MAX)
}

/// No limit, since without the feature `io` the system cannot be queried.
#[cfg(not(feature = "io"))]
pub fn available() -> usize {
    usize::MAX
}

/// The rest of the `ulimit -v` limit, less an eighth: threads and allocators reserve address space that they do not use.
#[cfg(all(feature = "io", target_os = "linux"))]
fn address_space() -> Option<u64> {
    let (limit, _) = rlimit::getrlimit(rlimit::Resource::AS).ok()?;
    if limit == rlimit::INFINITY {
        return None;
    }
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let taken = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let kib: u64 = taken.trim().strip_suffix(" kB")?.parse().ok()?; // see proc(5)
    Some(limit.saturating_sub(kib.saturating_mul(1024)) / 8 * 7)
}

#[cfg(all(feature = "io", not(target_os = "linux")))]
fn address_space() -> Option<u64> {
    None
}

#[cfg(all(test, feature = "io"))]
mod tests {
    #[test]
    fn there_is_some_memory_and_not_endless() {
        let left = super::available();
        assert!((16 << 20..1 << 46).contains(&left), "{left} bytes");
    }
}
