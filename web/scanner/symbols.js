/** Text -> QR symbol as SVG, for a screen: alphanumeric, four modules of quiet zone. */

import { correction, generate, mode } from "../vendor/lean-qr/index.mjs";

const QUIET = 4; // modules
const SVG = "http://www.w3.org/2000/svg";

/** `level` is "L", "M" or "Q"; `name` is what it is called where nobody sees it. */
export function symbolSvg(text, level, name) {
  const code = generate(mode.alphaNumeric(text), { minCorrectionLevel: correction[level], maxCorrectionLevel: correction[level] });
  const side = code.size + 2 * QUIET;
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name);
  for (const [tag, attributes] of [["rect", { width: side, height: side, fill: "#fff" }], ["path", { d: path, fill: "#000" }]]) {
    const drawn = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => drawn.setAttribute(name, value));
    svg.append(drawn);
  }
  return svg;
}
