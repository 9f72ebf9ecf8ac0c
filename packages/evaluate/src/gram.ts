/** XᵀX of `[M, D]` in float64. */
export function columnGram(x: Float32Array, width: number): Float64Array {
  const gram = new Float64Array(width * width);
  for (let start = 0; start < x.length; start += width) {
    for (let i = 0; i < width; i++) {
      const own = x[start + i] as number;
      for (let j = 0; j <= i; j++) {
        gram[i * width + j] = (gram[i * width + j] as number) + own * (x[start + j] as number);
      }
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) gram[j * width + i] = gram[i * width + j] as number;
  }
  return gram;
}

/** XXᵀ of `[M, D]` in float64. */
export function rowGram(x: Float32Array, rows: number): Float64Array {
  const width = x.length / rows;
  const gram = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let c = 0; c < width; c++) {
        sum += (x[i * width + c] as number) * (x[j * width + c] as number);
      }
      gram[i * rows + j] = sum;
      gram[j * rows + i] = sum;
    }
  }
  return gram;
}
