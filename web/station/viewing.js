/** A camera picture on the page: for the codes in it, or for one still. Started only when somebody asks for it. */

import { Camera } from "../scanner/camera.js";
import { h } from "../scanner/dom.js";

export class CameraView {
  /** `found(texts)` gets the codes that are seen. */
  constructor(desk, found) {
    this.desk = desk;
    this.video = h("video", { playsInline: true, muted: true, "aria-label": desk.page.say("camera") });
    this.hint = h("p", { role: "status", className: "hint" });
    this.view = h("div", {}, h("div", { className: "viewfinder", hidden: true }, this.video), this.hint);
    this.on = false;
    this.camera = new Camera(this.video, desk.decoder, { found, tick: () => {}, failed: () => this.failed("no_reader"), ended: () => this.failed("no_camera") });
  }

  /** Look; where there is no camera, or none is allowed, that is said. */
  async start() {
    if (this.on) return;
    this.on = true;
    this.hint.textContent = this.desk.page.say("hold_card");
    this.view.firstElementChild.hidden = false;
    try {
      await this.camera.start();
    } catch (error) {
      if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
      this.failed("no_camera");
    }
  }

  failed(why) {
    this.stop();
    this.view.firstElementChild.hidden = true;
    this.hint.textContent = this.desk.page.say(why);
  }

  stop() {
    this.on = false;
    this.camera.stop();
  }

  /** What the camera sees now, as a picture file; null where it sees nothing. */
  still() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return null;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }
}
