/** An argument of a kernel. */
export type Argument =
  | { readonly type: 'count'; readonly least: number }
  | { readonly type: 'code'; readonly functions: number }
  | { readonly type: 'flag' }
  | { readonly type: 'word' }
  | { readonly type: 'float' }
  | {
      readonly type: 'place';
      readonly access: 'read' | 'write' | 'update';
      readonly of: 'float' | 'int' | 'word' | 'byte';
      /** How many elements are touched, as an expression over the other arguments. */
      readonly extent: string;
      readonly optional: boolean;
    };

/** A kernel of the table. */
export type KernelOfTable = {
  readonly doc: string;
  /** Whether it is cut into tasks; its first two arguments are `items` and `chunk` then. */
  readonly cut: boolean;
  readonly arguments: Readonly<Record<string, Argument>>;
  /** Places that must be 0 where a flag is set. */
  readonly excludes?: readonly (readonly [place: string, flag: string])[];
  /** Places that must be 0 where another one is. */
  readonly needs?: readonly (readonly [place: string, other: string])[];
};

/** The kernels by name, in the order of their numbers. */
export const KERNELS: Readonly<Record<string, KernelOfTable>>;
