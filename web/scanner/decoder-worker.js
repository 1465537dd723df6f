import { prepare, textsOf } from "./codes.js";

prepare({ locateFile: (name) => new URL(`../vendor/zxing-wasm/reader/${name}`, import.meta.url).href });

onmessage = async ({ data: { id, pixels, width, height, hard } }) => {
  try {
    postMessage({ id, texts: await textsOf(new ImageData(new Uint8ClampedArray(pixels), width, height), hard) });
  } catch {
    postMessage({ id, texts: null }); // its WebAssembly is not there
  }
};
