// The platforms that have a prebuilt addon, and which of them this machine is.
'use strict'

const { closeSync, openSync, readSync } = require('node:fs')

/** Platform package, without the scope, and the Rust target it is built for. */
const TARGETS = {
  'linux-x64-gnu': 'x86_64-unknown-linux-gnu',
  'linux-arm64-gnu': 'aarch64-unknown-linux-gnu',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'win32-x64-msvc': 'x86_64-pc-windows-msvc',
}

/** The name of this machine's platform, whether or not there is a package for it. */
function platform() {
  const { platform: os, arch } = process
  if (os === 'linux') return `linux-${arch}-${isGnu() ? 'gnu' : 'musl'}`
  return os === 'win32' ? `win32-${arch}-msvc` : `${os}-${arch}`
}

/** Whether this Linux has glibc: by the loader that Node's own file names, which a report takes milliseconds to tell. */
function isGnu() {
  const head = beginning(process.execPath)
  if (head.includes('/ld-linux')) return true
  return !head.includes('/ld-musl') && reportsGnu()
}

/** As much of a file as holds the name of its loader, unless it was rewritten. */
function beginning(path) {
  const head = Buffer.alloc(4096)
  let file
  try {
    file = openSync(path)
    readSync(file, head)
  } catch {
    return '' // not readable: others can tell
  } finally {
    if (file !== undefined) closeSync(file)
  }
  return head.latin1Slice()
}

function reportsGnu() {
  const { report } = process
  const { excludeNetwork } = report
  report.excludeNetwork = true // else it may look up the names of all connections
  try {
    return report.getReport().header.glibcVersionRuntime !== undefined
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

/** The file name of a platform's addon. */
const addon = (platform) => `neural-trader.${platform}.node`

module.exports = { TARGETS, platform, addon }
