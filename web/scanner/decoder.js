/** Pictures -> the texts of the codes in them, in a worker, so that the page never waits. */

export class Decoder {
  constructor() {
    this.worker = new Worker(new URL("decoder-worker.js", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.asked = 0;
    this.worker.onmessage = ({ data }) => {
      const { resolve, reject } = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.error) reject(new Error(data.error));
      else resolve(data.texts);
    };
  }

  /** The texts of every QR code in `image` (ImageData, whose pixels are given away); `hard` looks longer, for a photo. */
  texts(image, hard = false) {
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, pixels: image.data.buffer, width: image.width, height: image.height, hard }, [image.data.buffer]);
    });
  }
}
