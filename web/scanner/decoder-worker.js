import { prepare, textsOf } from "./codes.js";

prepare({ locateFile: (name) => new URL(`../vendor/zxing-wasm/reader/${name}`, import.meta.url).href });

onmessage = async ({ data: { id, pixels, width, height, hard } }) => {
  try {
    postMessage({ id, texts: await textsOf(new ImageData(new Uint8ClampedArray(pixels), width, height), hard) });
  } catch (error) {
    postMessage({ id, error: error instanceof Error ? error.name : "Error" });
  }
};
