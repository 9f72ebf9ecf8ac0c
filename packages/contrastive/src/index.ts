export { infoNCE } from './info-nce.ts';
export { alignment, uniformity } from './metrics.ts';
export {
  initProjector,
  type ProjectorConfig,
  type ProjectorLayer,
  type ProjectorParams,
  project,
} from './projector.ts';
