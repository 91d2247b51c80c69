//! How many physical cores this process may use: the default number of threads of a run. The hardware threads of a core share
//! its arithmetic units, which one thread of products fills.

/// Physical cores that this process may use, or processors where the system does not tell its cores.
pub(crate) fn usable() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    physical().unwrap_or(processors).clamp(1, processors)
}

/// Cores of the processors that the process is allowed to run on.
#[cfg(target_os = "linux")]
fn physical() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    distinct(allowed, |cpu| {
        let topology = format!("/sys/devices/system/cpu/cpu{cpu}/topology");
        std::fs::read_to_string(format!("{topology}/thread_siblings_list")).ok()
    })
}

/// The fast cores; a run waits for its slowest thread.
#[cfg(target_os = "macos")]
fn physical() -> Option<usize> {
    use sysctl::{Ctl, Sysctl};
    let count = |name| Ctl::new(name).ok()?.value_string().ok()?.trim().parse().ok();
    count("hw.perflevel0.physicalcpu").or_else(|| count("hw.physicalcpu"))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn physical() -> Option<usize> {
    sysinfo::System::physical_core_count()
}

/// The number of cores of a list of processors such as `0-3,8`. `siblings` names all processors of the core of one; `None` where
/// that is not known of any.
#[cfg(any(target_os = "linux", test))]
fn distinct(list: &str, siblings: impl Fn(usize) -> Option<String>) -> Option<usize> {
    let mut cores = std::collections::BTreeSet::new();
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        for cpu in first.parse::<usize>().ok()?..=last.parse().ok()? {
            cores.extend(siblings(cpu).map(|core| core.trim().to_string()));
        }
    }
    Some(cores.len()).filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four cores of two hardware threads each: 0 and 4, 1 and 5, and so on.
    fn siblings(cpu: usize) -> Option<String> {
        (cpu < 8).then(|| format!("{},{}\n", cpu % 4, cpu % 4 + 4))
    }

    #[test]
    fn hardware_threads_of_a_core_count_once() {
        assert_eq!(distinct("\t0-7\n", siblings), Some(4));
        assert_eq!(distinct("0,4", siblings), Some(1));
        assert_eq!(distinct("0-2,5", siblings), Some(3));
        assert_eq!(distinct("3", siblings), Some(1));
    }

    #[test]
    fn what_is_not_known_is_not_counted() {
        assert_eq!(distinct("0-15", siblings), Some(4), "processors that are off");
        assert_eq!(distinct("0-1", |_| None), None);
        assert_eq!(distinct("", siblings), None);
        assert_eq!(distinct("all", siblings), None);
    }

    #[test]
    fn there_is_at_least_one_and_no_more_than_processors() {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        assert!((1..=processors).contains(&usable()));
    }
}
