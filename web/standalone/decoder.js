/** The code reader in the page itself: a file may start no worker. */

import { prepare, textsOf } from "../scanner/codes.js";
import { wasm } from "./source.js";

export class Decoder {
  constructor() {
    prepare({ wasmBinary: wasm() });
  }

  texts(image, hard = false) {
    return textsOf(image, hard).catch(() => null); // as scanner/decoder.js where the code reader does not run
  }
}
