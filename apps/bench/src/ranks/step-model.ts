/** What was measured of one machine and one model, and what its network can do. */
export type Measured = {
  /** Milliseconds of a training step for an image on one core. */
  readonly imageMillis: number;
  readonly cores: number;
  /** What share of the cores' speed is left when all of them work together. */
  readonly efficiency: number;
  /** Numbers of a model that are trained, and of an embedding. */
  readonly parameters: number;
  readonly embedding: number;
  /** Bits a second between two machines, and milliseconds until the first of them arrives. */
  readonly gigabits: number;
  readonly latencyMillis: number;
  /** What share of the gradients' sums goes on during the backward pass at no cost, as sums.js measures it. */
  readonly hidden: number;
  /** Floating-point operations a second of one core in products of matrices. */
  readonly coreGigaflops: number;
};

/** Milliseconds of the parts of one step. */
export type StepParts = {
  readonly images: number;
  readonly contrast: number;
  readonly embeddings: number;
  readonly gradients: number;
};

const BYTES = 4;
/** What share of a step's time is the backward pass: about twice the work of the forward pass. */
const BACKWARD = 2 / 3;

/**
 * The parts of a step of so many machines.
 *
 * A sum over all machines moves twice the bytes of its numbers through each of them, but for one share, in a ring or by
 * halves; what is gathered moves once. Only sums of gradients overlap anything: the backward pass, which hides no more than it
 * lasts.
 *
 * @param measured of one machine
 * @param machines how many
 * @param own images of each machine in a step
 * @returns milliseconds
 */
export function stepParts(measured: Measured, machines: number, own: number): StepParts {
  const { imageMillis, cores, efficiency, parameters, embedding } = measured;
  const { gigabits, latencyMillis, coreGigaflops, hidden } = measured;
  const speed = cores * efficiency;
  const rounds = Math.ceil(Math.log2(machines));
  const millis = (bytes: number): number => (8 * bytes) / (gigabits * 1e6);
  const gather = (bytes: number): number =>
    machines === 1 ? 0 : millis(bytes * (machines - 1)) + rounds * latencyMillis;
  const sum = (bytes: number): number =>
    machines === 1
      ? 0
      : millis((2 * bytes * (machines - 1)) / machines) + 2 * rounds * latencyMillis;
  const [rows, all] = [2 * own, 2 * own * machines];
  // Similarities, their two gradients, and those of the metric that shows a collapse.
  const operations = 4 * 2 * rows * all * embedding;
  const embedded = BYTES * rows * embedding;
  const images = (own * imageMillis) / speed;
  const gradients = sum(BYTES * parameters);
  return {
    images,
    contrast: operations / (speed * coreGigaflops * 1e6),
    embeddings: machines === 1 ? 0 : 2 * gather(embedded) + sum(embedded * machines),
    gradients: gradients - Math.min(hidden * gradients, BACKWARD * images),
  };
}

/** Milliseconds of a whole step. */
export const stepMillis = ({ images, contrast, embeddings, gradients }: StepParts): number =>
  images + contrast + embeddings + gradients;
