/** Numbers of the weights. */
export const DTYPES = ['fp32', 'fp16', 'int8'] as const;
export type Dtype = (typeof DTYPES)[number];

/** Who can open an exported folder. */
export const TARGETS = ['timm', 'transformers', 'transformers.js', 'onnx', 'safetensors'] as const;
export type Target = (typeof TARGETS)[number];

/** What a folder for a target is. */
type About = {
  /** Which numbers it may hold; the first unless asked. */
  readonly dtypes: readonly Dtype[];
  /** Whether kernels alone are rounded, and everything is computed in float32. */
  readonly onnx: boolean;
  /** The versions that open it, as the tests and goldens have seen. */
  readonly versions: string;
  /** The name of the library in a model card. */
  readonly library?: string;
  /** The language of {@link opening}. */
  readonly language: 'python' | 'js';
  /** How the other side opens it. */
  readonly opening: (folder: string) => readonly string[];
};

/** Every target: what its folder may hold, and how it is opened. */
export const ABOUT: Readonly<Record<Target, About>> = {
  timm: {
    dtypes: ['fp32', 'fp16'],
    onnx: false,
    versions: 'timm 1.0',
    library: 'timm',
    language: 'python',
    opening: (folder) => [
      'import timm',
      `model = timm.create_model('local-dir:${folder}', pretrained=True).eval()`,
      'transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))',
      "features = model(transform(image)[None])  # image: PIL.Image, mode 'RGB'",
      'tokens = model.forward_features(transform(image)[None])',
    ],
  },
  transformers: {
    dtypes: ['fp32', 'fp16'],
    onnx: false,
    versions: 'transformers 5',
    library: 'transformers',
    language: 'python',
    opening: (folder) => [
      'from transformers import ViTImageProcessor, ViTModel',
      `processor = ViTImageProcessor.from_pretrained('${folder}')`,
      `model = ViTModel.from_pretrained('${folder}', add_pooling_layer=False)`,
      "tokens = model(**processor(image, return_tensors='pt')).last_hidden_state",
      'features = tokens[:, 1:].mean(1)',
    ],
  },
  'transformers.js': {
    dtypes: ['int8', 'fp16'],
    onnx: true,
    versions: 'transformers.js 4',
    library: 'transformers.js',
    language: 'js',
    opening: (folder) => [
      "import { pipeline } from '@huggingface/transformers';",
      `const extract = await pipeline('image-feature-extraction', './${folder}', { dtype: 'fp32' });`,
      'const features = await extract(image, { pool: true });',
      'const tokens = await extract(image);',
    ],
  },
  onnx: {
    dtypes: ['fp32', 'fp16', 'int8'],
    onnx: true,
    versions: 'ONNX Runtime 1.13 or later',
    library: 'onnx',
    language: 'python',
    opening: (folder) => [
      'import onnxruntime',
      `session = onnxruntime.InferenceSession('${folder}/model.onnx')`,
      "tokens, features = session.run(None, {'pixel_values': pixels})  # float32 [batch, 3, height, width]",
    ],
  },
  safetensors: {
    dtypes: ['fp32', 'fp16'],
    onnx: false,
    versions: 'any reader of safetensors',
    language: 'python',
    opening: (folder) => [
      'from safetensors.numpy import load_file',
      `weights = load_file('${folder}/model.safetensors')`,
    ],
  },
};
