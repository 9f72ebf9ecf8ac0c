/** Work that can take more than a moment: rows of features, neighbours of rows, the two parts of a map. */
export type Work = 'features' | 'neighbours' | 'map-neighbours' | 'map-layout';

/** Called when some work begins; what it returns is called as the work goes on, last with `done` = `total`. */
export type Progress = (work: Work) => (done: number, total: number) => void;

/** Reports nothing. */
export const silent: Progress = () => () => undefined;
