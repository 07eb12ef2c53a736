/** Tests run in processes of their own (native GPU and ONNX libraries do not share one), two at a time. */
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

/** A file for the counts of a run, where something reads them. */
const report = process.env['FLUXION_TEST_REPORT']

/** The package by its own name is its source: nothing need be built. */
const conditions = ['fluxion-source', ...defaultServerConditions]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    setupFiles: ['test/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
    // `npm run coverage`: the layers that laws and device agreement are about; `test/coverage/layers.ts` says how much.
    coverage: {
      provider: 'v8',
      include: ['core', 'ops', 'autodiff', 'compile'].map((layer) => `src/${layer}/**/*.ts`),
      reporter: ['json', 'json-summary'],
      reportsDirectory: '.cache/coverage'
    }
  }
})
