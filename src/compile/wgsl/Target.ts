/** What the compiler must know of an adapter. */

export interface Target {
  /** `tile`: workgroup-shared tiles, for GPUs. `subgroup`: no shared memory, no barriers, for drivers on the CPU. */
  readonly schedule: 'tile' | 'subgroup'
  /** Lanes of a subgroup; the `subgroup` schedule needs 4, 8 or 16. */
  readonly lanes: number
  /** Storage buffers that one kernel may bind. */
  readonly storageBuffers: number
  /** Bytes of one binding. */
  readonly bindingBytes: number
  /** Loads that may stand in the text of one kernel: compile time grows faster than their number on CPU drivers. */
  readonly staticLoads: number
  /** Rows, and elements in a row, from which on one thread or workgroup a row keeps the machine busy. */
  readonly fewest: { readonly rows: number; readonly columns: number }
}

/** What every adapter has. */
export const portable: Target = {
  schedule: 'tile',
  lanes: 32,
  storageBuffers: 8,
  bindingBytes: 128 * 2 ** 20,
  staticLoads: 30,
  fewest: { rows: 64, columns: 64 }
}
