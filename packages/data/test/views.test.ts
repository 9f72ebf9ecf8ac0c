import { expectClose } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import {
  applyPlan,
  type ColourChange,
  changeColour,
  cropResize,
  gaussianBlur,
  type Operation,
  toGrey,
  type ViewPlan,
} from '../src/index.ts';
import golden from './golden/torchvision.json' with { type: 'json' };
import { flatPicture, numberedPicture } from './pictures.ts';

const picture = numberedPicture(golden.width, golden.height);
const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
const base = (): Float32Array => cropResize(picture, whole, 8, false);
const close = { rtol: 0, atol: 3e-6 };
const plain: ViewPlan = { crop: whole, flip: false, operations: [], grey: false, sigma: 0 };

describe('against torchvision', () => {
  it('cuts and resizes: smaller, larger, and both at once', () => {
    expect(golden.resize).toHaveLength(4);
    for (const { crop, size, pixels } of golden.resize) {
      const [x, y, width, height] = crop as [number, number, number, number];
      expectClose(cropResize(picture, { x, y, width, height }, size, false), pixels, close);
    }
  });

  it('changes brightness, contrast, saturation and hue', () => {
    expect(golden.colour).toHaveLength(14);
    for (const { kind, amount, pixels } of golden.colour) {
      const own = base();
      changeColour(own, { kind, amount } as ColourChange);
      expectClose(own, pixels, close, `${kind} ${amount}`);
    }
  });

  it('shears, shifts, turns and sharpens', () => {
    expect(golden.spatial).toHaveLength(12);
    for (const { kind, amount, pixels } of golden.spatial) {
      const plan = { ...plain, operations: [{ kind, amount } as Operation] };
      expectClose(applyPlan(picture, plan, 8), pixels, close, `${kind} ${amount}`);
    }
  });

  it('equalizes, and leaves small pictures as PIL does', () => {
    expect(golden.equalize).toHaveLength(2);
    for (const { size, divisor, pixels } of golden.equalize) {
      const { data } = numberedPicture(size, size);
      const own = Float32Array.from(data, (x) => Math.floor(x / divisor) / 255);
      changeColour(own, { kind: 'equalize', amount: 0 });
      expectClose(
        own,
        pixels.map((value) => value / 255),
        close,
      );
    }
    const small = base();
    changeColour(small, { kind: 'equalize', amount: 0 });
    expect(small).toEqual(base());
  });

  it("makes the dark half lighter, as timm's solarize_add", () => {
    const { amount, pixels } = golden.solarize_add;
    const own = base().map((x) => Math.round(255 * x) / 255);
    changeColour(own, { kind: 'solarizeAdd', amount: amount / 255 });
    expectClose(own, pixels, close);
  });

  it('turns grey and blurs', () => {
    const grey = base();
    toGrey(grey);
    expectClose(grey, golden.grey, close);
    expect(golden.blur).toHaveLength(3);
    for (const { sigma, pixels } of golden.blur) {
      expectClose(gaussianBlur(base(), 8, sigma), pixels, close, `sigma ${sigma}`);
    }
  });
});

describe('applyPlan', () => {
  it('is the picture itself for a whole crop at its own size', () => {
    const square = numberedPicture(9, 9);
    const crop = { x: 0, y: 0, width: 9, height: 9 };
    const view = applyPlan(square, { ...plain, crop }, 9);
    expectClose(
      view,
      Float32Array.from(square.data, (x) => x / 255),
    );
  });

  it('mirrors left and right, and twice is nothing', () => {
    const view = applyPlan(picture, plain, 8);
    const mirrored = applyPlan(picture, { ...plain, flip: true }, 8);
    const back = Float32Array.from(view, (_, i) => {
      const [row, column, c] = [Math.floor(i / 24), Math.floor(i / 3) % 8, i % 3];
      return mirrored[(row * 8 + 7 - column) * 3 + c] ?? 0;
    });
    expect(back).toEqual(view);
    expect(mirrored).not.toEqual(view);
  });

  it('jitters in the order of the plan', () => {
    const changes: ColourChange[] = [
      { kind: 'contrast', amount: 1.4 },
      { kind: 'brightness', amount: 1.3 },
    ];
    const forward = applyPlan(picture, { ...plain, operations: changes }, 8);
    const backward = applyPlan(picture, { ...plain, operations: changes.toReversed() }, 8);
    const byHand = base();
    for (const change of changes) changeColour(byHand, change);
    expect(forward).toEqual(byHand);
    expect(forward).not.toEqual(backward);
  });

  it('inverts the bright half after the blur', () => {
    const blurred = gaussianBlur(base(), 8, 0.7);
    const view = applyPlan(picture, { ...plain, sigma: 0.7, solarize: true }, 8);
    expect(view).toEqual(blurred.map((x) => (x < 0.5 ? x : 1 - x)));
    expect(view).not.toEqual(blurred);
  });

  it('leaves a flat picture flat, whatever crop and blur', () => {
    const flat = flatPicture(11, 7, [10, 200, 90]);
    const crop = { x: 1, y: 2, width: 9, height: 4 };
    for (const size of [1, 2, 5, 16]) {
      const view = applyPlan(flat, { ...plain, crop, sigma: 1.7 }, size);
      expectClose(
        view,
        Float32Array.from(view, (_, i) => ([10, 200, 90][i % 3] ?? 0) / 255),
      );
    }
  });

  it('never changes the source', () => {
    const before = picture.data.slice();
    applyPlan(picture, { ...plain, operations: [{ kind: 'hue', amount: 0.3 }], grey: true }, 8);
    expect(picture.data).toEqual(before);
  });

  it('refuses a crop outside the picture and a picture that is not RGB', () => {
    for (const crop of [
      { ...whole, x: 1 },
      { ...whole, height: 0 },
      { ...whole, y: -1 },
    ]) {
      expect(() => applyPlan(picture, { ...plain, crop }, 8)).toThrow(
        /applyPlan: crop must lie inside the 20x14 picture, got/,
      );
    }
    expect(() =>
      applyPlan({ ...picture, channels: 4, data: new Uint8Array(1120) }, plain, 8),
    ).toThrow(/must have 3 channels/);
  });
});
