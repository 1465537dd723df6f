import { prepareZXingModule, readBarcodes } from "../vendor/zxing-wasm/es/reader/index.js";

prepareZXingModule({
  overrides: { locateFile: (path) => new URL(`../vendor/zxing-wasm/reader/${path}`, import.meta.url).href },
  fireImmediately: true,
});

onmessage = async ({ data: { id, pixels, width, height, hard } }) => {
  try {
    const image = new ImageData(new Uint8ClampedArray(pixels), width, height);
    const options = { formats: ["QRCode"], tryHarder: true, tryInvert: false, tryDownscale: hard, maxNumberOfSymbols: 12 };
    const found = await readBarcodes(image, options);
    postMessage({ id, texts: found.filter(({ isValid }) => isValid).map(({ text }) => text) });
  } catch (error) {
    postMessage({ id, error: error instanceof Error ? error.name : "Error" });
  }
};
