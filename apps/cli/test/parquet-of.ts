import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

/** Columns of images and one of classes, as the Hugging Face hub stores them. */
export type HubTable = {
  readonly columns: Readonly<Record<string, readonly (Uint8Array | null)[]>>;
  readonly labels?: readonly number[];
  readonly classes?: readonly string[];
  readonly rowGroupSize?: number;
};

/** Such a table as a Parquet file. */
export function parquetOf({ columns, labels, classes, rowGroupSize = 3 }: HubTable): Uint8Array {
  const names = Object.keys(columns);
  const writer = new ByteWriter();
  const features = { label: { _type: 'ClassLabel', names: classes } };
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: 'root', num_children: names.length + (labels ? 1 : 0) },
      ...names.flatMap(
        (name) =>
          [
            { name, num_children: 2, repetition_type: 'OPTIONAL' },
            { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
            {
              name: 'path',
              type: 'BYTE_ARRAY',
              converted_type: 'UTF8',
              repetition_type: 'OPTIONAL',
            },
          ] as const,
      ),
      ...(labels ? [{ name: 'label', type: 'INT64', repetition_type: 'REQUIRED' } as const] : []),
    ],
    kvMetadata: classes
      ? [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }]
      : [],
  });
  file.write({
    columnData: [
      ...names.map((name) => ({
        name,
        data: (columns[name] ?? []).map((bytes) => bytes && { bytes, path: 'a.png' }),
      })),
      ...(labels ? [{ name: 'label', data: labels.map(BigInt) }] : []),
    ],
    rowGroupSize,
  });
  file.finish();
  return new Uint8Array(writer.getBuffer());
}
