/** Pictures -> the texts of the codes in them, in a worker, so that the page never waits. */

export class Decoder {
  constructor() {
    this.waiting = new Map();
    this.asked = 0;
    this.begin();
  }

  begin() {
    this.worker = new Worker(new URL("decoder-worker.js", import.meta.url), { type: "module" });
    this.worker.onerror = () => this.fail();
    this.worker.onmessage = ({ data: { id, texts } }) => {
      if (texts === null) return this.fail();
      this.waiting.get(id)(texts);
      this.waiting.delete(id);
    };
  }

  /** Nothing waits for a worker that does not run; the next picture begins another. */
  fail() {
    this.worker.terminate();
    this.worker = null;
    this.waiting.forEach((resolve) => resolve(null));
    this.waiting.clear();
  }

  /**
   * The texts of every QR code in `image` (ImageData, whose pixels are given away), null where the code reader does not run; `hard` looks
   * longer, for a photo.
   */
  texts(image, hard = false) {
    if (!this.worker) this.begin();
    const id = ++this.asked;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.worker.postMessage({ id, pixels: image.data.buffer, width: image.width, height: image.height, hard }, [image.data.buffer]);
    });
  }
}
