// The platforms that have a prebuilt addon, and the platform of this machine.
'use strict'

const { closeSync, openSync, readSync } = require('node:fs')

/** Platform packages, without the scope, and the Rust targets they are built for. */
const TARGETS = {
  'linux-x64-gnu': 'x86_64-unknown-linux-gnu',
  'linux-arm64-gnu': 'aarch64-unknown-linux-gnu',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'win32-x64-msvc': 'x86_64-pc-windows-msvc',
}

/** The name of this machine's platform, which may have no package. */
function platform() {
  const { platform: os, arch } = process
  if (os === 'linux') return `linux-${arch}-${isGnu() ? 'gnu' : 'musl'}`
  return os === 'win32' ? `win32-${arch}-msvc` : `${os}-${arch}`
}

/** Whether this Linux has glibc. Node's executable names its loader; a diagnostic report would take milliseconds. */
function isGnu() {
  const head = beginning(process.execPath)
  if (head.includes('/ld-linux')) return true
  return !head.includes('/ld-musl') && reportsGnu()
}

/** The beginning of a file, which has the name of the loader unless the file was modified. */
function beginning(path) {
  const head = Buffer.alloc(4096)
  let file
  try {
    file = openSync(path)
    readSync(file, head)
  } catch {
    return '' // not readable: the report decides
  } finally {
    if (file !== undefined) closeSync(file)
  }
  return head.latin1Slice()
}

function reportsGnu() {
  const { report } = process
  const { excludeNetwork } = report
  report.excludeNetwork = true // otherwise it may resolve the host names of all connections
  try {
    return report.getReport().header.glibcVersionRuntime !== undefined
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

/** The file name of a platform's addon. */
const addon = (platform) => `neural-trader.${platform}.node`

module.exports = { TARGETS, platform, addon }
