import { readFileSync, writeFileSync } from 'node:fs';
import { type LabelRow, labelPlot } from './label-plot.ts';

// draw-labels ROWS.json PLOT.svg: accuracy over the number of labels, each row a way to learn, a number of labels and the accuracies of its seeds.
const [rows, plot] = process.argv.slice(2);
if (rows === undefined || plot === undefined) {
  console.error('draw-labels: give the file of the rows and that of the plot');
  process.exit(2);
}
writeFileSync(plot, labelPlot(JSON.parse(readFileSync(rows, 'utf8')) as LabelRow[]));
console.log(plot);
