/** A photo of a card, looked at in several ways. */

const LONGEST_SIDE = 2400; // pixels; a larger photo shows no more of a code that fills a fifth of it

/** The texts of the codes in a file that are `wanted`: as it is, then smaller, larger, with more contrast; null where none can be read. */
export async function textsOfFile(decoder, file, wanted) {
  const bitmap = await createImageBitmap(file);
  try {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    for (const [factor, filter] of [[1, "none"], [0.5, "none"], [1, "contrast(2)"], [1.6, "none"], [0.35, "blur(1px)"]]) {
      const found = await decoder.texts(pixels(bitmap, scale * factor, filter), true);
      if (found === null) return null;
      const texts = found.filter(wanted);
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
