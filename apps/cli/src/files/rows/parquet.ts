import { type RowStream, sizeOf } from './rows.ts';

/**
 * Numbers as a Parquet file: a column of names, and one of lists of float32 numbers.
 *
 * A list has all numbers of an image; the file's metadata has their shape as JSON under `shape`.
 *
 * @param stream the numbers
 * @returns the file, a row group for each piece
 */
export async function* parquetOf(stream: RowStream): AsyncGenerator<Uint8Array> {
  const { kind, names, shape, pieces } = stream;
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'name', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: kind, converted_type: 'LIST', num_children: 1, repetition_type: 'REQUIRED' },
      { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
      { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
    ],
    kvMetadata: [{ key: 'shape', value: JSON.stringify(shape) }],
    createdBy: 'twocan',
  });
  /** What was written since the last time; the writer counts on from there. */
  const taken = (): Uint8Array => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };
  const size = sizeOf(shape);
  for await (const { first, count, rows } of pieces) {
    const lists = Array.from({ length: count }, (_, i) => [
      ...rows.subarray(i * size, (i + 1) * size),
    ]);
    file.write({
      columnData: [
        { name: 'name', data: names.slice(first, first + count) },
        // Floats hardly repeat, and their bytes do not either.
        { name: kind, data: lists, encoding: 'PLAIN', codec: 'UNCOMPRESSED', statistics: false },
      ],
      rowGroupSize: count,
    });
    yield taken();
  }
  file.finish();
  yield taken();
}
