/** Laws draw from one fixed seed, so that a run can be repeated. `FC_SEED=7` takes another, `FC_SEED=random` a new one. */
import * as fc from 'fast-check'

const wanted = process.env['FC_SEED'] ?? '20260109'

fc.configureGlobal(wanted === 'random' ? {} : { seed: Number(wanted) })
