// What the WebAssembly engine makes of a product: a row of words of its own, which no other engine knows.

const word = (about) => ({ type: 'count', about });

export const PLANS = {
  productPlan: {
    doc: 'A product cut into tickets: some pack a slice of B, the others multiply the rows of a tile.',
    arguments: {
      transposeA: word(),
      transposeB: word(),
      m: word(),
      n: word(),
      k: word(),
      a: word(),
      lda: word(),
      b: word(),
      ldb: word(),
      c: word(),
      ldc: word(),
      bias: word(),
      derivative: word(),
      factorA: word('Bytes from A to its factor; 0 for none.'),
      factorB: word('Bytes from B to its factor; 0 for none.'),
      sums: word('Where the sums of each block of k go; 0 for nowhere.'),
      ring: word('Where groups of blocks of B lie.'),
      counters: word('Of each group: slices packed, tiles done; then of each tile, groups done.'),
      rows: word('Rows of a tile.'),
      columns: word('Columns of a tile.'),
      wide: word('Columns of a group.'),
      slice: word('Columns of a slice.'),
      groupsOfK: word('Groups that follow each other along k.'),
      groupsOfN: word('Groups next to each other along n.'),
      tickets: word(),
      ticketsOfTask: word('Tickets that one task takes.'),
      deep: word('Blocks of k in a group.'),
    },
  },
};
