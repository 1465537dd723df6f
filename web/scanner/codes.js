/** Pixels -> the texts of the QR codes in them, by zxing-wasm. */

import { prepareZXingModule, readBarcodes } from "../vendor/zxing-wasm/es/reader/index.js";

const MOST = 12; // codes in one picture

/** Load the WebAssembly; `overrides` say from where. */
export function prepare(overrides) {
  prepareZXingModule({ overrides, fireImmediately: true });
}

/** The texts of every code in `image` (ImageData); `hard` looks longer, for a photo. */
export async function textsOf(image, hard) {
  const found = await readBarcodes(image, { formats: ["QRCode"], tryHarder: true, tryInvert: false, tryDownscale: hard, maxNumberOfSymbols: MOST });
  return found.filter(({ isValid }) => isValid).map(({ text }) => text);
}
