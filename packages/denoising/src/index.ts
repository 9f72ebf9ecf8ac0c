export { noisePredictionLoss } from './noise-prediction-loss.ts';
