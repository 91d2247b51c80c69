// Fails if an inner loop of a kernel writes a vector to the stack: the compiler then ran out of registers, and the loop waits for
// memory in every pass.
//
//   node scripts/check-inner-loops.mjs [file.s ...]
//
// Reads the assembly that rustc writes of core/src/kernels and of the products of bfloat16 in core/src/simd, or the files named: that
// of Linux, for x86-64 or AArch64 (scripts/test-neon.sh passes that of the cross compiler). A loop is checked if it multiplies and adds
// vectors and has no loop inside.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, root } from './steps.mjs'

/** How each architecture spells what is looked for, the instruction set of functions that name none, and the module of its bfloat16. */
const SYNTAX = {
  x64: {
    plain: null, // scalar code
    bf16: 'x86_bf16',
    jump: /^\tj\w+\s+(\.L\w+)/,
    multiplyAdd: /^\t(?:vfn?m(?:add|sub)\d+|vdpbf16)ps\s/,
    broadcast: /^\tvbroadcastss\s|\{1to\d+\}/,
    spill: /^\tvmov\w+\s+%[xyz]mm\d+, -?\w*\(%rsp[,)]/,
  },
  arm64: {
    plain: 'neon',
    bf16: 'neon_bf16',
    jump: /^\t(?:b\.\w+|b|cbn?z|tbn?z)\s.*?(\.L\w+)$/,
    multiplyAdd: /^\t(?:fml[as]|bfmmla|bfdot)\s+v\d+\.4s/,
    broadcast: /^\tld1r\s|\.s\[\d\]/,
    spill: /^\tst[rpu]r?\s+[qd]\d.*\[(?:sp|x29)/,
  },
}

/**
 * Files with loops that must be found, or nothing was checked: products, those of bfloat16 too, attention (where it is inlined too) and
 * recurrent cells.
 */
const REQUIRED = [/^gemm/, /_bf16$/, /^(online_softmax|attention)/, /^recurrent/]

/**
 * Kernels that keep an array of vectors at a variable index, which no registers hold: the recursion of Cox and de Boor keeps the last
 * spline of each order.
 */
const ARRAYS = [/^spline::/]

/** Instruction set and kernel of a mangled name, such as `avx2` and `gemm::gemm`; `null` for anything else. */
function kernelOf(symbol, { plain, bf16 }) {
  if (symbol.includes(`4simd${bf16.length}${bf16}`)) return { isa: 'bf16', name: bf16 }
  const isa = ['avx2', 'avx512'].find((isa) => symbol.includes(`4simd${isa.length}${isa}`)) ?? plain
  const path = symbol.indexOf('7kernels')
  if (!isa || path < 0) return null
  // Each name follows its length.
  const names = []
  let rest = symbol.slice(path + '7kernels'.length)
  for (let length = rest.match(/^\d+/); length && names.length < 2; length = rest.match(/^\d+/)) {
    const end = length[0].length + Number(length[0])
    names.push(rest.slice(length[0].length, end))
    rest = rest.slice(end)
  }
  return { isa, name: names.join('::') }
}

/** The loops of a function's lines that have no loop inside, as lists of instructions. */
function innerLoops(lines, { jump }) {
  const labels = new Map(
    lines.flatMap((line, at) => (/^\.L\w+:/.test(line) ? [[line.slice(0, line.indexOf(':')), at]] : [])),
  )
  const loops = lines.flatMap((line, end) => {
    const start = labels.get(line.match(jump)?.[1])
    return start !== undefined && start <= end ? [[start, end]] : []
  })
  const inside = ([start, end]) => loops.some(([s, e]) => s >= start && e <= end && (s !== start || e !== end))
  return loops.filter((loop) => !inside(loop)).map(([start, end]) => lines.slice(start, end + 1))
}

/** Faults of one file of assembly, and the kernels in which loops were checked. */
function check(assembly) {
  const lines = assembly.split('\n')
  const syntax = /^\t(?:\.arch\s+armv8|fmla\s)/m.test(assembly) ? SYNTAX.arm64 : SYNTAX.x64
  const faults = []
  const checked = []
  for (let at = 0; at < lines.length; at++) {
    const symbol = lines[at].match(/^(_R\w+):/)?.[1]
    const kernel = symbol && kernelOf(symbol, syntax)
    if (!kernel) continue
    const end = lines.findIndex((line, i) => i > at && line.startsWith(`.Lfunc_end`))
    for (const loop of innerLoops(lines.slice(at, end), syntax)) {
      const count = (what) => loop.filter((line) => what.test(line)).length
      const sums = count(syntax.multiplyAdd)
      if (sums === 0) continue
      checked.push(kernel)
      const spills = count(syntax.spill)
      if (spills === 0 || ARRAYS.some((name) => name.test(kernel.name))) continue
      const rows = count(syntax.broadcast)
      const tile =
        kernel.name === 'gemm::gemm' && rows > 0 ? `the tile of ${rows} × ${Math.round(sums / rows)}` : 'a loop'
      faults.push(
        `${kernel.name} on ${kernel.isa}: ${tile} (${sums} multiply-adds) writes ${spills} vectors to the stack`,
      )
    }
  }
  return { faults, checked }
}

/** The assembly of the kernels for this machine's architecture. */
function compiled() {
  const folder = join(root, 'target', 'kernels')
  run('sh', 'scripts/kernels-alone.sh', folder)
  const flags = ['--edition', '2024', '--crate-type', 'rlib', '-C', 'opt-level=3']
  execFileSync('rustc', [...flags, join(folder, 'half.rs'), '--out-dir', folder])
  const file = join(folder, 'kernels.s')
  const mangling = ['-C', 'codegen-units=1', '-C', 'symbol-mangling-version=v0', '--emit', 'asm']
  const half = ['--extern', `half=${join(folder, 'libhalf.rlib')}`]
  execFileSync('rustc', [...flags, ...mangling, ...half, join(folder, 'root.rs'), '-o', file])
  return file
}

const given = process.argv.slice(2)
const files = given.length || process.platform !== 'linux' ? given : [compiled()]
if (files.length === 0) console.log('inner loops are checked on Linux only')
for (const file of files) {
  const { faults, checked } = check(readFileSync(file, 'utf8'))
  const missing = REQUIRED.filter((name) => !checked.some((loop) => name.test(loop.name)))
  if (missing.length) faults.push(`no loop of ${missing.join(', ')} was found in ${file}`)
  for (const fault of faults) console.error(fault)
  if (faults.length) process.exitCode = 1
  const isas = [...new Set(checked.map(({ isa }) => isa))].map(
    (isa) => `${checked.filter((l) => l.isa === isa).length} on ${isa}`,
  )
  console.log(`inner loops checked: ${isas.join(', ')}`)
}
