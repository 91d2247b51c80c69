// Tests of the door: forks, because a native addon loads once per process.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['__test__/**/*.spec.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\/js\//] } }, // loaded by Node.js as users load it, not rewritten by vite
  },
})
