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

const LONGEST_SIDE = 2400; // pixels; a larger photo shows no more of a code that fills a fifth of it

/** The texts of the codes in a file: as it is, then smaller, larger and with more contrast. */
export async function textsOfFile(decoder, file) {
  const bitmap = await createImageBitmap(file);
  try {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    for (const [factor, filter] of [[1, "none"], [0.5, "none"], [1, "contrast(2)"], [1.6, "none"], [0.35, "blur(1px)"]]) {
      const texts = await decoder.texts(pixels(bitmap, scale * factor, filter), true);
      if (texts.length > 0) return texts;
    }
    return [];
  } finally {
    bitmap.close();
  }
}

function pixels(bitmap, scale, filter) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (filter !== "none" && "filter" in context) context.filter = filter;
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
