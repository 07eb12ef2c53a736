/** The pure layers have no let, class, throw, this; folders of typed-array loops may loop. Layering is the compiler's job. */
import functional from 'eslint-plugin-functional'
import tseslint from 'typescript-eslint'

const pure = ['core', 'ops', 'interpret', 'autodiff', 'nn', 'optim', 'flow', 'compile', 'tmd', 'measure', 'inspect']
const numeric = [
  'src/core/Tensor.ts',
  'src/core/Key.ts',
  'src/core/Close.ts',
  'src/ops/contract.ts',
  'src/ops/reduce.ts',
  'src/ops/meaning/**',
  'src/measure/**',
  'src/data/**',
  'src/io/**'
]

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      'runs/**',
      '.cache/**',
      'examples/assets/**',
      'eslint.config.js',
      'vitest.config.ts'
    ]
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { '@typescript-eslint': tseslint.plugin, functional },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'prefer-const': 'error',
      'no-var': 'error',
      'functional/no-classes': 'error',
      'functional/no-this-expressions': 'error'
    }
  },
  {
    files: [...pure.map((layer) => `src/${layer}/**/*.ts`), 'laws/**/*.ts'],
    rules: { 'functional/no-throw-statements': 'error', 'functional/no-let': ['error', { allowInForLoopInit: true }] }
  },
  { files: numeric, rules: { 'functional/no-let': 'off' } }
)
