/** The back camera: frames to the decoder one after the other, with light, zoom and focus where the phone has them. */

const WIDTH = 1280; // pixels asked for: a code of 73 modules that fills half the picture has 4 to 8 a module
const PAUSE = 60; // milliseconds between frames

export class Camera {
  /**
   * `found(texts)` is called for every frame with codes in it, `tick(milliseconds)` after each frame, `failed()` where none can be read,
   * `ended()` where the camera is taken away: by its owner, or by another program.
   */
  constructor(video, decoder, { found, tick, failed = () => {}, ended = () => {} }) {
    Object.assign(this, { video, decoder, found, tick, failed, ended, stream: null, asked: null });
  }

  /** Start; rejects with a DOMException where there is no camera or it may not be used. Stopped before it was allowed, it stays off. */
  async start() {
    const asked = (this.asked = {});
    const wanted = { facingMode: { ideal: "environment" }, width: { ideal: WIDTH }, height: { ideal: (WIDTH * 3) / 4 } };
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    if (this.asked !== asked) return release(stream);
    this.stream = stream;
    [this.track] = stream.getVideoTracks();
    this.track.onended = () => this.ended(); // never by stop()
    this.video.srcObject = stream;
    await this.video.play();
    this.can = this.track.getCapabilities ? this.track.getCapabilities() : {};
    if (this.can.focusMode && this.can.focusMode.includes("continuous")) await this.set({ focusMode: "continuous" });
    this.canvas = document.createElement("canvas");
    this.look(stream);
  }

  get stopped() {
    return this.asked === null;
  }

  stop() {
    this.asked = null;
    if (this.stream) release(this.stream);
    this.stream = null;
    this.video.srcObject = null;
  }

  /** Light on or off. */
  torch(on) {
    return this.set({ torch: on });
  }

  zoom(value) {
    return this.set({ zoom: value });
  }

  /** Focus once more on what is in the middle. */
  async focus() {
    if (!this.can.focusMode) return;
    if (this.can.focusMode.includes("single-shot")) await this.set({ focusMode: "single-shot" });
    if (this.can.focusMode.includes("continuous")) await this.set({ focusMode: "continuous" });
  }

  async set(constraint) {
    try {
      await this.track.applyConstraints({ advanced: [constraint] });
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // a phone that says it can and can't
    }
  }

  async look(stream) {
    let frame = 0;
    while (this.stream === stream) {
      const { videoWidth: width, videoHeight: height } = this.video;
      if (width > 0) {
        const began = performance.now();
        const texts = await this.decoder.texts(this.frame(width, height, frame++ % 3 === 2 ? 0.5 : 1));
        if (this.stream !== stream) return;
        if (texts === null) return this.failed();
        this.tick(performance.now() - began);
        if (texts.length > 0) this.found(texts);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** The middle `share` of the picture; every third frame a close look, for a card held far away. */
  frame(width, height, share) {
    const [w, h] = [Math.round(width * share), Math.round(height * share)];
    this.canvas.width = w;
    this.canvas.height = h;
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.video, (width - w) / 2, (height - h) / 2, w, h, 0, 0, w, h);
    return context.getImageData(0, 0, w, h);
  }
}

function release(stream) {
  stream.getTracks().forEach((track) => track.stop());
}
