#!/usr/bin/env node
// The command line: finds the command, runs it, and sets the exit code.
'use strict'

const { parse, usage, version, UsageError } = require('./cli/usage.js')

const EXIT = { failed: 1, usage: 2, interrupted: 130 }

async function main(argv) {
  const { command, values, positionals } = parse(argv)
  if (values.version) return print(version())
  if (values.help || command === undefined) return print(usage(command))
  const stop = new AbortController()
  // Once, so that a second Ctrl-C kills the process.
  process.once('SIGINT', () => stop.abort())
  await require(`./cli/${command}.js`)({ values, positionals, signal: stop.signal })
}

function print(text) {
  process.stdout.write(`${text}\n`)
}

/** The message with `columns: { … }`, which is for programs, replaced by the arguments of the command line. */
function inArguments(message) {
  const flag = (_, role, name) => `--${role}-col ${/^[\w.-]+$/.test(name) ? name : `"${name}"`}`
  return message.replace(/columns: \{ ((?:\w+: '[^']*'(?:, )?)+) \}/, (_, pairs) =>
    pairs.replace(/(\w+): '([^']*)'/g, flag).replaceAll(', --', ' --'),
  )
}

function fail(error) {
  if (error?.name === 'AbortError') {
    process.stderr.write('interrupted; nothing was written\n')
    process.exitCode = EXIT.interrupted
    return
  }
  const message = inArguments(String(error?.message ?? error).replaceAll('\n', ' '))
  process.stderr.write(`error[${error?.code ?? 'ERR_NF_INTERNAL'}]: ${message}\n`)
  if (error instanceof UsageError)
    process.stderr.write(`try: neural-trader ${error.command ? `${error.command} ` : ''}--help\n`)
  process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.failed
}

// A reader that closes the pipe early, such as `head`, is not an error.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error
})
main(process.argv.slice(2)).then(
  () => process.removeAllListeners('SIGINT'),
  (error) => {
    process.removeAllListeners('SIGINT')
    fail(error)
  },
)
