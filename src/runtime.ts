/** Where programs run: WebGPU, ONNX on the CPU, and the reference in double precision. */
export * from './runtime/device.ts'
export * from './runtime/choose.ts'
export * from './runtime/open.ts'
export * from './runtime/steps.ts'
export { defaults as onnxDefaults, onnx, type OnnxOptions } from './runtime/onnx/device.ts'
export { reference } from './runtime/reference/device.ts'
export { openWebgpu, type Driver } from './runtime/webgpu/node.ts'
