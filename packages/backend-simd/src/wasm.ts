// The part of WebAssembly's interface that we use: neither ES2023 nor Node's types declare it.

/** A linear memory. */
export type Memory = {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
};

/** A compiled module. */
export type Module = { readonly compiled?: never };

type Descriptor = { readonly initial: number; readonly maximum: number; readonly shared: boolean };

type Api = {
  readonly Memory: new (descriptor: Descriptor) => Memory;
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly compile: (bytes: Uint8Array) => Promise<Module>;
  readonly instantiate: (
    module: Module,
    imports: { readonly env: { readonly memory: Memory; readonly abort: () => never } },
  ) => Promise<{ readonly exports: unknown }>;
};

export const wasm: Api = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;
