// Not installed here: an optional peer dependency.
declare module '@tensorflow/tfjs-backend-webgpu';
